package diff

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
)

const (
	// longest is how many characters of a value people are shown in a row, with context of what is the same around a
	// difference.
	longest = 60
	margin  = 8
)

// valueRows are the rows for a value, in which nothing is longer than a reader can take in: a set that came or went is
// laid out setting by setting, of two long lists there are the elements that only one has, and of anything else what is
// around the difference.
func valueRows(where, prefix string, v Value) []entry {
	row := entry{change: v.Change, where: where, what: prefix + nixlang.PathString(v.Path), machines: v.Machines}
	texts := [2]string{}
	values := [2]any{}
	for i, raw := range [][]byte{v.Old, v.New} {
		if raw != nil {
			values[i] = textview.DecodeJSON(raw)
			texts[i] = textview.CompactJSON(values[i])
		}
	}
	isLong := max(utf8.RuneCountInString(texts[0]), utf8.RuneCountInString(texts[1])) > longest
	was, wasList := values[0].([]any)
	is, isList := values[1].([]any)
	switch {
	case !isLong:
	case v.Old == nil || v.New == nil:
		if rows := v.leaves(where, prefix, values); rows != nil {
			return rows
		}
		if wasList || isList {
			row.old, row.new = elements(was, nil), elements(is, nil)
			return []entry{row}
		}
	case wasList && isList:
		if row.old, row.new = elements(was, is), elements(is, was); len(row.old)+len(row.new) > 0 {
			row.what += "[]"
			return []entry{row}
		}
	}
	texts[0], texts[1] = around(texts[0], texts[1])
	if v.Old != nil {
		row.old = []string{texts[0]}
	}
	if v.New != nil {
		row.new = []string{texts[1]}
	}
	return []entry{row}
}

// leaves are the rows for what is in a set that came or went; nil for anything else.
func (v Value) leaves(where, prefix string, values [2]any) []entry {
	var rows []entry
	for i, value := range values {
		set, _ := value.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(set)) {
			raw := []byte(textview.CompactJSON(set[name]))
			below := Value{Change: v.Change, Machines: v.Machines, Path: append(slices.Clip(v.Path), name)}
			if i == 0 {
				below.Old = raw
			} else {
				below.New = raw
			}
			rows = append(rows, valueRows(where, prefix, below)...)
		}
	}
	return rows
}

// elements are those of a list that another does not have, or has not so many of, and the number of those for which
// there is no room.
func elements(list, others []any) []string {
	have := map[string]int{}
	for _, value := range others {
		have[textview.CompactJSON(value)]++
	}
	var texts []string
	room, left := longest, 0
	for _, value := range list {
		text := textview.CompactJSON(value)
		if have[text]--; have[text] >= 0 {
			continue
		}
		text, _ = around(text, "")
		if room -= utf8.RuneCountInString(text); room < 0 && len(texts) > 0 {
			left++
			continue
		}
		texts = append(texts, text)
	}
	if left > 0 {
		texts = append(texts, fmt.Sprintf("%d more", left))
	}
	return texts
}

// around cuts two long texts to what is around the first difference.
func around(a, b string) (string, string) {
	x, y := []rune(a), []rune(b)
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	cut := func(text []rune) string {
		if len(text) <= longest {
			return string(text)
		}
		start := max(0, same-margin)
		end := min(len(text), start+longest)
		shown := string(text[start:end])
		if start > 0 {
			shown = "…" + shown
		}
		if end < len(text) {
			shown += "…"
		}
		return shown
	}
	return cut(x), cut(y)
}
