package nixlang

import (
	"slices"
	"testing"
)

func TestPaths(t *testing.T) {
	for text, want := range map[string][]string{
		"":                    nil,
		"a":                   {"a"},
		"a.b-c.d'":            {"a", "b-c", "d'"},
		`a."b.c".d`:           {"a", "b.c", "d"},
		`"a \"b\" \${x}\n\r"`: {"a \"b\" ${x}\n\r"},
		`"".a`:                {"", "a"},
		`"back\\slash"`:       {`back\slash`},
	} {
		got, err := ParsePath(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is read as %q, %v", text, got, err)
		}
		if PathString(got) != text {
			t.Errorf("%s is written as %s", text, PathString(got))
		}
	}
	got, err := ParsePath("a.<function body>.b")
	if err != nil || len(got) != 3 {
		t.Errorf("a function's result is read as %q, %v", got, err)
	}
	for _, text := range []string{".", "a.", ".a", "a..b", `"a`, `"a"b`, `"a".`, `"${a}"`, "${a}", "a b", `"a\`} {
		if got, err := ParsePath(text); err == nil {
			t.Errorf("%s is read as %q", text, got)
		}
	}
}

func FuzzPaths(f *testing.F) {
	f.Add("a.b", "${x}\"")
	f.Fuzz(func(t *testing.T, a, b string) {
		path := []string{a, b}
		if got, err := ParsePath(PathString(path)); err != nil || !slices.Equal(got, path) {
			t.Errorf("%q: %s comes back as %q, %v", path, PathString(path), got, err)
		}
	})
}
