package nixeval_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

const flake = `{
  outputs = { self }: {
    hosts."web.example.org" = { port = 80; tags = [ "a" ]; broken = throw "no port"; };
    hosts."\${x} \"y\"".port = 81;
    hosts.db = {
      port = 5432;
      missing = self.nothing.here;
      deep = let f = n: 1 + f (n + 1); in f 0;
      function = x: x;
    };
    packages.x-y.hello.n = 1;
    package = { type = "derivation"; outPath = "/nix/store/00000000000000000000000000000000-x"; other = throw "no"; };
  };
}
`

// write makes a directory with these files and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEval(t *testing.T) {
	dir := write(t, map[string]string{"flake.nix": flake})
	ctx := context.Background()
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		names, err := nixeval.Eval[[]string](ctx, dir, nixeval.Attr("hosts").Names(), e)
		if err != nil || !slices.Equal(names, []string{`${x} "y"`, "db", "web.example.org"}) {
			t.Errorf("names: %q, %v", names, err)
		}
		for _, name := range names {
			if port, err := nixeval.Eval[int](ctx, dir, nixeval.Attr("hosts", name, "port"), e); err != nil ||
				port < 80 {
				t.Errorf("port of %s: %d, %v", name, port, err)
			}
		}
		if port, err := nixeval.Eval[int](ctx, dir+`#hosts."web.example.org"`, nixeval.Attr("port"), e); err != nil ||
			port != 80 {
			t.Errorf("below an output: %d, %v", port, err)
		}
		if path, err := nixeval.Eval[string](ctx, dir, nixeval.Attr("package"), e); err != nil ||
			!strings.HasPrefix(path, "/nix/store/") {
			t.Errorf("derivation: %q, %v", path, err)
		}
		_, err = nixeval.Eval[int](ctx, dir, nixeval.Attr("hosts", "dc", "port"), e)
		var failed *nixeval.Error
		if !errors.Is(err, nixeval.ErrMissing) || !errors.As(err, &failed) || failed.Hint != "did you mean db?" ||
			!strings.Contains(err.Error(), "no attribute hosts.dc") {
			t.Errorf("missing: %v", err)
		}
		_, err = nixeval.Eval[int](ctx, dir, nixeval.Attr("hosts", "web.example.org", "broken"), e)
		if at := position(err); !errors.Is(err, nixeval.ErrEvaluation) || at.File != "flake.nix" || at.Line != 3 {
			t.Errorf("throws: %v", err)
		}
		if frames := failed.Frames(); !errors.As(err, &failed) ||
			!slices.ContainsFunc(failed.Frames(), func(f nixeval.Frame) bool {
				return f.File == "flake.nix" && f.Line == 3 && f.Message != ""
			}) {
			t.Errorf("frames: %+v", frames)
		}
		// An attribute that another one lacks is no ErrMissing: it is not what was asked for.
		if _, err = nixeval.Eval[int](ctx, dir, nixeval.Attr("hosts", "db", "missing"), e); !errors.Is(err,
			nixeval.ErrEvaluation) {
			t.Errorf("missing inside: %v", err)
		}
		if _, err = nixeval.Eval[int](ctx, dir, nixeval.Attr("hosts", "db", "port").Names(), e); !errors.Is(err,
			nixeval.ErrEvaluation) || !strings.Contains(err.Error(), "is of type int") {
			t.Errorf("names of a number: %v", err)
		}
		if _, err = nixeval.Eval[string](ctx, dir, nixeval.Attr("hosts", "db", "port"), e); !errors.As(err,
			new(*json.UnmarshalTypeError)) {
			t.Errorf("another type: %v", err)
		}
		system := e
		system.System = "x-y"
		if n, err := nixeval.Eval[int](ctx, dir+"#hello", nixeval.Attr("n"), system); err != nil || n != 1 {
			t.Errorf("a package: %d, %v", n, err)
		}
		if n, err := nixeval.Apply[int](ctx, dir+"#hosts.db.port", "x: x + 1", nil, system); err != nil || n != 5433 {
			t.Errorf("no package: %d, %v", n, err)
		}
		if _, err := nixeval.Eval[int](ctx, dir+"#hello", nixeval.Attr("n"), e); !errors.Is(err, nixeval.ErrMissing) {
			t.Errorf("a package without a system: %v", err)
		}
		if _, err = nixeval.Eval[int](ctx, dir+"#hosts..db", nixeval.Attr(), e); !errors.Is(err, nixeval.ErrNoFlake) {
			t.Errorf("not a path: %v", err)
		}
	})
}

