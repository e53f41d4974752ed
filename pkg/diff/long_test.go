package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLongValues(t *testing.T) {
	a300, list := strings.Repeat("a", 300), make([]string, 40)
	for i := range list {
		list[i] = fmt.Sprintf("/srv/%02d", i)
	}
	other := append([]string{"/new"}, list[1:]...)
	swapped := append([]string{list[1], list[0]}, list[2:]...)
	asJSON := func(v any) json.RawMessage {
		if v == nil {
			return nil
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, c := range map[string]struct {
		old, new any
		want     string
	}{
		"short":                  {"a", "b", `changed x | "a" | "b"`},
		"a long text that came":  {nil, a300, `added x |  | "` + a300[:59] + `…`},
		"a long text for a none": {a300, "b", `changed x | "` + a300[:59] + `… | "b"`},
		"a difference far on": {a300 + "left" + a300, a300 + "right" + a300,
			`changed x | …aaaaaaaaleft` + a300[:48] + `… | …aaaaaaaaright` + a300[:47] + `…`},
		"a difference at the end": {a300 + "1", a300 + "2",
			`changed x | …aaaaaaaa1" | …aaaaaaaa2"`},
		"elements of lists": {list, other, `changed x[] | "/srv/00" | "/new"`},
		"a long list that came": {nil, list,
			`added x |  | "/srv/00", "/srv/01", "/srv/02", "/srv/03", "/srv/04", "/srv/05", 34 more`},
		"another order": {list, swapped,
			`changed x | ["/srv/00","/srv/01","/srv/02","/srv/03","/srv/04","/srv/05"… | ["/srv/01","/srv/00","/srv/02","/srv/03","/srv/04","/srv/05"…`},
		"a long element": {nil, []string{a300}, `added x |  | "` + a300[:59] + `…`},
		"a set that came": {nil, map[string]any{"b": map[string]any{"c.d": a300}, "a": 1},
			"added x.a |  | 1\nadded x.b.\"c.d\" |  | \"" + a300[:59] + `…`},
		"a set that went": {map[string]any{"a": a300, "b": nil}, nil,
			`removed x.a | "` + a300[:59] + "… | \nremoved x.b | null | "},
		"a set for a text":       {map[string]any{"a": a300}, "b", `changed x | {"a":"` + a300[:54] + `… | "b"`},
		"a long number, exactly": {nil, json.Number("12345678901234567890"), `added x |  | 12345678901234567890`},
	} {
		t.Run(name, func(t *testing.T) {
			v := Value{Change: changeOf(c.old != nil, c.new != nil), Machines: []string{"m"}, Path: []string{"x"},
				Old: asJSON(c.old), New: asJSON(c.new)}
			var got []string
			for _, r := range valueRows("i r", "", v) {
				got = append(got,
					fmt.Sprintf("%s %s | %s | %s", r.change, r.what, strings.Join(r.old, ", "),
						strings.Join(r.new, ", ")))
				if r.where != "i r" || len(r.machines) != 1 {
					t.Errorf("the row lost something: %+v", r)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever a value's length, the machines stay on the row, in every form.
func TestLongRow(t *testing.T) {
	old, new := fleet(), fleet()
	withSettings(t, old.Instances["backup"].Roles["client"].Machines["laptop"],
		map[string]any{"key": strings.Repeat("a", 300) + "1"})
	withSettings(t, new.Instances["backup"].Roles["client"].Machines["laptop"],
		map[string]any{"key": strings.Repeat("a", 300) + "2"})
	d := Of(old, new)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return d.WriteText(b, TextOptions{}) },
		"terminal": func(b *bytes.Buffer) error { return d.WriteText(b, TextOptions{Width: 100}) },
		"markdown": func(b *bytes.Buffer) error { return d.WriteMarkdown(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if !strings.Contains(line, "key") {
				continue
			}
			if !strings.Contains(line, `a1"`) || !strings.Contains(line, `a2"`) || !strings.Contains(line, "laptop") ||
				len(line) > 260 {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}
