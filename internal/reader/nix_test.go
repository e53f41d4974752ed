package reader

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// TestNix evaluates testdata/nix, all of it in one process: what each file of nix/ gives for literal values.
func TestNix(t *testing.T) {
	for _, nix := range nixes.Programs(t) {
		t.Run(nixes.Version(t, nix), func(t *testing.T) {
			eval := exec.Command(nix, "eval", "--json", "--extra-experimental-features", "nix-command", "--file",
				"testdata/nix")
			eval.Stderr = os.Stderr
			out, err := eval.Output()
			if err != nil {
				t.Fatal(err)
			}
			var files map[string]map[string]struct{ Got, Want any }
			if err := json.Unmarshal(out, &files); err != nil {
				t.Fatal(err)
			}
			entries, err := nixFiles.ReadDir("nix")
			if err != nil {
				t.Fatal(err)
			}
			if len(files) != len(entries) {
				t.Errorf("cases for %d of %d files", len(files), len(entries))
			}
			for file, cases := range files {
				for name, c := range cases {
					if diff := cmp.Diff(c.Want, c.Got); diff != "" {
						t.Errorf("%s, %s (-want +got):\n%s", file, name, diff)
					}
				}
			}
		})
	}
}