func position(err error) nixeval.Position {
	var failed *nixeval.Error
	if errors.As(err, &failed) {
		at, _ := failed.Position()
		return at
	}
	return nixeval.Position{}
}

func TestApply(t *testing.T) {
	dir := write(t, map[string]string{"flake.nix": flake})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		fn := "flake: { name }: flake.hosts.${name}.port + 1"
		for name, want := range map[string]int{"db": 5433, `${x} "y"`: 82} {
			if got, err := nixeval.Apply[int](t.Context(), dir, fn, map[string]string{"name": name}, e); err != nil ||
				got != want {
				t.Errorf("%s: %d, %v", name, got, err)
			}
		}
		if got, err := nixeval.Apply[[]string](t.Context(), dir+"#hosts.db", "builtins.attrNames", nil,
			e); err != nil || len(got) != 4 {
			t.Errorf("to an output: %v, %v", got, err)
		}
		for _, fn := range []string{"flake:\n {", "flake:\n 1 + \"x\""} {
			_, err := nixeval.Apply[int](t.Context(), dir, fn, nil, e)
			if at := position(err); !errors.Is(err, nixeval.ErrEvaluation) || at.File != "function.nix" || at.Line < 2 {
				t.Errorf("%q: %v", fn, err)
			}
		}
		values := `_: { d }: { set = { outPath = "/o"; drvPath = "/d"; "a \"b\"" = [ 1.5 null true { } [ ] ]; }; inherit d; drv = { type = "derivation"; outPath = "/p"; other = throw "no"; }; }`
		want := `{"d":{"x":[{"outPath":"y"}]},"drv":"/p","set":{"a \"b\"":[1.5,null,true,{},[]],"drvPath":"/d","outPath":"/o"}}`
		got, err := nixeval.Apply[json.RawMessage](t.Context(), dir, values,
			json.RawMessage(`{"d":{"x":[{"outPath":"y"}]}}`), e)
		if err != nil || string(got) != want {
			t.Errorf("values: %s, %v", got, err)
		}
		large := strings.Repeat("x", 200_000)
		if got, err := nixeval.Apply[int](t.Context(), dir, "_: builtins.stringLength", large, e); err != nil ||
			got != len(large) {
			t.Errorf("large arguments: %v, %v", got, err)
		}
	})
}

func TestPathText(t *testing.T) {
	var set flag.FlagSet
	var path nixeval.Path
	set.TextVar(&path, "attr", nixeval.Attr("a"), "")
	if err := set.Parse([]string{"-attr", `a."b.c"`}); err != nil ||
		!slices.Equal(path.Segments, []string{"a", "b.c"}) || path.String() != `a."b.c"` {
		t.Errorf("%q, %v", path.Segments, err)
	}
	if err := path.UnmarshalText([]byte("a..b")); err == nil {
		t.Error("a..b is a path")
	}
}

