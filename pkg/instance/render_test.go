package instance

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

func TestRender(t *testing.T) {
	healthy := strings.Replace(plainClan, "instances.lost.module.input = \"nowhere\";", "", 1)
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		ref := flake(t, map[string]string{"flake.nix": healthy})
		e.CacheDir = filepath.Join(t.TempDir(), "cache")
		time.Sleep(100 * time.Millisecond) // what was only just written is not trusted
		rendered := 0
		ask := func(name, ref string) (string, bool) {
			t.Helper()
			var out bytes.Buffer
			inv, err := Render(t.Context(), ref, Config{Evaluator: e}, name, &out, func(w io.Writer, inv *Inventory) error {
				rendered++
				_, err := fmt.Fprintf(w, "%s %d machines", name, len(inv.Machines))
				return err
			})
			if err != nil && inv == nil {
				t.Fatal(err)
			}
			return out.String(), inv == nil
		}
		for _, c := range []struct {
			name, want string
			kept       bool
		}{
			{"a", "a 3 machines", false}, {"a", "a 3 machines", true}, {"b", "b 3 machines", false}, {"b", "b 3 machines", true}, {"", " 3 machines", false}, {"", " 3 machines", false},
		} {
			if got, kept := ask(c.name, ref); got != c.want || kept != c.kept {
				t.Errorf("%s: got %q, kept %v", c.name, got, kept)
			}
		}
		file := filepath.Join(strings.TrimPrefix(ref, "path:"), "flake.nix")
		if err := os.WriteFile(file, []byte(strings.Replace(healthy, "machines.box = { };", "machines.box = { }; machines.new = { };", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, kept := ask("a", ref); got != "a 4 machines" || kept {
			t.Errorf("after an edit: %q, kept %v", got, kept)
		}
		if rendered != 5 {
			t.Errorf("rendered %d times, want 5", rendered)
		}
		// What is not complete is said again each time.
		broken := flake(t, map[string]string{"flake.nix": plainClan})
		time.Sleep(100 * time.Millisecond)
		for range 2 {
			if _, kept := ask("a", broken); kept {
				t.Error("the text of a clan with failures was kept")
			}
		}
	})
}
