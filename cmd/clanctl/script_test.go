package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/schematest"
)

// TestScript runs testdata/script against real Nix, once for each Nix that CLANCTL_TEST_NIX names (paths separated by
// colons; without it the nix of PATH).
func TestScript(t *testing.T) {
	programs := nixes.Programs(t)
	schemas := map[string]*jsonschema.Schema{}
	for _, name := range []string{"eval", "diff", "upgrade"} {
		schemas[name] = schematest.Strict(t, "../../docs/"+name+".schema.json")
	}
	fleet := filepath.Join(t.TempDir(), "fleet")
	top, err := filepath.Abs("../..")
	if err := errors.Join(err, build(fleet, "../../examples/fleet")); err != nil {
		t.Fatal(err)
	}
	for _, nix := range programs {
		// Scripts, and what they run, find this Nix in PATH.
		bin := t.TempDir()
		if err := errors.Join(os.Symlink(nix, filepath.Join(bin, "nix")),
			os.Symlink(fleet, filepath.Join(bin, "fleet"))); err != nil {
			t.Fatal(err)
		}
		t.Run(nixes.Version(t, nix), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata/script",
				RequireExplicitExec: true,
				UpdateScripts:       os.Getenv("UPDATE") != "",
				Setup: func(env *testscript.Env) error {
					env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
					env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
					// With the race detector a program would wait for a second before it exits.
					env.Setenv("GORACE", "atexit_sleep_ms=0")
					// Without a daemon, whoever is not root needs a store elsewhere.
					env.Setenv("GOCOVERDIR", os.Getenv("GOCOVERDIR"))
					env.Setenv("NIX_REMOTE", os.Getenv("NIX_REMOTE"))
					env.Setenv("TOP", top)
					env.Setenv("CLAN_CORE", os.Getenv("CLANCTL_CLAN_CORE"))
					env.Setenv("NIXPKGS_LIB", os.Getenv("CLANCTL_NIXPKGS_LIB"))
					env.Setenv("FLAKE_PARTS", os.Getenv("CLANCTL_FLAKE_PARTS"))
					env.Setenv("NL", "\n")
					// A clan found by searching upward must be the test's.
					env.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(env.WorkDir))
					if err := os.CopyFS(filepath.Join(env.WorkDir, "homelab"),
						os.DirFS(filepath.Join(top, "examples/homelab"))); err != nil {
						return err
					}
					return os.Mkdir(env.Getenv("HOME"), 0o700)
				},
				// [clan-core]: CLANCTL_CLAN_CORE, CLANCTL_NIXPKGS_LIB and CLANCTL_FLAKE_PARTS are the paths of these
				// flakes, and this Nix can read them. Without, scripts that need them say SKIP.
				Condition: func(name string) (bool, error) {
					if name != "clan-core" {
						return false, fmt.Errorf("unknown condition %q", name)
					}
					return os.Getenv("CLANCTL_CLAN_CORE") != "" && os.Getenv("CLANCTL_NIXPKGS_LIB") != "" &&
						os.Getenv("CLANCTL_FLAKE_PARTS") != "" && !strings.Contains(nixes.Version(t, nix), "2.8"), nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"exits":  exits,
					"within": within,
					"validate": func(ts *testscript.TestScript, neg bool, args []string) {
						validate(ts, schemas, neg, args)
					},
				},
			})
		})
	}
}

// exits runs a program and compares its exit code: exits CODE PROGRAM ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// within is exits with a limit in time: within DURATION CODE PROGRAM ARG...
func within(ts *testscript.TestScript, neg bool, args []string) {
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	start := time.Now()
	exits(ts, neg, args[1:])
	if took := time.Since(start); took > limit {
		ts.Fatalf("took %v, more than %v", took, limit)
	}
}

// validate checks a document: against the published schema, that all keys are in it and sorted, and that each finding's
// code is in the manual: validate FILE [SCHEMA], for docs/SCHEMA.schema.json.
func validate(ts *testscript.TestScript, schemas map[string]*jsonschema.Schema, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: validate FILE [SCHEMA]")
	}
	schema := schemas[append(args, "eval")[1]]
	if schema == nil {
		ts.Fatalf("there is no schema %s", args[1])
	}
	text := ts.ReadFile(args[0])
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	ts.Check(err)
	ts.Check(schema.Validate(doc))

	// encoding/json sorts the keys of maps.
	var sorted bytes.Buffer
	enc := json.NewEncoder(&sorted)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	ts.Check(enc.Encode(doc))
	if sorted.String() != text && !strings.Contains(text, `\u`) {
		ts.Fatalf("the document's keys are not sorted")
	}

	manual, err := os.ReadFile("../../docs/findings.md")
	ts.Check(err)
	findings := doc.(map[string]any)["findings"]
	if effects, ok := doc.(map[string]any)["effects"]; ok {
		all := []any{}
		for _, effect := range effects.([]any) {
			if finding, ok := effect.(map[string]any)["finding"]; ok {
				all = append(all, finding)
			}
		}
		findings = all
	}
	if sides, ok := findings.(map[string]any); ok {
		findings = append(sides["appeared"].([]any), sides["gone"].([]any)...)
	}
	for _, finding := range findings.([]any) {
		code := finding.(map[string]any)["code"].(string)
		if !strings.Contains(string(manual), "\n### "+code+"\n") {
			ts.Fatalf("docs/findings.md does not explain %s", code)
		}
	}
}