func TestFileAndExpr(t *testing.T) {
	dir := write(t, map[string]string{
		"default.nix": "{ a, system ? builtins.currentSystem }: { sum = a + import ./b.nix; inherit system; home = builtins.getEnv \"HOME\"; bad = throw \"no\"; }",
		"b.nix":       "41",
		"plain.nix":   "{ x = 7; }",
	})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		ctx, file := t.Context(), nixeval.File(dir, map[string]any{"a": 1})
		if got, err := nixeval.Eval[int](ctx, file, nixeval.Attr("sum"), e); err != nil || got != 42 {
			t.Errorf("file: %d, %v", got, err)
		}
		if got, err := nixeval.Eval[int](ctx, nixeval.File(filepath.Join(dir, "plain.nix"), nil), nixeval.Attr("x"),
			e); err != nil || got != 7 {
			t.Errorf("file without a function: %d, %v", got, err)
		}
		if got, err := nixeval.Eval[string](ctx, file, nixeval.Attr("home"), e); err != nil || got != "" {
			t.Errorf("the environment shows: %q, %v", got, err)
		}
		if _, err := nixeval.Eval[string](ctx, file, nixeval.Attr("system"), e); !errors.Is(err,
			nixeval.ErrEvaluation) {
			t.Errorf("impure by accident: %v", err)
		}
		with := nixeval.File(dir, map[string]any{"a": 1, "system": "riscv64-linux"})
		if got, err := nixeval.Eval[string](ctx, with, nixeval.Attr("system"), e); err != nil ||
			got != "riscv64-linux" {
			t.Errorf("the caller's system: %q, %v", got, err)
		}
		_, err := nixeval.Eval[int](ctx, file, nixeval.Attr("bad"), e)
		if at := position(err); at.File != "default.nix" || at.Line != 1 {
			t.Errorf("position in a file: %+v, %v", at, err)
		}
		if _, err := nixeval.Eval[int](ctx, nixeval.File(filepath.Join(dir, "none.nix"), nil), nixeval.Attr(),
			e); !errors.Is(err, nixeval.ErrNoFlake) {
			t.Errorf("no file: %v", err)
		}
		impure := e
		impure.Impure = true
		if got, err := nixeval.Eval[string](ctx, file, nixeval.Attr("home"), impure); err != nil ||
			got != os.Getenv("HOME") {
			t.Errorf("impure: %q, %v", got, err)
		}

		expr := nixeval.Expr("{ n }: { double = 2 * n; bad = throw \"no\"; }", map[string]any{"n": 21})
		if got, err := nixeval.Eval[int](ctx, expr, nixeval.Attr("double"), e); err != nil || got != 42 {
			t.Errorf("expression: %d, %v", got, err)
		}
		if got, err := nixeval.Apply[int](ctx, expr, "x: y: x.double + y", 1, e); err != nil || got != 43 {
			t.Errorf("function of an expression: %d, %v", got, err)
		}
		_, err = nixeval.Eval[int](ctx, expr, nixeval.Attr("bad"), e)
		if at := position(err); at.File != "expression.nix" {
			t.Errorf("position in an expression: %+v, %v", at, err)
		}
		if _, err := nixeval.Eval[any](ctx, nixeval.Expr("builtins.currentSystem", nil), nixeval.Attr(),
			e); !errors.Is(err, nixeval.ErrEvaluation) {
			t.Errorf("an expression is impure: %v", err)
		}
	})
}

// Files and expressions are kept as flakes are.
func TestFileAndExprAreKept(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		dir := write(t, map[string]string{"default.nix": "{ a }: a + import ./b.nix", "b.nix": "1"})
		e.CacheDir = t.TempDir()
		e.OnNotCached = func(reason string) { t.Error(reason) }
		processes := nixtest.Count(&e)
		ask := func(ref nixeval.Ref, want int, more int32) {
			t.Helper()
			before := processes.Load()
			if n, err := nixeval.Eval[int](t.Context(), ref, nixeval.Attr(), e); err != nil || n != want ||
				processes.Load() != before+more {
				t.Errorf("%d with %d processes, not %d with %d: %v", n, processes.Load()-before, want, more, err)
			}
		}
		time.Sleep(50 * time.Millisecond) // files that are too new are not trusted
		ask(nixeval.File(dir, map[string]int{"a": 1}), 2, 1)
		ask(nixeval.File(dir, map[string]int{"a": 1}), 2, 0)
		ask(nixeval.File(dir, map[string]int{"a": 2}), 3, 1)
		if err := os.WriteFile(filepath.Join(dir, "b.nix"), []byte("2"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		ask(nixeval.File(dir, map[string]int{"a": 1}), 3, 1)
		ask(nixeval.Expr("{ a }: a", map[string]int{"a": 1}), 1, 1)
		ask(nixeval.Expr("{ a }: a", map[string]int{"a": 1}), 1, 0)
		ask(nixeval.Expr("{ a }: a + 1", map[string]int{"a": 1}), 2, 1)
	})
}

