package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Where inventory.json is written is the flake's word: it must be in the flake.
func TestInside(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	err := errors.Join(os.Mkdir(filepath.Join(root, "fleet"), 0o755), os.Symlink(elsewhere, filepath.Join(root, "out")),
		os.Symlink("fleet", filepath.Join(root, "in")),
		os.WriteFile(filepath.Join(root, "file"), nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{".": true, "fleet": true, "in": true, "out": false, "..": false,
		"fleet/../..": false, "nowhere": false, "file": false, elsewhere: false} {
		if got := inside(root, dir); got != want {
			t.Errorf("%s: %v", dir, got)
		}
	}
	if inside(filepath.Join(root, "nowhere"), ".") {
		t.Error("in a tree that is not there")
	}
}

// The same of a whole clan, in the form that clan-core gives it.
func TestPersistedStaysInside(t *testing.T) {
	elsewhere := t.TempDir()
	ref := nixtest.Flake(t, map[string]string{"flake.nix": `{ outputs = { self }: { clanInternals.inventoryClass = {
		inventory = { machines.a = { }; instances = { }; meta.name = "x"; tags = { }; };
		directory = "${self}/" + builtins.readFile ./where; }; }; }`, "fleet/x": "", "where": "fleet"})
	if err := os.Symlink(elsewhere, filepath.Join(ref.Root, "out")); err != nil {
		t.Fatal(err)
	}
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		for dir, want := range map[string]string{"fleet": filepath.Join(ref.Root, "fleet", facts.PersistedName),
			"out": "", "fleet/../../..": "", "nowhere": ""} {
			if err := os.WriteFile(filepath.Join(ref.Root, "where"), []byte(dir), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), ref, instance.Config{Evaluator: e})
			switch {
			case want == "" && (err == nil || !strings.Contains(err.Error(), "not in the flake's own source tree")):
				t.Errorf("%s: %v", dir, err)
			case want != "" && (s == nil || s.File() != want):
				t.Errorf("%s: %v, %v", dir, s, err)
			}
		}
	})
}
