package nixlang

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// Where attributes stand, Nix knows: each that is found must be there.
func TestBindingsAreWhereNixSays(t *testing.T) {
	const places = `let
  walk = path: v: if builtins.isAttrs v then builtins.concatLists (map (n: let p = builtins.unsafeGetAttrPos n v; in
    [ { path = path ++ [ n ]; line = p.line or 0; column = p.column or 0; } ] ++ walk (path ++ [ n ]) v.${n}) (builtins.attrNames v)) else [ ];
  value = import (builtins.getEnv "FILE");
in walk [ ] (if builtins.isFunction value then value { a = 1; } else value)`
	for i, c := range []struct {
		text  string
		found int // how many attributes are found
	}{
		{"{ }", 0},
		{"{ a = 1; b.c.d = 2;\n  b.c.e = \"x;}\"; }", 5},
		{"# top\n{ a, ... }: {\n\tx.y = { z = 1; \"q r\".s = [ { t = 1; } ]; };\n}", 5},
		{"{ a, ... }@args: rec { x = let y = 1; z = { u = 2; }; in y; w = with { v = 1; }; assert true; v; last = 3; }",
			3},
		{"args@{ a, b ? { c = 1; }, ... }: { x = a; }", 1},
		{"args: { x = ''a ''${b} ''' ${toString 1} ; }''; y.\"z\" = \"\\\"${\"}\"}$\"; n = \"$${\"; last = 1; }", 5},
		{"{ ${\"dyn\"}.x = 1; a.${\"dyn\"} = { q = 1; }; b = { c = 1; } // { d = 2; }; }", 2},
		{"{ inherit (builtins) length; inherit ({ p = 1; }) p; a = { x = 1; }; a.y = 2; }", 3},
		{"let x = 1; in { a = x; }", 1},
		{"{ a = if true then { b = 1; } else { }; c = (x: x) { d = 1; }; e = /* ; */ 1; /* } */ f = -1; g = 1 < 2; h = a: a; i = {x}: x; }",
			7},
		{"{ a.let' = 1; b = { \"let\" = 1; }; c = { \"in\" = 2; }.\"in\"; d = ./x; }", 6},
		{"{ a = 1; }.a", 0},
		{"{ a = 1;", 0},
		{"{\r\n a = 1; }", 0},
	} {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.nix", i))
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		got := Bindings([]byte(c.text), false)
		if len(got) != c.found {
			t.Errorf("%s: found %d, not %d: %v", c.text, len(got), c.found, got)
		}
		if c.found == 0 {
			continue
		}
		for _, nix := range nixes.Programs(t) {
			cmd := exec.Command(nix, "eval", "--impure", "--json", "--extra-experimental-features", "nix-command",
				"--expr", places)
			cmd.Env = append(os.Environ(), "FILE="+file)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v: %s", c.text, err, err.(*exec.ExitError).Stderr)
			}
			var all []struct {
				Path         []string
				Line, Column int
			}
			if err := json.Unmarshal(out, &all); err != nil {
				t.Fatal(err)
			}
			known := map[string]Place{}
			for _, at := range all {
				known[strings.Join(at.Path, "\x00")] = Place{at.Line, at.Column}
			}
			for path, at := range got {
				if known[path] != at {
					t.Errorf("%s, %s: %q is at %v, not %v", nix, c.text, path, known[path], at)
				}
			}
		}
	}
}

// In JSON, keys are read as such, and half a text has none.
func TestBindingsInJSON(t *testing.T) {
	text := "{\r\n  \"a\": { \"b\": -1.5e3,\n    \"d\\\"\\u00e9${x}\": [ { \"f\": 1 } ] },\n  \"g\": \"# a\", \"g\": {}\n}\n"
	want := map[string]Place{"a": {2, 3}, "a\x00b": {2, 10}, "a\x00d\"é${x}": {3, 5}, "g": {4, 3}}
	if got := Bindings([]byte(text), true); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i := range len(text) - 4 {
		if got := Bindings([]byte(text[:i]), true); len(got) > 0 {
			t.Errorf("%q has %v", text[:i], got)
		}
	}
}

