package instance

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

func tree(t *testing.T, text string) any {
	t.Helper()
	values, err := parseAnswer([]byte(`{"schema":1,"values":[`+text+`]}`), 1)
	if err != nil {
		t.Fatal(err)
	}
	return values[0]
}

func TestPrune(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		holes          []string
	}{
		{"whole", `{"a":1,"b":[true,null,1.5]}`, `{"a":1,"b":[true,null,1.5]}`, nil},
		{"a leaf", `{"a":{"b":{"$clanctl":"throws"},"c":2}}`, `{"a":{"c":2}}`, []string{"a.b"}},
		{"a list that lacks an element is missing", `{"l":[1,{"$clanctl":"throws"}],"x":[{"y":{"$clanctl":"throws"},"z":1}]}`, `{"x":[{"z":1}]}`, []string{"l.1", "x.0.y"}},
		{"a user's set that looks like a mark", `{"s":{"$clanctl":"set","value":{"$clanctl":"throws","k":{"$clanctl":"throws"}}}}`, `{"s":{"$clanctl":"throws"}}`, []string{"s.k"}},
		{"everything", `{"$clanctl":"throws"}`, ``, []string{""}},
	} {
		var holes []string
		got, keep := prune(tree(t, c.in), nil, nil, func(h hole) { holes = append(holes, strings.Join(h.user, ".")) })
		text := ""
		if keep {
			b, _ := json.Marshal(got)
			text = string(b)
		}
		if diff := cmp.Diff(c.want, text); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if diff := cmp.Diff(c.holes, holes); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// The path of a hole is what the reader selects it by, also inside a set that looks like a mark.
func TestHolePath(t *testing.T) {
	var path []string
	prune(tree(t, `{"s":{"$clanctl":"set","value":{"k":{"$clanctl":"throws"}}}}`), []string{"x"}, nil, func(h hole) { path = h.path })
	if diff := cmp.Diff([]string{"x", "s", "value", "k"}, path); diff != "" {
		t.Error(diff)
	}
}

func TestParseAnswerChecksTheSchema(t *testing.T) {
	for _, text := range []string{`{"schema":2,"values":[1]}`, `{"schema":1,"values":[]}`, `{"values":[1]}`, `[`, ``} {
		if _, err := parseAnswer([]byte(text), 1); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestMerge(t *testing.T) {
	for _, c := range []struct{ a, b, want, conflict string }{
		{`{"a":1,"s":{"x":1}}`, `{"b":2,"s":{"y":2}}`, `{"a":1,"b":2,"s":{"x":1,"y":2}}`, ""},
		{`{"l":[1]}`, `{"l":[2]}`, `{"l":[1,2]}`, ""},
		{`{"a":1}`, `{"a":1}`, `{"a":1}`, ""},
		{`{"s":{"a":1,"b":0}}`, `{"s":{"a":2}}`, `{"s":{"b":0}}`, "s.a"},
		{`{"a":[1]}`, `{"a":{"b":1}}`, `{}`, "a"},
	} {
		var conflict string
		m := merger{conflict: func(path []string, _, _ any) { conflict = strings.Join(path, ".") }}
		got, _ := m.merge(nil, tree(t, c.a), tree(t, c.b))
		text, _ := json.Marshal(got)
		if string(text) != c.want || conflict != c.conflict {
			t.Errorf("%s + %s = %s, conflict %q; want %s, %q", c.a, c.b, text, conflict, c.want, c.conflict)
		}
	}
}

func TestJSONPositions(t *testing.T) {
	text := "{\n  \"a\": { \"b\": \"c\",\n    \"d\\\"e\": [ { \"f\": 1 } ] },\n  \"g\": \"a\"\n}\n"
	found := map[string]Position{}
	jsonPositions([]byte(text), found)
	want := map[string]Position{
		"a": {Line: 2, Column: 3}, "a\x00b": {Line: 2, Column: 10}, "a\x00d\"e": {Line: 3, Column: 5},
		"a\x00d\"e\x000\x00f": {Line: 3, Column: 17}, "g": {Line: 4, Column: 3},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	// What is no JSON has the positions that come before the fault, and never panics.
	for i := range text {
		jsonPositions([]byte(text[:i]), map[string]Position{})
	}
}

func TestOptionPath(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"a", "b-c", "_d'"}, "a.b-c._d'"},
		{[]string{"with.dot", `q"uote`, "${x}", `back\slash`, "new\nline", ""}, `"with.dot"."q\"uote"."\${x}"."back\\slash"."new\nline".""`},
	} {
		if got := optionPath(c.names...); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if diff := cmp.Diff(c.names, splitOptionPath(c.want)); diff != "" {
			t.Errorf("%s does not read back: %s", c.want, diff)
		}
	}
}

func TestUserTerms(t *testing.T) {
	core := "clan-core"
	l := &loader{inv: &Inventory{Instances: map[string]*Instance{
		"b": {Module: Module{Input: &core, Name: "borgbackup"}},
		"s": {Module: Module{Name: "sshd"}},
	}}}
	for in, want := range map[string]string{
		"The option `clan-core-borgbackup.instances.b.roles.client' is":     "The option `inventory.instances.b.roles.client' is",
		"The option `\"<clan-core>-sshd\".instances.s.roles' is":            "The option `inventory.instances.s.roles' is",
		"The option `self-sshd.instances.s.roles' is":                       "The option `inventory.instances.s.roles' is",
		"- In `Via clan.service module: instances.b.roles.client.settings'": "- In `inventory.instances.b.roles.client.settings'",
		"nothing of ours\n": "nothing of ours",
	} {
		if got := l.userTerms(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// testNixes are the Nix programs to test with: those of CLANCTL_TEST_NIX, separated by colons, or the one in PATH.
func testNixes(t *testing.T) []string {
	t.Helper()
	if list := os.Getenv("CLANCTL_TEST_NIX"); list != "" {
		return strings.Split(list, ":")
	}
	return []string{"nix"}
}

// eachNix runs a test with every Nix there is.
func eachNix(t *testing.T, test func(t *testing.T, e nixeval.Evaluator)) {
	for i, nix := range testNixes(t) {
		t.Run(fmt.Sprintf("nix%d", i), func(t *testing.T) {
			test(t, nixeval.Evaluator{Nix: nix, Offline: true, ProgramDir: t.TempDir()})
		})
	}
}

// flake writes the files of a flake and returns its reference.
func flake(t *testing.T, files map[string]string) string {
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
	return "path:" + dir
}

func TestReaderAlone(t *testing.T) {
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		ref := flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory = {
			machines.m.tags = [ "t" ];
			instances.i.roles.r.tags = [ "t" ];
			instances.i.roles.r.settings = { f = x: x; p = ./flake.nix; d = { type = "derivation"; name = "hello"; drvPath = throw "no"; };
				bad = throw "no"; "$clanctl" = 1; };
		}; }; }`})
		ask := func(q string) (string, error) {
			result, err := e.Apply(t.Context(), ref, reader, json.RawMessage(q))
			if err != nil {
				return "", err
			}
			return strings.TrimSpace(string(result.Value)), nil
		}
		got, err := ask(`{"schema":1,"select":[["instances","i","roles","r","settings"],["machines"],["nowhere"]]}`)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Values [3]any }
		if err := json.Unmarshal([]byte(got), &answer); err != nil {
			t.Fatal(err)
		}
		value := answer.Values[0].(map[string]any)["0"].(map[string]any)["value"].(map[string]any)["value"].(map[string]any)
		path := value["p"].(string)
		delete(value, "p")
		if !strings.HasSuffix(path, "-source/flake.nix") {
			t.Errorf("a path became %q", path)
		}
		want := map[string]any{"f": map[string]any{"$function": true}, "d": map[string]any{"$derivation": "hello"},
			"bad": map[string]any{"$clanctl": "throws"}, "$clanctl": 1.0}
		if diff := cmp.Diff(want, value); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]any{"$clanctl": "absent"}, answer.Values[2]); diff != "" {
			t.Error(diff)
		}
		if got, err := ask(`{"schema":1,"select":[["machines"],["instanceNames"]],"outline":true}`); err != nil || got != `{"schema":1,"values":[["m"],null]}` {
			t.Errorf("outline: %s, %v", got, err)
		}
		if _, err := ask(`{"schema":1,"select":[["instances","i","roles","r","settings"]],"strict":true}`); !errors.Is(err, nixeval.ErrEvaluation) || !strings.Contains(err.Error(), "no") {
			t.Errorf("strict: %v", err)
		}
		if _, err := ask(`{"schema":99,"select":[]}`); err == nil || !strings.Contains(err.Error(), "asked for 99") {
			t.Errorf("another schema: %v", err)
		}
	})
}