func TestEach(t *testing.T) {
	dir := write(t, map[string]string{"flake.nix": flake})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		processes := nixtest.Count(&e)
		e.Jobs = 2
		paths := []nixeval.Path{
			nixeval.Attr("hosts", "db", "missing"), nixeval.Attr("hosts", "db", "deep"),
			nixeval.Attr("hosts", "db", "function"),
			nixeval.Attr("hosts", "web.example.org", "broken"), nixeval.Attr("hosts", "nobody"),
			nixeval.Attr("hosts", "db").Names(),
		}
		for range 20 {
			paths = append(paths, nixeval.Attr("hosts", "db", "port"), nixeval.Attr("hosts", `${x} "y"`, "port"))
		}
		seen := map[string]int{}
		for r, err := range nixeval.Each[any](t.Context(), dir, paths, e) {
			name := r.Path.String()
			switch {
			case err != nil:
				seen["error"]++
			}
			seen[name]++
			last := r.Path.Segments[len(r.Path.Segments)-1]
			wantErr := slices.Contains([]string{"missing", "deep", "function", "broken", "nobody"}, last)
			if wantErr != (err != nil) {
				t.Errorf("%s: %v, %v", name, r.Value, err)
			}
			if last == "broken" && !strings.Contains(err.Error(), "no port") {
				t.Errorf("another's error: %v", err)
			}
		}
		if seen["error"] != 5 || seen["hosts.db.port"] != 20 || len(seen) != 9 {
			t.Errorf("%v", slices.Sorted(maps.Keys(seen)))
		}
		// Four kill a process each, one of them perhaps twice, and 46 paths need at least six.
		if n := processes.Load(); n > 16 {
			t.Errorf("%d processes", n)
		}
	})
}

// What does not evaluate at all is asked about once by each process, not once for each path.
func TestEachOfABrokenFlake(t *testing.T) {
	dir := write(t,
		map[string]string{"flake.nix": "{ outputs = { self }: throw \"all\"; }", "default.nix": "throw \"all\""})
	flake, err := nixeval.ResolveRef(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []nixeval.Ref{flake, nixeval.File(dir, nil)} {
		e := nixtest.Evaluator(t)
		e.Jobs = 1
		processes := nixtest.Count(&e)
		failures := 0
		for _, err := range nixeval.Each[any](t.Context(), ref, slices.Repeat([]nixeval.Path{nixeval.Attr("a")}, 20),
			e) {
			if errors.Is(err, nixeval.ErrEvaluation) {
				failures++
			}
		}
		if failures != 20 || processes.Load() > 6 {
			t.Errorf("%d failures, %d processes", failures, processes.Load())
		}
	}
}

// A kept error is the same as the first: with its parts, its frames and its place.
func TestKeptErrorIsWhole(t *testing.T) {
	dir := write(t, map[string]string{"flake.nix": "{ outputs = _: { x = throw \"no\"; }; }"})
	fn := nixeval.Function{Name: "f.nix",
		Source: `flake: _: builtins.addErrorContext "nixeval-part ${builtins.toJSON [ "a" "b" ]}" flake.x`}
	ref, err := nixeval.ResolveRef(dir)
	if err != nil {
		t.Fatal(err)
	}
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		e.CacheDir = t.TempDir()
		processes := nixtest.Count(&e)
		var first string
		for range 3 {
			_, err := e.Apply(t.Context(), ref, fn, nil)
			var failed *nixeval.Error
			if !errors.As(err, &failed) {
				t.Fatal(err)
			}
			at, _ := failed.Position()
			text := fmt.Sprint(failed, failed.Parts, failed.Frames(), at)
			if first = cmp.Or(first, text); text != first || len(failed.Parts) != 1 || len(failed.Parts[0]) != 2 ||
				strings.Contains(text, "nixeval-part") {
				t.Errorf("%s\nthen %s", first, text)
			}
		}
		if n := processes.Load(); n > 2 {
			t.Errorf("%d processes", n)
		}
		e.Env = os.Environ()
		reason := ""
		e.OnNotCached = func(r string) { reason = r }
		if _, err := e.Apply(t.Context(), ref, fn, nil); err == nil || !strings.Contains(reason, "environment") {
			t.Errorf("kept, with an environment of its own: %v, %q", err, reason)
		}
	})
}

