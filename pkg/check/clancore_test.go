package check

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// TestEveryFindingOfClanCore is TestEveryFinding for what takes clan-core, the first that CLANCTL_CLAN_CORE names; the
// environment is that of the tests in conformance.
func TestEveryFindingOfClanCore(t *testing.T) {
	core, evaluator, inputs := realClanCore(t)
	compare(t, evaluator, "testdata/clan-core", findings, func(dir string) {
		writeClan(t, dir, core, inputs, "./clan.nix")
	})
	t.Run("modules", func(t *testing.T) {
		compare(t, evaluator, "testdata/modules", moduleFindings, func(dir string) {
			writeClan(t, dir, core, inputs, `{ meta.name = "m"; meta.domain = "m"; modules = import ./modules.nix; }`)
		})
	})
}

// realClanCore is the first clan-core that CLANCTL_CLAN_CORE names, with what evaluates clans on it and the names of
// its inputs.
func realClanCore(t *testing.T) (core string, evaluator nixeval.Evaluator, inputs []string) {
	t.Helper()
	core, _, _ = strings.Cut(os.Getenv("CLANCTL_CLAN_CORE"), ",")
	if core == "" {
		t.Skip("SKIP: CLANCTL_CLAN_CORE names no clan-core")
	}
	evaluator = nixeval.Evaluator{Nix: os.Getenv("CLANCTL_NIX"), Offline: os.Getenv("CLANCTL_OFFLINE") != "",
		ProgramDir: t.TempDir()}
	return core, evaluator, inputsOf(t, evaluator, core)
}

// writeClan writes the flake of a clan that consists of a module. Of clan-core's inputs just these matter to evaluating
// services.
func writeClan(t *testing.T, dir, core string, inputs []string, module string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "inputs/a"), 0o755); err != nil {
		t.Fatal(err)
	}
	flake := "{ inputs = {\n"
	flake += fmt.Sprintf("  clan-core.url = %q;\n  a.url = %q;\n", core, "path:"+filepath.Join(dir, "inputs/a"))
	if _, err := os.Stat(filepath.Join(dir, "inputs/a-b")); err == nil {
		flake += fmt.Sprintf("  a-b.url = %q;\n", "path:"+filepath.Join(dir, "inputs/a-b"))
	} else if err := os.WriteFile(filepath.Join(dir, "inputs/a/flake.nix"), []byte("{ outputs = _: { }; }"),
		0o644); err != nil {
		t.Fatal(err)
	}
	for input, from := range map[string]string{"nixpkgs": os.Getenv("CLANCTL_NIXPKGS_LIB"),
		"flake-parts": os.Getenv("CLANCTL_FLAKE_PARTS")} {
		if from != "" {
			flake += fmt.Sprintf("  %s.url = %q;\n  clan-core.inputs.%s.follows = %q;\n", input, from, input, input)
		}
	}
	if os.Getenv("CLANCTL_NIXPKGS_LIB") != "" && os.Getenv("CLANCTL_FLAKE_PARTS") != "" {
		flake += "  flake-parts.inputs.nixpkgs-lib.follows = \"nixpkgs\";\n"
	}
	for _, input := range inputs {
		if input != "nixpkgs" && input != "flake-parts" {
			flake += fmt.Sprintf("  clan-core.inputs.%s.follows = \"a\";\n", input)
		}
	}
	flake += `}; outputs = { self, clan-core, ... }: { clan = (clan-core.lib.clan {
		inherit self;
		imports = [ ` + module + ` { checks.minNixpkgsVersion.ignore = true; } ];
	}).config; }; }`
	if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(flake), 0o644); err != nil {
		t.Fatal(err)
	}
}

// inputsOf are the names of a flake's inputs.
func inputsOf(t *testing.T, e nixeval.Evaluator, ref string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	nix := e.Nix
	if nix == "" {
		nix = "nix"
	}
	args := []string{"--extra-experimental-features", "nix-command flakes", "flake", "metadata", "--json", ref}
	if e.Offline {
		args = append(args, "--offline")
	}
	out, err := exec.CommandContext(ctx, nix, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", shell.Join(append([]string{nix}, args...)), err)
	}
	var metadata struct {
		Locks struct {
			Nodes map[string]struct{ Inputs map[string]any }
			Root  string
		}
	}
	if err := json.Unmarshal(out, &metadata); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range metadata.Locks.Nodes[metadata.Locks.Root].Inputs {
		names = append(names, name)
	}
	return names
}
