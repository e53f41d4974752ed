package scaffold

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/clanctl/clanctl/internal/hint"
)

func TestWrite(t *testing.T) {
	flake := t.TempDir()
	m, err := Write(flake, "@me/backup")
	if err != nil || m.Dir != "modules/backup" || len(m.Files) != 2 || m.Attribute() != `"@me/backup"` {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, file := range m.Files {
		if text, err := os.ReadFile(filepath.Join(flake, file)); err != nil || len(text) == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := Write(flake, "backup"); err == nil ||
		err.Error() != "modules/backup exists already; nothing was written" {
		t.Errorf("again: %v", err)
	}
	for _, name := range []string{"", "..", "a/b", "../x", "@me/../x", "a b", "1st", "@/x", "x\n"} {
		var bad *hint.Error
		if _, err := Write(flake, name); !errors.As(err, &bad) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A link that somebody put into the flake leads no writer out of it.
func TestWriteStaysInside(t *testing.T) {
	flake, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(flake, "modules")); err != nil {
		t.Fatal(err)
	}
	if m, err := Write(flake, "backup"); err == nil {
		t.Errorf("written: %+v", m)
	}
	if entries, _ := os.ReadDir(elsewhere); len(entries) > 0 {
		t.Errorf("outside of the flake is %v", entries)
	}
	if _, err := Write(filepath.Join(flake, "nowhere"), "backup"); err == nil {
		t.Error("written to a flake that is not there")
	}
}
