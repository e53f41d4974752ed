package packaging

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// TestFlake evaluates all outputs for all systems, the way `nix flake check` does, with stand-ins for nixpkgs
// and gomod2nix (testdata), which are not there without a network. What nixpkgs makes of it, and that it
// builds, is not tested here.
func TestFlake(t *testing.T) {
	for _, nix := range nixes.Programs(t) {
		dir := checkout(t)
		check := []string{
			"flake", "check", "path:" + dir, "--no-build", "--offline", "--no-write-lock-file",
			"--override-input", "nixpkgs", "path:" + standIns(t) + "/nixpkgs",
			"--override-input", "gomod2nix", "path:" + standIns(t) + "/gomod2nix",
		}
		if help, _ := exec.Command(nix, "flake", "check", "--help").CombinedOutput(); strings.Contains(string(help),
			"--all-systems") {
			check = append(check, "--all-systems")
		}
		run(t, nix, check...)

		var got outputs
		evaluate(t, nix, dir, &got)
		names := []string{"clanctl", "clanctl-with-nix", "default"}
		checks := []string{"example", "lint", "package", "reader", "tests"}
		for _, system := range []string{"x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin"} {
			if diff := cmp.Diff(map[string][]string{"packages": names, "checks": checks, "apps": {"clanctl", "default"},
				"devShells": {"default"}}, got.Names[system]); diff != "" {
				t.Errorf("%s: outputs (-want +got):\n%s", system, diff)
			}
		}
		if !slices.Equal(got.Overlay, names[:2]) {
			t.Errorf("the overlay has %s", got.Overlay)
		}
		if makefile, err := os.ReadFile(filepath.Join(top, "Makefile")); err == nil &&
			!strings.Contains(string(makefile), "\nTAGS = -tags="+got.Tags+"\n") {
			t.Errorf("the Makefile does not build with the tags %s", got.Tags)
		}
		if !strings.HasSuffix(got.Hook, "/bin/clanctl check") ||
			!strings.Contains(got.Check, "clanctl check --flake ") || got.Part != "clan-check" {
			t.Errorf("hook %s, check %s, of flake-parts %s", got.Hook, got.Check, got.Part)
		}
		if got.Static != "0" ||
			!strings.Contains(got.Flags, "-X github.com/clanctl/clanctl/internal/cli.version="+got.Version) {
			t.Errorf("CGO_ENABLED=%s, ldflags %s", got.Static, got.Flags)
		}
		if !strings.Contains(got.Install, "installShellCompletion") ||
			!strings.Contains(got.Install, "installManPage") || strings.Contains(got.Install, "wrapProgram") {
			t.Errorf("clanctl is installed with %s", got.Install)
		}
		if !strings.Contains(got.Wrapped, "wrapProgram") || !strings.Contains(got.Wrapped, "-nix-1/bin") {
			t.Errorf("clanctl-with-nix is installed with %s", got.Wrapped)
		}
	}
}

// TestFlakeVersion: a commit whose changelog begins with a released version is that version.
func TestFlakeVersion(t *testing.T) {
	nix := nixes.Programs(t)[0]
	dir := checkout(t)
	path := filepath.Join(dir, "CHANGELOG.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, history, found := strings.Cut(string(text), "\n## ")
	if !found {
		t.Fatal("the changelog has no heading")
	}
	for heading, want := range map[string]string{"[Unreleased]": "0-unstable-", "[1.2.3] - 2030-01-02": "1.2.3"} {
		if err := os.WriteFile(path, []byte("# Changelog\n\n## "+heading+"\n\n## "+history), 0o644); err != nil {
			t.Fatal(err)
		}
		var got outputs
		evaluate(t, nix, dir, &got)
		if !strings.HasPrefix(got.Version, want) {
			t.Errorf("with the heading %s the version is %s", heading, got.Version)
		}
	}
}

// TestFlakeLock: Nix finds nothing to add to the lock file, and nothing in it that flake.nix does not ask for.
func TestFlakeLock(t *testing.T) {
	for _, nix := range nixes.Programs(t) {
		var got struct {
			Locks struct {
				Nodes map[string]struct {
					Locked struct{ NarHash, Rev string }
				}
			}
		}
		out := run(t, nix, "flake", "metadata", "path:"+checkout(t), "--json", "--offline", "--no-update-lock-file")
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for name, node := range got.Locks.Nodes {
			if name != "root" && (node.Locked.Rev == "" || node.Locked.NarHash == "") {
				t.Errorf("%s is not locked", name)
			}
		}
	}
}

type outputs struct {
	Names                                          map[string]map[string][]string
	Overlay                                        []string
	Version, Static, Tags, Flags, Install, Wrapped string
	Hook, Check, Part                              string
}

// evaluate asks for what the tests look at. The names are in Nix what they are in outputs.
func evaluate(t *testing.T, nix, dir string, into *outputs) {
	t.Helper()
	const question = `dir: standIns: let
		nixpkgsFlake = (import "${standIns}/nixpkgs/flake.nix").outputs { self = nixpkgsFlake; };
		self = (import "${dir}/flake.nix").outputs { inherit self; nixpkgs = nixpkgsFlake; gomod2nix = /. + standIns + "/gomod2nix"; };
		inherit (builtins) attrNames getAttr head map listToAttrs;
		systems = attrNames self.packages;
		kinds = [ "packages" "checks" "apps" "devShells" ];
		each = names: f: listToAttrs (map (name: { inherit name; value = f name; }) names);
		nixpkgs = nixpkgsFlake.legacyPackages.x86_64-linux;
		inherit (self.packages.x86_64-linux) clanctl clanctl-with-nix;
	in {
		Names = each systems (system: each kinds (kind: attrNames self.${kind}.${system}));
		Overlay = attrNames (self.overlays.default nixpkgs nixpkgs);
		Version = clanctl.version;
		Static = toString clanctl.attrs.CGO_ENABLED;
		Tags = toString clanctl.attrs.tags;
		Flags = toString clanctl.attrs.ldflags;
		Install = clanctl.attrs.postInstall;
		Wrapped = clanctl-with-nix.attrs.postInstall;
		Hook = (self.lib.gitHook nixpkgs).entry;
		Check = (self.lib.check { pkgs = nixpkgs; src = "${dir}/examples/homelab"; name = "mine"; flags = [ "--strict" ]; }).attrs.buildCommand;
		Part = ((self.flakeModules.default { inputs.self = "${dir}/examples/homelab"; }).perSystem { pkgs = nixpkgs; }).checks.clan.name;
	}`
	args := []string{"eval", "--json", "--offline", "--impure", "--expr",
		fmt.Sprintf("(%s) %q %q", question, dir, standIns(t))}
	out := run(t, nix, args...)
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatal(err)
	}
}

// standIns is where the stand-ins for the inputs are.
func standIns(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// checkout copies what the flake reads into a directory of its own.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"cmd", "conformance", "examples", "internal", "nix", "pkg"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(top, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"CHANGELOG.md", "flake.lock", "flake.nix", "go.mod", "go.sum", "gomod2nix.toml"} {
		text, err := os.ReadFile(filepath.Join(top, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
