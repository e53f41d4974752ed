package jsonvalue

import (
	"encoding/json"
	"testing"
)

func TestNumbersAndSigns(t *testing.T) {
	value, err := Decode([]byte(`{"a": {"b": [1.50, "<&>"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := Marshal(value); err != nil || string(text) != `{"a":{"b":[1.50,"<&>"]}}` {
		t.Errorf("%s, %v", text, err)
	}
	if of, err := Of(struct {
		N json.Number `json:"n"`
	}{"1e3"}); err != nil || !Equal(of, map[string]any{"n": json.Number("1e3")}) {
		t.Errorf("%v, %v", of, err)
	}
	if _, err := Of(func() {}); err == nil {
		t.Error("a function is JSON")
	}
}

func TestLookup(t *testing.T) {
	value := map[string]any{"a": map[string]any{"b": nil}}
	for _, test := range []struct {
		path []string
		want bool
	}{{nil, true}, {[]string{"a", "b"}, true}, {[]string{"a", "c"}, false}, {[]string{"a", "b", "c"}, false}} {
		if _, found := Lookup(value, test.path); found != test.want {
			t.Errorf("%q: %v", test.path, found)
		}
	}
}

func TestLine(t *testing.T) {
	text := []byte("{\n  \"a\": 1\n}")
	for offset, want := range map[int][2]int{0: {1, 1}, 4: {2, 3}, len(text): {3, 2}, 99: {3, 2}} {
		if line, column := Line(text, offset); line != want[0] || column != want[1] {
			t.Errorf("%d: %d:%d, not %v", offset, line, column, want)
		}
	}
}
