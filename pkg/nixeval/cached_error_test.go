package nixeval

import (
	"errors"
	"strings"
	"testing"
)

// Errors of evaluation are kept, as they were, and no other ones.
func TestErrorsAreKept(t *testing.T) {
	kept := map[string]string{
		"throw": `throw "boo"`, "throw in a list": `[ { a = throw "boo"; } ]`, "assert": `assert 1 == 2; 3`,
		"attribute": `{ }.a`, "abort": `abort "boo"`,
		"recursion": `let x = x; in x`, "addition": `1 + "a"`, "argument": `({ a }: a) { }`,
		"arguments": `({ }: 1) { a = 1; }`, "call": `1 2`, "index": `builtins.elemAt [ ] 1`,
		"head": `builtins.head [ ]`, "coerce": `"${{ }}"`, "type": `builtins.concatStringsSep 1 2`, "division": `1 / 0`,
		"variable": `import ./undefined.nix`,
		"syntax":   `import ./syntax.nix`, "a function": `x: x`,
		"throw, beside a fetch":             `{ a = throw "boo"; b = builtins.readFile ./missing; }`,
		"a message that looks like another": `throw "unable to download 'x': connection refused"`,
	}
	passing := map[string]string{
		"a file that is not there": `builtins.readFile ./missing`, "an import of nothing": `import ./missing.nix`,
		"a fetch":   `builtins.fetchTarball { url = "http://127.0.0.1:1/x.tar.gz"; sha256 = "0000000000000000000000000000000000000000000000000000"; }`,
		"a build":   `import (derivation { name = "x"; builder = "/bin/sh"; system = "x86_64-linux"; })`,
		"too deep":  `let f = n: f (n + 1) + 1; in f 0`,
		"JSON":      `builtins.fromJSON "{"`, // of a library, with words of its own
		"no memory": `throw "out of memory"`, // as if
		"outside":   `builtins.readFile /etc/hostname`,
	}
	ask := func(w *world, name, expression string) (*Error, int) {
		w.write("flake/flake.nix", "{ outputs = { self }: { value = "+expression+"; }; }")
		w.write("flake/undefined.nix", "nowhere")
		w.write("flake/syntax.nix", "{")
		settle()
		w.runs, w.seen = 0, nil
		e := w.evaluator()
		var first *Error
		_, err := e.Apply(w.Context(), at(w.path("flake")), everythingOf, nil)
		if !errors.As(err, &first) {
			w.Fatalf("%s: %v", name, err)
		}
		if (len(w.seen) > 0) != (passing[name] != "") {
			w.Errorf("%s: not kept because %q", name, w.seen)
		}
		events := 0
		e.OnEvent = func(Event) { events++ }
		w.runs = 0
		var second *Error
		if _, err := e.Apply(w.Context(), at(w.path("flake")), everythingOf, nil); !errors.As(err, &second) {
			w.Fatalf("%s: %v", name, err)
		}
		if events == 0 {
			w.Errorf("%s: no events", name)
		}
		first.cause, second.cause = nil, nil
		if first.Error() != second.Error() || first.Trace != second.Trace || first.Hint != second.Hint ||
			!errors.Is(second, ErrEvaluation) {
			w.Errorf("%s: %s", name, differ(first, second))
		}
		a, okA := first.Position()
		b, okB := second.Position()
		if a != b || okA != okB {
			w.Errorf("%s: at %v, then at %v", name, a, b)
		}
		return second, w.runs
	}
	eachWorld(t, "kept", func(w *world) {
		for name, expression := range kept {
			if err, runs := ask(w, name, expression); runs != 0 {
				w.Errorf("%s: Nix ran again: %v", name, err)
			}
		}
		for name, expression := range passing {
			if err, runs := ask(w, name, expression); runs == 0 {
				w.Errorf("%s: Nix did not run again: %v", name, err)
			}
		}
		// With an input that nothing pins.
		stable(w, "other")
		w.write("flake/flake.nix",
			`{ inputs.other.url = "git+file://DIR/other?ref=stable"; outputs = { self, other }: { value = throw other.value; }; }`)
		settle()
		w.ask("a branch")
		moveStable(w, "other")
		if got, _ := w.ask("a branch that moved"); !strings.Contains(got, "two") {
			w.Errorf("stale: %s", got)
		}
		// A throw is kept with the tree, not without it.
		w.write("flake/flake.nix", `{ outputs = { self }: { value = throw (builtins.readFile ./value); }; }`)
		w.write("flake/value", "one")
		settle()
		w.ask("one")
		if _, runs := w.again(); runs != 0 {
			w.Error("it is not kept")
		}
		w.write("flake/value", "two")
		if got, _ := w.ask("edited"); !strings.Contains(got, "two") {
			w.Errorf("stale: %s", got)
		}
	})
}

var everythingOf = Function{Name: "value.nix", Source: "flake: _: flake.value"}

// again asks everything once more, with the cache only.
func (w *world) again() (string, int) {
	w.runs = 0
	result, err := w.evaluator().Apply(w.Context(), at(w.path("flake")), everything, nil)
	return outcome(result, err), w.runs
}