func TestEachIsLeftEarly(t *testing.T) {
	dir := write(t,
		map[string]string{"flake.nix": `{ outputs = _: { quick = 1; slow = builtins.foldl' (a: b: a + b) 0 (builtins.genList (i: i) 1000000000); }; }`})
	e := nixtest.Evaluator(t)
	e.Jobs, e.Grace = 2, 1
	paths := []nixeval.Path{nixeval.Attr("quick"), nixeval.Attr("slow"), nixeval.Attr("slow"), nixeval.Attr("slow")}
	for r, err := range nixeval.Each[int](t.Context(), dir, paths, e) {
		if err != nil || r.Value != 1 {
			t.Errorf("%v, %v", r, err)
		}
		break // the others would take longer than any test
	}
}

func TestVersion(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		v, err := e.Version(t.Context())
		if err != nil || v.Name != "Nix" || "nix-"+v.Number != nixes.Version(t, e.Nix) ||
			!strings.Contains(v.System, "-") {
			t.Errorf("%+v, %v", v, err)
		}
	})
	if _, err := (&nixeval.Evaluator{Nix: "/does/not/exist"}).Version(t.Context()); !errors.Is(err,
		nixeval.ErrNixNotFound) {
		t.Errorf("no program: %v", err)
	}
}

func TestConfiguration(t *testing.T) {
	dir := write(t, map[string]string{
		"flake.nix":     `{ inputs.data = { url = "path:./in"; flake = false; }; outputs = { self, data }: { x = 1; }; }`,
		"sub/flake.nix": `{ inputs.data = { url = "path:/none"; flake = false; }; outputs = inputs: { text = builtins.trace "hello" builtins.readFile (inputs.data + "/a"); }; }`,
		"other/a":       "text",
		"sub/x.nix":     "3",
		"impure.nix":    `builtins.getEnv "CHOSEN"`,
	})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		e.Dir = filepath.Join(dir, "sub")
		e.OverrideInputs = map[string]string{"data": "../other"}
		var log strings.Builder
		e.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		for _, ref := range []string{"", ".", "../sub", ".#text"} {
			attr := nixeval.Attr("text")
			if strings.Contains(ref, "#") {
				attr = nixeval.Attr()
			}
			if text, err := nixeval.Eval[string](t.Context(), ref, attr, e); err != nil || text != "text" {
				t.Errorf("%q in a directory: %q, %v", ref, text, err)
			}
		}
		if n, err := nixeval.Eval[int](t.Context(), nixeval.File("x.nix", nil), nixeval.Attr(), e); err != nil ||
			n != 3 {
			t.Errorf("a file in a directory: %d, %v", n, err)
		}
		for _, want := range []string{"level=INFO msg=hello", `level=DEBUG msg="run nix"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %s in the log:\n%s", want, log.String())
			}
		}
		e.Impure, e.Env = true, append(os.Environ(), "CHOSEN=yes")
		if text, err := nixeval.Eval[string](t.Context(), nixeval.File("../impure.nix", nil), nixeval.Attr(),
			e); err != nil || text != "yes" {
			t.Errorf("the environment: %q, %v", text, err)
		}
	})
}
