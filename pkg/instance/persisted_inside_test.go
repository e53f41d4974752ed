package instance

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Where inventory.json is written is the flake's word: it must be in the flake.
func TestInside(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	err := errors.Join(os.Mkdir(filepath.Join(root, "fleet"), 0o755), os.Symlink(elsewhere, filepath.Join(root, "out")), os.Symlink("fleet", filepath.Join(root, "in")),
		os.WriteFile(filepath.Join(root, "file"), nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{".": true, "fleet": true, "in": true, "out": false, "..": false, "fleet/../..": false, "nowhere": false, "file": false, elsewhere: false} {
		if got := inside(root, dir); got != want {
			t.Errorf("%s: %v", dir, got)
		}
	}
	if inside(filepath.Join(root, "nowhere"), ".") {
		t.Error("in a tree that is not there")
	}
}
