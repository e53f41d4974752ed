package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// A finding's place is the flake's word: no line of a file outside of it is shown, and nothing is waited for.
func TestSourceLinesStayInside(t *testing.T) {
	root, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	err := errors.Join(
		os.WriteFile(secret, []byte("hunter2\n"), 0o600),
		os.WriteFile(filepath.Join(root, "flake.nix"), []byte("{\n  a = 1;\n}\n"), 0o600),
		os.Symlink(secret, filepath.Join(root, "link")),
		os.Symlink(filepath.Dir(secret), filepath.Join(root, "dir")),
		os.Symlink("flake.nix", filepath.Join(root, "same")),
		syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	source := &sourceTree{root: root, dir: root}
	for _, file := range []string{"flake.nix", "same", "./flake.nix", "x/../flake.nix"} {
		if line, ok := source.line(nixeval.Position{File: file, Line: 2}); file != "x/../flake.nix" &&
			(!ok || line != "  a = 1;") {
			t.Errorf("%s: %q, %v", file, line, ok)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, file := range []string{"link", "dir/secret", secret,
			"../" + filepath.Base(filepath.Dir(secret)) + "/secret", strings.Repeat("../", 20) + secret[1:], "pipe",
			"/dev/zero", "", ".", "\x00", "<in>/x"} {
			if line, ok := source.line(nixeval.Position{File: file, Line: 1}); ok {
				t.Errorf("%q shows %q", file, line)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for something")
	}
}
