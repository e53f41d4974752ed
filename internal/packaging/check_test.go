package packaging

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/programtest"
)

// TestCheckInSandbox builds the check of nix/check.nix with real Nix, in its sandbox: no network, and of the files that
// the clan's input was locked from nothing. In place of nixpkgs there is a builder of this system's own files
// (sandbox-paths), with the first Nix of the tests inside.
func TestCheckInSandbox(t *testing.T) {
	nix := nixes.Programs(t)[0]
	if runtime.GOOS != "linux" || nix != "/usr/bin/nix" {
		t.Skip("SKIP: the builder is made of a Linux system's files, with its own Nix")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "clanctl", "bin")
	if err := programtest.Build(filepath.Join(bin, "clanctl"), filepath.Join(top, "cmd", "clanctl")); err != nil {
		t.Fatal(err)
	}
	check, err := os.ReadFile(filepath.Join(top, "nix", "check.nix"))
	if err != nil {
		t.Fatal(err)
	}
	clan := filepath.Join(dir, "clan")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("deep/flake.nix", `{ outputs = _: { role = { }; }; }`)
	write("services/flake.nix",
		fmt.Sprintf(`{ inputs.deep.url = "path:%s/deep"; outputs = { self, deep }: { clan.modules.web.roles.default = deep.role; }; }`,
			dir))
	write("clan/check.nix", string(check))
	write("clan/pkgs.nix", `clanctl: rec {
		stdenv.hostPlatform.system = builtins.currentSystem or "x86_64-linux";
		runCommand = name: env: command: derivation (env // {
			inherit name; inherit (stdenv.hostPlatform) system; builder = "/bin/bash";
			PATH = "${clanctl}/bin:/usr/bin:/bin";
			# Bash itself ends last: touch closes its output first, and Nix kills a builder whose output has ended.
			args = [ "-e" "-c" "${command}\nexit" ];
		});
	}`)
	const flake = `{
		inputs.services.url = "path:DIR/services";
		inputs.deep.follows = "services/deep";
		outputs = { self, services, deep }@inputs: {
			inventory.machines.m = { };
			inventory.instances.web = { module.input = "services"; module.name = "MODULE"; roles.default.machines.m = { }; };
			checks.SYSTEM.clan =
				let clanctl = builtins.path { path = ./clanctl; name = "clanctl"; }; pkgs = import ./pkgs.nix clanctl;
				in import ./check.nix { inherit (pkgs) runCommand; inherit clanctl; } { src = self; inherit inputs; };
		};
	}`
	if err := os.CopyFS(filepath.Join(clan, "clanctl"), os.DirFS(filepath.Join(dir, "clanctl"))); err != nil {
		t.Fatal(err)
	}
	system := map[string]string{"amd64": "x86_64-linux", "arm64": "aarch64-linux"}[runtime.GOARCH]
	attempt := func(module string) (string, error) {
		write("clan/flake.nix", strings.NewReplacer("DIR", dir, "MODULE", module, "SYSTEM", system).Replace(flake))
		run(t, nix, "flake", "lock", "path:"+clan)
		cmd := exec.Command(nix, "--extra-experimental-features", "nix-command flakes", "--option", "substituters", "",
			"--option", "sandbox", "true",
			"--option", "sandbox-fallback", "false", "--option", "build-users-group", "", "--option", "sandbox-paths",
			"/bin /usr /lib /lib64?",
			"flake", "check", "--log-format", "raw-with-logs", "path:"+clan)
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "NIX_CONFIG=")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := attempt("web")
	// A container may forbid it, in one of many words.
	if err != nil && !strings.Contains(out, "checked") && !strings.Contains(out, "clanctl:") {
		t.Skipf("SKIP: this machine allows no sandbox:\n%s", out)
	}
	if err != nil || !strings.Contains(out, "checked 1 machine, 1 instance, 1 role, 1 member: nothing found") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Log(out)
	out, err = attempt("wib")
	if err == nil || !strings.Contains(out, `the input "services" offers no service "wib"`) ||
		!strings.Contains(out, `did you mean "web"?`) {
		t.Errorf("%v\n%s", err, out)
	}
	t.Log(out)
}
