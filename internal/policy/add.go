package policy

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Insertion is a text that is put into a file, At bytes from its start.
type Insertion struct {
	At   int
	Text string
}

// AddIgnore returns what to put into a policy file (nil for one that there is not yet) so that a finding is ignored:
// that code, about the same part of the clan. Nothing else of the file changes. It returns false for a file that is not
// as a policy file should be.
func AddIgnore(text []byte, f instance.Finding, reason string) ([]Insertion, bool) {
	if text == nil {
		return []Insertion{{0, "{\n  \"ignore\": [\n    " + entry(f, reason) + "\n  ]\n}\n"}}, true
	}
	p := parser{text: text}
	if p.decode(&fileJSON{}) != nil {
		return nil, false
	}
	in, added := p.root.Find("/ignore"), entry(f, reason)
	if in == nil {
		in = &p.root
		if between := p.between(in); strings.Contains(between, "\n") {
			added = `"ignore": [` + between + strings.TrimLeft(between, "\r\n") + added + between + "]"
		} else {
			added = `"ignore": [ ` + added + " ]"
		}
	}
	return p.insert(in, added)
}

// entry is an ignore of a finding, whichever machines it is about.
func entry(f instance.Finding, reason string) string {
	if len(f.Machines) > 0 {
		f.Machine = "*"
	}
	quote := func(text string) string { return string(jsonvalue.Text(text)) }
	path := ""
	if about := f.About(); about != "" {
		path = `"path": ` + quote(strings.ReplaceAll(about, `."*"`, ".*")) + ", "
	}
	return `{ "code": ` + quote(f.Code) + ", " + path + `"reason": ` + quote(reason) + " }"
}

// parts are the values of an array, or of an object's members, in their order; false for what is neither.
func parts(v *hujson.Value) (names, values []*hujson.Value, ok bool) {
	switch v := v.Value.(type) {
	case *hujson.Array:
		for i := range v.Elements {
			names, values = append(names, &v.Elements[i]), append(values, &v.Elements[i])
		}
		return names, values, true
	case *hujson.Object:
		for i := range v.Members {
			names, values = append(names, &v.Members[i].Name), append(values, &v.Members[i].Value)
		}
		return names, values, true
	}
	return nil, nil, false
}

// between is what comes in front of a part that has a line of its own; a space where parts have none.
func (p *parser) between(in *hujson.Value) string {
	names, _, _ := parts(in)
	if len(names) == 0 {
		return " "
	}
	last := names[len(names)-1].StartOffset
	begin := bytes.LastIndexByte(p.text[:last], '\n') + 1
	if begin == 0 || len(bytes.TrimSpace(p.text[begin:last])) > 0 {
		return " "
	}
	newline := "\n"
	if bytes.HasSuffix(p.text[:begin], []byte("\r\n")) {
		newline = "\r\n"
	}
	return newline + string(p.text[begin:last])
}

// insert adds a part to an array or object, as its last, laid out as the one before.
func (p *parser) insert(in *hujson.Value, added string) ([]Insertion, bool) {
	_, values, ok := parts(in)
	if !ok {
		return nil, false
	}
	if len(values) == 0 {
		if p.text[in.StartOffset+1] != ' ' {
			added += " "
		}
		return []Insertion{{in.StartOffset + 1, " " + added}}, true
	}
	last, between := values[len(values)-1], p.between(in)
	end := len(bytes.TrimRight(p.text[:in.EndOffset-1], " \t\r\n"))
	if bytes.Contains(p.text[last.EndOffset:end], []byte("//")) && between == " " {
		between = "\n"
	}
	switch {
	case last.AfterExtra != nil: // there is a comma behind it
		return []Insertion{{end, between + added + ","}}, true
	case end == last.EndOffset:
		return []Insertion{{end, "," + between + added}}, true
	}
	return []Insertion{{last.EndOffset, ","}, {end, between + added}}, true
}