func FuzzBindings(f *testing.F) {
	for _, seed := range []string{"{ a.b = { c = ''x''; }; }", "{ x, ... }@y: rec { a = \"${b}\"; }",
		"{ a = let b = 1; in b; }"} {
		f.Add([]byte(seed))
	}
	f.Add([]byte(`{"a": {"b": [1, "c"]}, "d": "e\\"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		json := bytes.HasPrefix(text, []byte(`{"`))
		for path, at := range Bindings(text, json) {
			if at.Line < 1 || at.Column < 1 {
				t.Errorf("%q is at %v", path, at)
			}
		}
		_, bound := Read(text, json)
		for i, b := range bound {
			if len(b.Path) == 0 || b.Path[0].Start != i || b.Value < b.Path[len(b.Path)-1].End ||
				b.ValueEnd < b.Value || b.End < b.ValueEnd || b.End > len(text) {
				t.Errorf("at %d: %+v", i, b)
			}
			for _, n := range NamesIn(text, b.Value, b.ValueEnd, json) {
				if n.Start < b.Value || n.End > b.ValueEnd || n.End <= n.Start {
					t.Errorf("at %d: %+v in %+v", i, n, b)
				}
			}
		}
	})
}

// A binding is found where its path begins, with its value, wherever it stands.
func TestRead(t *testing.T) {
	for _, test := range []struct{ text, at, path, value, end string }{
		{`{ a.b."c d" = { x = ";"; }; e = 1; }`, "a.b", "a b c d", `{ x = ";"; }`, " e = 1; }"},
		{"{ a = let b = 1; in with c; d ; }", "a", "a", "let b = 1; in with c; d", " }"},
		{"{ a = let b = 1; in with c; d ; }", "b", "b", "1", " in with c; d ; }"},
		{"f [ (mkIf x { a = 1 /* ; */ ; }) ]", "a", "a", "1", " }) ]"},
		{"{ a.${b}.c = 1; # x\n }", "a", "a  c", "1", " # x\n }"},
		{"{\r\n  a = ''\r\n ; ''; }", "a", "a", "''\r\n ; ''", " }"},
		{`{"a": {"b": 1}, "c": 2}`, `"a"`, "a", `{"b": 1}`, ` "c": 2}`},
		{`{"a": {"b": 1} }`, `"b"`, "b", "1", "} }"},
		{`{"a": {"b": 1} }`, `"a"`, "a", `{"b": 1}`, " }"},
		{`{"a": "x,y${"}`, `"a"`, "a", `"x,y${"`, "}"},
	} {
		_, bound := Read([]byte(test.text), test.text[1] == '"')
		b, ok := bound[strings.Index(test.text, test.at)]
		path := strings.Join(Texts(b.Path), " ")
		if !ok || path != test.path || test.text[b.Value:b.ValueEnd] != test.value || test.text[b.End:] != test.end {
			t.Errorf("%s: %v %q %q %q", test.text, ok, path, test.text[b.Value:b.ValueEnd], test.text[b.End:])
		}
	}
	for _, text := range []string{"", "a", "a =", "a = 1", "a == 1;", "= 1;", "{ = 1; }", `"a`, `"a": `, `"a": [1`,
		"a = ];", "inherit a;", "{ a = 1 }", "{ a = 1", "{ a ? 1 }: a"} {
		if _, b := Read([]byte(text), false); len(b) > 0 {
			t.Errorf("%q: %+v", text, b)
		}
	}
}

// JSON has no names without quotes, and no paths of them.
func TestBindingsOfJSON(t *testing.T) {
	for text, want := range map[string]int{
		`{"a": {"b": 1}}`: 2, `{"a": "${", "b": "''"}`: 2, `{"$${": "\"$"}`: 1, "{b: 1}": 0, `{"a"."b": 1}`: 0, `{"a": 1`: 0,
	} {
		if got := Bindings([]byte(text), true); len(got) != want {
			t.Errorf("%s: found %v, not %d", text, got, want)
		}
	}
}
