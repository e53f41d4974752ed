package instance

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func TestWatch(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		e.CacheDir = ""
		ref := nixtest.Flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory.machines.one = { }; }; }`})
		half := filepath.Join(t.TempDir(), "flake.nix") // no state is read that is half written
		write := func(text string) {
			if err := errors.Join(os.WriteFile(half, []byte(text), 0o644),
				os.Rename(half, filepath.Join(ref.Dir, "flake.nix"))); err != nil {
				t.Error(err)
			}
		}
		// Each step is what a pair must say, and the edit that makes the next one.
		steps := []struct {
			want string
			edit string
		}{
			{"one", `{ outputs = _: { inventory.machines.two = { }; }; }`},
			// says the same, and is no pair; see OnCommand
			{"two", `{ outputs = _: { inventory.machines = { two = { }; }; }; }`},
			{"syntax error", `{ outputs = _: { inventory.machines.three = { }; }; }`},
			{"three", ""},
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		n, loads := 0, 0
		e.OnCommand = func([]string) {
			if loads++; loads == 3 {
				// Late enough for the pair that must not be; a machine that is too busy for it sees less, and fails
				// not.
				time.AfterFunc(time.Second, func() { write(`{ outputs = _: { inventory.machines.two = { `) })
			}
		}
		for inv, err := range Watch(ctx, ref, Config{Evaluator: e}) {
			got := ""
			if inv != nil {
				for name := range inv.Machines {
					got = name
				}
			} else {
				got = err.Error()
			}
			if n == len(steps) {
				t.Fatalf("a pair after the watch was stopped: %s", got)
			}
			if !strings.Contains(got, steps[n].want) {
				t.Fatalf("pair %d is %s, not %s", n, got, steps[n].want)
			}
			if edit := steps[n].edit; edit != "" {
				write(edit)
			} else {
				stop() // ends the loop, too
			}
			n++
		}
		if n != len(steps) {
			t.Errorf("%d pairs", n)
		}
		for inv, err := range Watch(t.Context(), ref, Config{Evaluator: e}) {
			if inv == nil || err != nil {
				t.Error(err)
			}
			break // which ends the watch
		}
	})
}

// What no edit helps is one pair.
func TestWatchThatCannotBe(t *testing.T) {
	local := nixtest.Flake(t, map[string]string{"flake.nix": `{ outputs = _: { }; }`})
	for name, test := range map[string]struct {
		ref  Ref
		nix  string
		want error
	}{
		"elsewhere": {ref: Ref{Text: "github:ada/clan", URL: "github:ada/clan"}},
		"no nix":    {ref: local, nix: "/nowhere/nix", want: nixeval.ErrNixNotFound},
	} {
		n := 0
		for inv, err := range Watch(t.Context(), test.ref, Config{Evaluator: nixeval.Evaluator{Nix: test.nix}}) {
			if n++; inv != nil || err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%s: %v, %v", name, inv, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d pairs", name, n)
		}
	}
}
