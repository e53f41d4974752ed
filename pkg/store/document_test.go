package store

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

func parse(t *testing.T, text string) *document {
	t.Helper()
	d, err := parseDocument([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return d
}

// TestDocumentKeepsLayout: what is not changed keeps its bytes, and what is new looks like its neighbours.
func TestDocumentKeepsLayout(t *testing.T) {
	set := func(path, value string) func(*document) error {
		return func(d *document) error { return d.set(strings.Split(path, "/"), []byte(value)) }
	}
	remove := func(path string) func(*document) error {
		return func(d *document) error { d.remove(strings.Split(path, "/")...); return nil }
	}
	add := func(path, name string) func(*document) error {
		return func(d *document) error { return d.add(strings.Split(path, "/"), name) }
	}
	drop := func(path, name string) func(*document) error {
		return func(d *document) error { d.drop(strings.Split(path, "/"), name); return nil }
	}
	for _, test := range []struct {
		name, text string
		do         func(*document) error
		want       string
	}{
		{"new", "{}\n", set("a/b", `{"c":[1,"x"],"d":{}}`),
			"{\n  \"a\": {\n    \"b\": {\n      \"c\": [\n        1,\n        \"x\"\n      ],\n      \"d\": {}\n    }\n  }\n}\n"},
		{"no newline at the end", "{\n  \"a\": 1\n}", set("b", "2"), "{\n  \"a\": 1,\n  \"b\": 2\n}"},
		{"tabs", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n", set("a/c/d", "true"),
			"{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"c\": {\n\t\t\t\"d\": true\n\t\t}\n\t}\n}\n"},
		{"four blanks", "{\n    \"a\": {}\n}\n", set("a/c", "1"), "{\n    \"a\": {\n        \"c\": 1\n    }\n}\n"},
		{"carriage returns", "{\r\n  \"a\": 1\r\n}\r\n", set("b", `{"c":1}`),
			"{\r\n  \"a\": 1,\r\n  \"b\": {\r\n    \"c\": 1\r\n  }\r\n}\r\n"},
		{"one line", `{"a": 1, "b": {"c": 2}}`, set("b/d/e", "[1,2]"), `{"a": 1, "b": {"c": 2, "d": {"e": [1, 2]}}}`},
		{"a line within lines", "{\n  \"a\": {\"b\": 1, \"c\": 2}\n}\n", set("a/d", "3"),
			"{\n  \"a\": {\"b\": 1, \"c\": 2, \"d\": 3}\n}\n"},
		{"digits and escapes stay", "{\n  \"n\": 1.50E+2,\n  \"s\": \"\\u00e4\\/\"\n}\n",
			set("x", "10000000000000000000000.10"),
			"{\n  \"n\": 1.50E+2,\n  \"s\": \"\\u00e4\\/\",\n  \"x\": 10000000000000000000000.10\n}\n"},
		{"replace", "{\n  \"a\" : 1 ,\n  \"b\": 2\n}\n", set("a", `"x"`), "{\n  \"a\" : \"x\" ,\n  \"b\": 2\n}\n"},
		{"remove the first", "{\n  \"a\": 1,\n  \"b\": 2\n}\n", remove("a"), "{\n  \"b\": 2\n}\n"},
		{"remove the last", "{\n  \"a\": 1 ,\n  \"b\": 2\n}\n", remove("b"), "{\n  \"a\": 1\n}\n"},
		{"remove the only", "{\n  \"a\": {\n    \"b\": 2\n  }\n}\n", remove("a/b"), "{\n  \"a\": {}\n}\n"},
		{"remove from a line", `{"a": 1, "b": 2}`, remove("a"), `{"b": 2}`},
		{"list", "{\n  \"a\": [\n    \"x\"\n  ]\n}\n", add("a", "y"), "{\n  \"a\": [\n    \"x\",\n    \"y\"\n  ]\n}\n"},
		{"list in a line", "{\n  \"a\": [\"x\"]\n}\n", add("a", "y"), "{\n  \"a\": [\"x\", \"y\"]\n}\n"},
		{"empty list", "{\n  \"a\": []\n}\n", add("a", "y"), "{\n  \"a\": [\n    \"y\"\n  ]\n}\n"},
		{"no list yet", "{}\n", add("a/b", "y"), "{\n  \"a\": {\n    \"b\": [\n      \"y\"\n    ]\n  }\n}\n"},
		{"drop", "{\n  \"a\": [\"x\", \"y\", \"x\"]\n}\n", drop("a", "x"), "{\n  \"a\": [\"y\"]\n}\n"},
		{"rename", "{\n  \"b\": 1,\n  \"a\": {}\n}\n", func(d *document) error {
			d.rename([]string{"b"}, "c\"d")
			return nil
		}, "{\n  \"c\\\"d\": 1,\n  \"a\": {}\n}\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := parse(t, test.text)
			if got := string(d.text()); got != test.text {
				t.Fatalf("untouched, it is %q", got)
			}
			if err := test.do(d); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(d.text())); diff != "" {
				t.Error(diff)
			}
			parse(t, string(d.text()))
		})
	}
}

