package store_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/store"
)

// TestConflictElsewhere: what the check read must be as it was, wherever it is; nothing else matters.
func TestConflictElsewhere(t *testing.T) {
	appends := func(file string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			f, err := os.OpenFile(filepath.Join(dir, file), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
			must(t, err)
			_, err = f.WriteString("\n")
			must(t, err, f.Close())
		}
	}
	git := func(args ...string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { runGit(t, filepath.Join(dir, "flake"), args...) }
	}
	tests := []struct {
		name string
		edit func(t *testing.T, dir string)
		// in git, and where there is no git: the file that is named, or "" where nothing of it matters.
		git, plain string
	}{
		{"flake.nix", appends("flake/flake.nix"), "flake/flake.nix", "flake/flake.nix"},
		{"a file that is imported", appends("flake/inventory.nix"), "flake/inventory.nix", "flake/inventory.nix"},
		{"a file of an input in a directory", appends("services/borg.nix"), "services/borg.nix", "services/borg.nix"},
		{"a file that git does not track", appends("flake/untracked"), "", "flake/untracked"},
		{"a file that goes", func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "flake/modules/status-page.nix")))
		}, "flake/modules/status-page.nix", "flake/modules/status-page.nix"},
		{"an input that goes", func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "services"), filepath.Join(dir, "away")))
		}, "services", "services"},
		{"an executable bit", func(t *testing.T, dir string) {
			must(t, os.Chmod(filepath.Join(dir, "flake/flake.nix"), 0o755))
		}, "flake/flake.nix", "flake/flake.nix"},
		{"the same again", func(t *testing.T, dir string) {
			file := filepath.Join(dir, "flake/flake.nix")
			text, err := os.ReadFile(file)
			must(t, err, os.Remove(file), os.WriteFile(file, text, 0o644))
		}, "", ""},
		{"a file that another writer was killed at", appends("flake/.inventory.json.new"), "", ""},
		{"a file that comes to be tracked", git("add", "later"), "flake/later", "-"},
		{"a commit", git("commit", "--quiet", "--allow-empty", "-m", "x"), "", "-"},
		{"git's configuration", git("config", "core.autocrlf", "true"), "", "-"},
		{"git looks at its index", git("update-index", "--refresh"), "", "-"},
	}
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		for _, inGit := range []bool{true, false} {
			for _, test := range tests {
				want := test.plain
				if inGit {
					want = test.git
				}
				if want == "-" {
					continue
				}
				name := test.name
				if inGit {
					name += ", in git"
				}
				t.Run(name, func(t *testing.T) {
					dir := apart(t, inGit)
					s := open(t, filepath.Join(dir, "flake"), instance.Config{Evaluator: e})
					must(t, s.AddTags("attic", "a"))
					_, err := s.Preview(t.Context())
					must(t, err)
					test.edit(t, dir)
					_, err = s.Commit(t.Context(), store.CommitConfig{})
					_, notWritten := os.Stat(s.File())
					switch {
					case want == "" && (err != nil || notWritten != nil):
						t.Errorf("not written: %v", err)
					case want != "" && (!errors.Is(err, store.ErrConflict) ||
						!strings.HasPrefix(err.Error(), filepath.Join(dir, want)+" changed")):
						t.Errorf("it is %v", err)
					case want != "" && notWritten == nil:
						t.Error("it was written")
					}
					if want != "" { // whoever insists has said that the check does not count
						s.Force = true
						if _, err := s.Commit(t.Context(), store.CommitConfig{}); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
	})
}

// What is edited while Nix reads the clan is not what was read.
func TestConflictWhileItIsRead(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		for file, conflict := range map[string]bool{"inventory.nix": true, "inventory.json": true, "untracked": false} {
			dir := filepath.Join(apart(t, true), "flake")
			must(t, os.WriteFile(filepath.Join(dir, "inventory.json"), []byte("{}\n"), 0o644))
			runGit(t, dir, "add", "inventory.json")
			e.OnCommand = func([]string) {
				text, _ := os.ReadFile(filepath.Join(dir, file))
				must(t, os.WriteFile(filepath.Join(dir, file), append(text, '\n'), 0o644))
			}
			ref, err := nixeval.ResolveRef(dir)
			must(t, err)
			_, err = store.Open(t.Context(), ref, instance.Config{Evaluator: e})
			if errors.Is(err, store.ErrConflict) != conflict || !conflict && err != nil {
				t.Errorf("%s: it is %v", file, err)
			}
		}
	})
}

// apart is a copy of the example, as flake, with its services in a directory of their own.
func apart(t *testing.T, inGit bool) (dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	flake := filepath.Join(dir, "flake")
	must(t, err, os.CopyFS(flake, os.DirFS("../../examples/homelab")),
		os.Rename(filepath.Join(flake, "services"), filepath.Join(dir, "services")))
	text, err := os.ReadFile(filepath.Join(flake, "flake.nix"))
	must(t, err, os.WriteFile(filepath.Join(flake, "flake.nix"),
		[]byte(strings.ReplaceAll(string(text), "path:./services", "path:"+dir+"/services")), 0o644))
	if inGit {
		runGit(t, flake, "init", "--quiet")
		runGit(t, flake, "add", "--all")
		runGit(t, flake, "commit", "--quiet", "--message", "x")
		must(t, os.WriteFile(filepath.Join(flake, "later"), nil, 0o644))
	}
	return dir
}

func runGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	command := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %s", args, out)
	}
}
