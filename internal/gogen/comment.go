package gogen

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/term"
)

// commentLines makes comment lines of any text at all: each begins with "// ", and nothing in a line can end
// it. The space keeps a line from being a directive; the characters that the compiler refuses, or that
// mislead the eye, are escaped.
func commentLines(text string) []string {
	var lines []string
	blank := true // no blank lines at the beginning, and never two
	for line := range strings.Lines(term.Escape(text)) {
		line = strings.TrimRight(line, " \t\n")
		switch {
		case line == "":
			if !blank {
				lines = append(lines, "//")
			}
			blank = true
			continue
		case strings.HasPrefix(strings.TrimSpace(line), "+build"):
			line = "\\" + strings.TrimSpace(line) // before `package` it would be a build constraint
		}
		blank = false
		lines = append(lines, "// "+line)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "//" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// inline is any text on one line of a comment.
func inline(text string) string { return strings.ReplaceAll(term.Escape(text), "\n", `\n`) }

// optionDoc is what the author says of an option, and what the module system knows. A tag of a tagged union
// is never required.
func optionDoc(o *services.Option, isTag bool) string {
	if o == nil || o.IsSet() {
		return ""
	}
	var notes []string
	switch {
	case o.Err != nil:
		notes = append(notes, "The option does not evaluate: "+inline(o.Err.Text))
	case o.DefaultText != "":
		notes = append(notes, "Default: "+shown([]byte(o.DefaultText)))
	case o.Default != nil:
		notes = append(notes, "Default: "+shown(compact(o.Default)))
	case o.Required() && !isTag:
		notes = append(notes, "Required: there is no default.")
	}
	if o.ReadOnly {
		notes = append(notes, "Read-only: the module itself sets it.")
	}
	if o.Internal || o.Hidden {
		notes = append(notes, "Internal: not meant to be set by users.")
	}
	if t := o.Type; t != nil {
		if what, is := undescribed[t.Kind]; is {
			note := "It is " + what
			if t.Description != "" {
				note += ": " + inline(t.Description)
			}
			if t.Err != nil {
				note += ": " + inline(t.Err.Text)
			}
			notes = append(notes, note+".")
		}
	}
	doc := strings.TrimRight(o.Description, " \t\n")
	if len(notes) > 0 {
		doc += "\n\n" + strings.Join(notes, "\n\n")
	}
	return doc
}

// undescribed are the kinds for which Go has nothing better than `any`.
var undescribed = map[services.Kind]string{
	services.KindModule:  "a module",
	services.KindOpaque:  "of a type that JSON cannot express",
	services.KindUnknown: "of a type that clanctl does not know",
}

func compact(value json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return value
	}
	return b.Bytes()
}

// shown is a value on one line that is not too long.
func shown(value []byte) string {
	const most = 100
	text := []rune(inline(strings.TrimSpace(string(value))))
	if len(text) > most {
		return string(text[:most]) + " ..."
	}
	return string(text)
}
