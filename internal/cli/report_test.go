package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// A page that is watched is written anew when what it shows changes, also when that is just where a setting is written;
// while the clan does not evaluate it stays.
func TestReportWatch(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, nix := range nixes.Programs(t)[:1] {
		top := t.TempDir()
		clan, page := filepath.Join(top, "clan"), filepath.Join(top, "clan.html")
		write := func(text string) {
			t.Helper()
			if err := os.MkdirAll(clan, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(clan, "flake.nix"),
				[]byte("{ outputs = _: { inventory = "+text+"; }; }"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		contains := func(text string) {
			t.Helper()
			var now []byte
			for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
				if now, _ = os.ReadFile(page); strings.Contains(string(now), text) {
					return
				}
			}
			t.Fatalf("the page does not say %s", text)
		}
		write("{ machines.m = { }; instances.i.roles.r.machines.m.settings = { k = 1; }; }")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var stderr seen
		ended := make(chan int, 1)
		go func() {
			ended <- Run(ctx, []string{"clanctl", "report", "--watch", "--out", page, "--flake", clan, "--nix", nix},
				&bytes.Buffer{}, &stderr)
		}()
		contains(`"k":"k","v":1`)
		contains(`data-live`)
		write("{ machines.m = { }; instances.i.roles.r.machines.m.settings = { k = 2; }; }")
		contains(`"k":"k","v":2`)
		stderr.await(t, "the clan changed")
		write("{ machines.m = { }; instances.i.roles.r.machines.m.settings = {\n\nk = 2; }; }")
		contains(`"p":[0,3,1],"v":2`)
		write("{ machines.m = ")
		stderr.await(t, "the clan does not evaluate")
		contains(`"p":[0,3,1],"v":2`)
		write("{ machines.m = { }; instances.i.roles.r.machines.m.settings = { k = 3; }; }")
		contains(`"k":"k","v":3`)
		cancel()
		if code := <-ended; code != exitInterrupted {
			t.Errorf("exit code %d", code)
		}
		if left, _ := filepath.Glob(filepath.Join(top, ".*html*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
