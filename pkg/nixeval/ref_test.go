package nixeval

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// A reference means what it means to Nix itself, in the same directory, or is an error.
func TestReferencesMeanWhatNixMeans(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	// The flakes say which state of which file they are of.
	const flake = `{ outputs = { self }: { says = builtins.readFile ./value + " " + (self.rev or "dirty"); }; }`
	w := &world{T: t, dir: dir}
	state := func(name string) {
		for _, at := range []string{"repo/", "repo/sub/", "plain/"} {
			w.write(at+"flake.nix", flake)
			w.write(at+"value", at+name)
		}
	}
	state("first")
	w.commit("repo")
	first := w.git("repo", "rev-parse", "HEAD")
	w.git("repo", "branch", "stable")
	state("second")
	w.commit("repo")
	w.git("repo", "tag", "v1")
	state("edited")
	for _, nix := range nixes.Programs(t) {
		e := &Evaluator{Nix: nix, Offline: true, ProgramDir: t.TempDir()}
		for _, c := range []struct{ in, ref, want string }{
			{"repo", "", "repo/edited dirty"}, {"repo", ".", "repo/edited dirty"},
			{"repo", "./sub", "repo/sub/edited dirty"}, {"repo/sub", ".", "repo/sub/edited dirty"},
			{"repo", ".?ref=stable", "repo/first " + first}, {"repo", ".?rev=" + first, "repo/first " + first},
			{"repo", ".?ref=stable&rev=" + first, "repo/first " + first},
			{"repo/sub", ".?ref=stable", "repo/sub/first " + first},
			{"repo", "./sub?ref=stable", "repo/sub/first " + first},
			{"repo", "./sub?rev=" + first, "repo/sub/first " + first}, {"", "./repo?ref=stable", "repo/first " + first},
			{"repo", ".?shallow=1", "repo/edited dirty"}, {"repo", ".?submodules=1", "repo/edited dirty"},
			{"repo", ".?dir=sub", "repo/sub/edited dirty"},
			{"repo", ".?dir=sub&ref=stable", "repo/sub/first " + first},
			{"repo", dir + "/repo?ref=stable", "repo/first " + first},
			{"", "git+file://" + dir + "/repo?ref=stable", "repo/first " + first},
			{"", "git+file:./repo?ref=stable", "repo/first " + first}, {"", "git+file:./repo", "repo/edited dirty"},
			{"plain", ".", "plain/edited dirty"}, {"plain", "path:.", "plain/edited dirty"},
			{"repo", "path:./sub", "repo/sub/edited dirty"},
			{"repo", ".?ref=nowhere", "error"}, {"repo", ".?rev=" + strings.Repeat("0", 40), "error"},
			{"repo", ".?rev=HEAD", "error"},
			{"plain", ".?ref=stable", "error"}, {"repo", ".?ref=%zz", "error"},
			{"repo", "./nowhere?ref=stable", "error"},
		} {
			t.Chdir(filepath.Join(dir, c.in))
			got := "error"
			if result, err := e.Apply(t.Context(), at(c.ref), Function{Name: "says.nix", Source: "flake: _: flake.says"},
				nil); err == nil {
				_ = json.Unmarshal(result.Value, &got)
			}
			if got != c.want {
				t.Errorf("%s: in %q, %q is %q, want %q", nix, c.in, c.ref, got, c.want)
			}
			out, err := exec.Command(nix, "--extra-experimental-features", "nix-command flakes", "--offline", "eval",
				"--raw", c.ref+"#says").Output()
			// Nix 2.8 knows no relative URL and no `dir` for a path, and leaves out the parameters of one that is in no
			// repository.
			if own := string(out); err == nil && own != got && got != "error" {
				t.Errorf("%s: in %q, %q is %q to Nix, and %q to us", nix, c.in, c.ref, own, got)
			} else if err != nil && c.want == "error" && got != "error" {
				t.Errorf("%s: in %q, %q is an error to Nix, and %q to us", nix, c.in, c.ref, got)
			}
		}
	}
}

// An override that is a path is completed as Nix does it: with its parameters, and without a search upward.
func TestOverrideRef(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	if err := errors.Join(os.MkdirAll(dir+"/repo/.git", 0o755), os.MkdirAll(dir+"/repo/in", 0o755),
		os.MkdirAll(dir+"/plain?x", 0o755), os.WriteFile(dir+"/repo/flake.nix", nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	got := map[string]string{}
	want := map[string]string{
		"./repo": "git+file://" + dir + "/repo", "./repo/in": "git+file://" + dir + "/repo?dir=in",
		"./repo?ref=f":        "git+file://" + dir + "/repo?ref=f",
		"./repo/in?ref=f":     "git+file://" + dir + "/repo?dir=in&ref=f",
		"./repo?dir=in&rev=1": "git+file://" + dir + "/repo?dir=in&rev=1",
		"./plain?x":           "path:" + dir + "/plain%3Fx", "path:./a?b=c": "path:" + dir + "/a?b=c",
		"git+file:./repo?ref=f": "git+file://" + dir + "/repo?ref=f",
		"git+file:///a?ref=f":   "git+file:///a?ref=f", "github:a/b": "github:a/b", "nixpkgs": "nixpkgs",
	}
	for ref := range want {
		got[ref] = absoluteRef(ref)
	}
	if diff := differ(want, got); diff != "" {
		t.Error(diff)
	}
}
