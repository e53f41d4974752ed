package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/shell"
)

// environment is what the caller asks for.
type environment struct {
	clanCores  []string
	nixpkgsLib string
	flakeParts string
	nix        string
	offline    bool
}

func newEnvironment() environment {
	env := environment{
		clanCores:  list("CLANCTL_CLAN_CORE"),
		nixpkgsLib: os.Getenv("CLANCTL_NIXPKGS_LIB"),
		flakeParts: os.Getenv("CLANCTL_FLAKE_PARTS"),
		nix:        os.Getenv("CLANCTL_NIX"),
		offline:    os.Getenv("CLANCTL_OFFLINE") != "",
	}
	if env.nix == "" {
		env.nix = "nix"
	}
	return env
}

// list reads a variable that holds values separated by commas or line ends.
func list(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(r rune) bool { return r == ',' || r == '\n' })
}

// run asks Nix for JSON, plainly: nothing of clanctl is involved.
func (env environment) run(t *testing.T, into any, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := env.command(ctx, append(args, "--json", "--no-write-lock-file")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s\n%w\n%s", shell.Join(cmd.Args), err, stderr.String())
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.UseNumber()
	return dec.Decode(into)
}

func (env environment) command(ctx context.Context, args ...string) *exec.Cmd {
	before := []string{"--extra-experimental-features", "nix-command flakes"}
	if env.offline {
		before = append(before, "--offline")
	}
	return exec.CommandContext(ctx, env.nix, append(before, args...)...)
}

// clanCore is one clan-core that cases are written for.
type clanCore struct {
	environment
	url     string
	stubbed []string
	// features by name, as features.nix finds them; features.json is the same for the cases' own code.
	features map[string]bool
	// name is what can be told of its age.
	name string
}

func newClanCore(t *testing.T, env environment, ref string) *clanCore {
	t.Helper()
	var meta struct {
		Path         string
		Revision     string
		LastModified int64
		Locks        struct {
			Nodes map[string]struct{ Inputs map[string]any }
			Root  string
		}
	}
	if err := env.run(t, &meta, "flake", "metadata", ref); err != nil {
		t.Fatal(err)
	}
	c := &clanCore{environment: env, url: "path:" + meta.Path, name: ref}
	if meta.Revision != "" {
		c.name = fmt.Sprintf("%s of %s", meta.Revision, time.Unix(meta.LastModified, 0).UTC().Format(time.DateOnly))
	}
	for input := range meta.Locks.Nodes[meta.Locks.Root].Inputs {
		if input != "nixpkgs" && input != "flake-parts" {
			c.stubbed = append(c.stubbed, input)
		}
	}
	slices.Sort(c.stubbed)

	dir := t.TempDir()
	c.write(t, dir, "features")
	check(t, c.ask(t, "path:"+dir+"#features"))
	return c
}

// ask finds out which features there are. What tryEval cannot catch means no, too, and so each is asked for alone.
func (c *clanCore) ask(t *testing.T, features string) error {
	var names []string
	if err := c.run(t, &names, "eval", features, "--apply", "builtins.attrNames"); err != nil {
		return err
	}
	c.features = map[string]bool{}
	has := make([]bool, len(names))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, name := range names {
		group.Go(func() error {
			_ = c.run(t, &has[i], "eval", features+"."+name)
			return nil
		})
	}
	_ = group.Wait()
	for i, name := range names {
		c.features[name] = has[i]
	}
	return nil
}

var flakeTemplate = template.Must(template.New("flake.nix.tmpl").
	Funcs(template.FuncMap{"nix": nixlang.Quote}).ParseFiles("testdata/flake.nix.tmpl"))

// write makes a flake of what cases share; outputs names the file that makes its outputs.
func (c *clanCore) write(t *testing.T, dir, outputs string) {
	t.Helper()
	for from, to := range map[string]string{"common": "", "services": "services", "stub": "stub"} {
		check(t, os.CopyFS(filepath.Join(dir, to), os.DirFS(filepath.Join("testdata", from))))
	}
	features, err := json.Marshal(c.features)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "features.json"), features, 0o600))

	inputs := map[string]string{}
	entries, _ := os.ReadDir(filepath.Join(dir, "inputs"))
	for _, entry := range entries {
		inputs[entry.Name()] = "path:" + filepath.Join(dir, "inputs", entry.Name())
	}
	var flake bytes.Buffer
	check(t, flakeTemplate.Execute(&flake, map[string]any{
		"Stub": "path:" + filepath.Join(dir, "stub"), "NixpkgsLib": c.nixpkgsLib, "FlakeParts": c.flakeParts,
		"ClanCore": c.url, "Stubbed": c.stubbed, "Inputs": inputs, "Outputs": outputs,
	}))
	check(t, os.WriteFile(filepath.Join(dir, "flake.nix"), flake.Bytes(), 0o600))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
