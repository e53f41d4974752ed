package nixlang

import (
	"strings"
	"testing"
)

// What is around a place can be told in texts that do not parse. The place is where the bar is.
func TestCursorAt(t *testing.T) {
	kinds := map[CursorKind]string{CursorNowhere: "nowhere", CursorName: "name", CursorValue: "value", CursorElement: "element"}
	for _, test := range []struct {
		text, want string // the kind, the path, and what is at the place
	}{
		{"{ a = { | }; }", "name a <>"},
		{"{ a.b = { c.| }; }", "name a.b.c <>"},
		{"{ a = { c.d|e", "name a.c <de>"},
		{"{ a = { c.\"d|e\" = 1; }; }", `name a.c <"de">`},
		{"{ a = { c.\"d|e = 1;\n x = \"\"; }; }", `name a.c <"d>`},
		{"{ x = 1\n  a.|\n }", "name a <>"},
		{"{ x = \"y\"\n  a|\n }", "name  <a>"},
		{"{ x = { }\n  |\n }", "name  <>"},
		{"{ x = f\n  |\n }", "nowhere"}, // an argument
		{"{ x = f a|\n }", "nowhere"},
		{"{ a = |; }", "value a <>"},
		{"{ a.b = tr|; }", "value a.b <tr>"},
		{"{ a = \"x|y\"; }", `value a <"xy">`},
		{"{ a = \"x|\n b = 1; }", `value a <"x>`},
		{"{ a = \"${x|}\"; }", "nowhere"},
		{"{ a = ''x|''; }", "nowhere"},
		{"{ a = 1; # x|\n }", "nowhere"},
		{"{ a = 1; /* | */ }", "nowhere"},
		{"{ a = [ \"x\" | ]; }", "element a <> x"},
		{"{ a = [ \"x\" | \"y\" ]; }", "element a <> x y"},
		{"{ a = [ \"x\" \"y| ]; }", `element a <"y> x`},
		{"{ a = [ \"x\" y| ; b = 1; }", "element a <y> x"},
		{"{ a = f [ | ]; }", "nowhere"},
		{"{ a = b // { | }; }", "name  <>"},
		{"{ a = let c = { | }; in c; }", "name c <>"},
		{"{ a = let c = 1; in { | }; }", "name a <>"},
		{"{ a = with x; { b.| }; }", "name a.b <>"},
		{"{ a = x: { | }; }", "name a <>"},
		{"{ a, ... }@args: let x = 1; in rec { b.| }", "name b <>"},
		{"{ a, | }: { }", "name  <>"},
		{"f { a = { | } }", "name a <>"},
		{"{ a = (x { b.| }); }", "name b <>"},
		{"{ a = [ { b = { | }; } ]; }", "name b <>"},
		{"{ a = { b = [ \"x\"; }; c.| }", "name c <>"},
		{"{ a = { b = ( }; c.| }", "name c <>"},
		{"{ inherit (x) a|; }", "nowhere"},
		{"{ ${x}.b = { | }; }", "name .b <>"},
		{"{ a = if x then \"y|\" else \"z\"; }", "nowhere"},
		{"|", "nowhere"},
	} {
		check := func(text string, json bool, want string) {
			at := strings.Index(text, "|")
			text = text[:at] + text[at+1:]
			c := CursorAt([]byte(text), at, json)
			got := kinds[c.Kind]
			if c.Kind != CursorNowhere {
				got += " " + strings.Join(textsOf(c.Path), ".") + " <" + text[c.Start:c.End] + ">"
			}
			if c.Kind == CursorElement {
				got = strings.TrimSuffix(got+" "+strings.Join(textsOf(c.Elements), " "), " ")
			}
			if got != want {
				t.Errorf("%s at %d: got %s, want %s", text, at, got, want)
			}
		}
		check(test.text, false, test.want)
	}
	for _, test := range []struct{ text, want string }{
		{`{"a": {"b": [1, {"c": {}}], "d|`, `name a <"d>`},
		{`{"a": {"b": | }}`, "value a.b <>"},
		{`{"a": {"b": tr|ue }}`, "value a.b <true>"},
		{`{"a": {"b": ["x", "|"]}}`, `element a.b <""> x`},
		{`{"a": {"b": 1}, |}`, `name  <>`},
		{`{"a": {"b": 1, "c": {"x|"}}}`, `name a.c <"x">`},
	} {
		at := strings.Index(test.text, "|")
		text := test.text[:at] + test.text[at+1:]
		c := CursorAt([]byte(text), at, true)
		got := strings.TrimSuffix(kinds[c.Kind]+" "+strings.Join(textsOf(c.Path), ".")+" <"+text[c.Start:c.End]+"> "+
			strings.Join(textsOf(c.Elements), " "), " ")
		if got != test.want {
			t.Errorf("%s at %d: got %s, want %s", text, at, got, test.want)
		}
	}
}

func textsOf(names []Name) []string {
	var all []string
	for _, n := range names {
		all = append(all, n.Text)
	}
	return all
}

// What stands in a set is told wherever the place in it is.
func TestAround(t *testing.T) {
	text := "{ a = { b.c = 1; d = { }; | e = \"x\"; f.g = \"y\"; }; h = 2; }"
	at := strings.Index(text, "|")
	c := CursorAt([]byte(strings.Replace(text, "|", "", 1)), at, false)
	if len(c.Around) != 2 || c.Around[0].Depth != 1 || c.Around[1].Depth != 0 || len(c.Around[0].Attrs) != 4 ||
		len(c.Around[1].Attrs) != 2 {
		t.Fatalf("%+v", c)
	}
	if text, ok := c.Around[1].Lookup("a", "f", "g"); !ok || text != "y" {
		t.Errorf("got %q", text)
	}
	if _, ok := c.Around[1].Lookup("a", "b", "c"); ok {
		t.Error("a number is no string")
	}
}

// Whatever the text is, what is said of it is in it, and every place can be asked about.
func FuzzCursorAt(f *testing.F) {
	for _, seed := range []string{
		"{ a = { b.c = [ \"x\" ]; }; }", "{ lib, ... }@args: let x = { y = 1; }; in { a = x // { b = ''z''; }; inherit (x) y; }",
		"{ a = with b; if c == d then { } else [ (e { f = 1; }) ]; g = \"${h.i}\"; }", "{ a = \"", "{ a = ''", "{ a.${", "}}))]]", "let let in in",
	} {
		f.Add([]byte(seed), 5, false)
	}
	f.Add([]byte(`{"a": {"b": [1, "c"]}, "d": "e\\"}`), 9, true)
	f.Fuzz(func(t *testing.T, text []byte, at int, json bool) {
		if at < 0 || at > len(text) {
			return
		}
		c := CursorAt(text, at, json)
		if c.Start > at || c.End < at || c.Start < 0 || c.End > len(text) {
			t.Errorf("at %d: %+v", at, c)
		}
		for _, n := range append(c.Path, c.Elements...) {
			if n.Start < 0 || n.End < n.Start || n.End > len(text) {
				t.Errorf("at %d: %+v", at, n)
			}
		}
		for _, around := range c.Around {
			if around.Start > at || around.End < around.Start || around.Depth < 0 || around.Depth > len(c.Path) {
				t.Errorf("at %d: %+v", at, around)
			}
			for _, attr := range around.Attrs {
				if len(attr.Path) == 0 || attr.Value < attr.Path[0].Start || attr.ValueEnd > len(text) {
					t.Errorf("at %d: %+v", at, attr)
				}
			}
		}
	})
}