func TestDocumentErrors(t *testing.T) {
	d := parse(t, `{"a": [1], "b": 2}`)
	for _, err := range []error{
		d.set([]string{"a", "x"}, []byte("1")), d.set([]string{"b", "x", "y"}, []byte("1")), d.add([]string{"b"}, "x"),
	} {
		if err == nil {
			t.Error("no error")
		}
	}
	if got := string(d.text()); got != `{"a": [1], "b": 2}` {
		t.Errorf("it is %s", got)
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "1:1: the file is empty, which is not valid JSON",
		" \n":                           "1:1: the file is empty, which is not valid JSON",
		"[]":                            "1:1: it is a list, not an object",
		"null\n":                        "1:1: it is null, not an object",
		"\"a\"":                         "1:1: it is a string, not an object",
		"{\n  \"a\": 1,\n}":             "3:1: ",
		"{\n  // no\n}":                 "2:3: ",
		"{\"a\": 1} x":                  "1:10: ",
		"{} {}":                         "1:4: trailing data after top-level value",
		"{\n  \"a\": {":                 "2:9: not valid JSON: unexpected end of file",
		"{\"a\": {\"b\": 1, \"b\": 2}}": "1:16: duplicate key \"b\"",
		"{\"a\": \"\xff\"}":             "1:",
		"\xef\xbb\xbf{} {}":             "1:4: trailing data after top-level value",
	} {
		if _, fault := parseDocument([]byte(text)); fault == nil ||
			!strings.HasPrefix(fault.In("f", nil).Error(), "f:"+want) {
			t.Errorf("%q: %+v, want %s", text, fault, want)
		}
	}
}

// A byte order mark, which Nix passes over, stays.
func TestByteOrderMark(t *testing.T) {
	const mark = "\ufeff"
	d := parse(t, mark+`{"a": {"b": 1}}`)
	if err := d.set([]string{"a", "b"}, []byte("2")); err != nil {
		t.Fatal(err)
	}
	if got, want := string(d.text()), mark+`{"a": {"b": 2}}`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s := &Store{original: []byte(mark + "{\n  \"machines\": {\n    \"a\": {}}}"), before: &instance.Inventory{}}
	if at := s.position("machines", "a"); at.Line != 3 || at.Column != 5 {
		t.Errorf("the machine is at %d:%d, want 3:5", at.Line, at.Column)
	}
}

// TestDocumentRandom holds many edits of one document against the same edits of a plain map.
func TestDocumentRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, start := range []string{"{}\n", `{"m":{"a":{}},"x":1}`, "{\n\t\"m\": {\n\t\t\"a\": {\"b\": 1}\n\t}\n}"} {
		d := parse(t, start)
		model := d.value()
		for range 2000 {
			path := []string{"m", string(rune('a' + random.IntN(4)))}
			if random.IntN(2) == 0 {
				path = append(path, string(rune('p'+random.IntN(3))))
			}
			if random.IntN(3) == 0 {
				d.remove(path...)
				if parent, ok := jsonvalue.Lookup(model, path[:len(path)-1]); ok {
					if set, ok := parent.(map[string]any); ok {
						delete(set, path[len(path)-1])
					}
				}
			} else {
				value := []string{`{}`, `{"q":[1,{"r":null}]}`, `3.10`, `"s"`}[random.IntN(4)]
				err := d.set(path, []byte(value))
				set, made := any(model), true
				for _, name := range path[:len(path)-1] {
					object, ok := set.(map[string]any)
					if !ok {
						made = false
						break
					}
					if object[name] == nil {
						object[name] = map[string]any{}
					}
					set = object[name]
				}
				object, ok := set.(map[string]any)
				if made = made && ok; made != (err == nil) {
					t.Fatalf("set %v: %v, want %t", path, err, made)
				}
				if made {
					object[path[len(path)-1]] = jsonvalue.Parse([]byte(value))
				}
			}
			if got := d.value(); !reflect.DeepEqual(got, model) {
				t.Fatal(cmp.Diff(model, got))
			}
			parse(t, string(d.text()))
		}
	}
}

func TestSame(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true}, {"1", "1e0", true}, {"1", "2", false}, {"9007199254740993", "9007199254740992", false},
		{"0.1", "0.1", true}, {"3.14159265", "3.14159", true}, {"3.14", "3.15", false},
		{`{"a":[1,null]}`, `{"a":[1.0,null]}`, true}, {`{"a":1}`, `{"a":1,"b":1}`, false}, {`"1"`, "1", false},
		{"[]", "{}", false},
	} {
		if got := same(jsonvalue.Parse([]byte(test.a)), jsonvalue.Parse([]byte(test.b))); got != test.want {
			t.Errorf("%s and %s: %t", test.a, test.b, got)
		}
	}
}

// TestDifference applies what is said to be the difference.
func TestDifference(t *testing.T) {
	for _, test := range []struct{ old, now, want string }{
		{`{}`, `{"a/b":{"c~":null}}`, `[{"op":"add","path":"/a~1b","value":{"c~":null}}]`},
		{`{"a":1,"b":{"c":[1,2,3]}}`, `{"b":{"c":[1,3,4]}}`,
			`[{"op":"remove","path":"/a"},{"op":"remove","path":"/b/c/1"},{"op":"add","path":"/b/c/-","value":4}]`},
		{`{"a":1.0}`, `{"a":1}`, `[{"op":"replace","path":"/a","value":1}]`},
		{`{"a":[1]}`, `{"a":{}}`, `[{"op":"replace","path":"/a","value":{}}]`},
		{`{"a":[1,2,3]}`, `{"a":[]}`,
			`[{"op":"remove","path":"/a/0"},{"op":"remove","path":"/a/0"},{"op":"remove","path":"/a/0"}]`},
		{`{"a":1}`, `{"a":1}`, `[]`},
	} {
		got, err := json.Marshal(difference(jsonvalue.Parse([]byte(test.old)), jsonvalue.Parse([]byte(test.now))))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != test.want {
			t.Error(fmt.Sprintf("%s to %s:\n", test.old, test.now), cmp.Diff(test.want, string(got)))
		}
	}
}
