package instance

import (
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// value is JSON as the reader's answers are read.
func value(t testing.TB, text string) (v any) {
	t.Helper()
	if err := jsonvalue.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
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
		got, _ := m.merge(nil, value(t, c.a), value(t, c.b))
		if text := asJSON(t, got); text != c.want || conflict != c.conflict {
			t.Errorf("%s + %s = %s, conflict %q; want %s, %q", c.a, c.b, text, conflict, c.want, c.conflict)
		}
	}
}
