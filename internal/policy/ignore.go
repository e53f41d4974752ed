package policy

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Ignore says of findings with a code that they are meant to be, and why.
type Ignore struct {
	Code, Reason string
	// Position is where the ignore stands.
	Position instance.Position
	// more stands between the code and the reason, where nothing belongs.
	more string
	// line, of a comment, is the line that it is about.
	line int
	// path, of one in a policy file, leads to what it is about, all that is below included; "*" is any name.
	// Empty: everything.
	path   []string
	byPath bool

	// only, if not nil, are the keys of the findings that it may be about.
	only map[string]bool
	used bool
}

// matches reports whether the ignore is about a finding, one about a single machine at most.
func (i *Ignore) matches(f instance.Finding) bool {
	if i.Code != f.Code || i.Reason == "" || i.more != "" {
		return false
	}
	if !i.byPath {
		return f.File == i.Position.File && f.Line == i.line
	}
	if len(i.path) == 0 {
		return true
	}
	about, _ := nixlang.ParsePath(f.About())
	for n, name := range i.path {
		if n >= len(about) || name != "*" && name != about[n] {
			return false
		}
	}
	return true
}

// comment is `# clanctl: ignore CODE -- reason`.
var comment = lazyregexp.New(`#[ \t]*clanctl:[ \t]*ignore\b[ \t]*(.*)`)

// Comments are the ignores in a Nix file. Each is about its own line or, where there is nothing else on that,
// about the next that is no comment.
func Comments(file string, text []byte) []*Ignore {
	if !bytes.Contains(text, []byte("clanctl:")) {
		return nil
	}
	var found []*Ignore
	lines := strings.Split(string(text), "\n")
	isComment := func(i int) bool { return strings.HasPrefix(strings.TrimSpace(lines[i]), "#") }
	for i, line := range lines {
		match := comment.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		code, reason, _ := strings.Cut(match[1], "--")
		code, more := cutWord(strings.TrimSpace(code))
		about := i
		if isComment(i) {
			for about+1 < len(lines) && isComment(about) {
				about++
			}
		}
		found = append(found, &Ignore{Code: code, more: more, Reason: strings.TrimSpace(reason),
			Position: instance.Position{File: file, Line: i + 1, Column: strings.Index(line, match[0]) + 1},
			line:     about + 1})
	}
	return found
}

// cutWord cuts a text behind its first word, a comma that follows it left out.
func cutWord(text string) (word, rest string) {
	if i := strings.IndexAny(text, ", \t"); i >= 0 {
		return text[:i], strings.Trim(text[i:], ", \t")
	}
	return text, ""
}

// Ignores are those of a clan.
type Ignores []*Ignore

// Ignored are the keys of the findings that ignores are about, one for each machine.
func (all Ignores) Ignored(inv *instance.Inventory, findings []instance.Finding) map[string]bool {
	keys := map[string]bool{}
	for _, f := range findings {
		permachine.Rest(inv, f, func(one instance.Finding) bool {
			if _, isNew := all.New(inv, one); !isNew {
				keys[findingKey(one)] = true
			}
			return false
		})
	}
	return keys
}

// Only has ignores be about nothing but findings with these keys.
func (all Ignores) Only(keys map[string]bool) {
	for _, i := range all {
		i.only = keys
	}
}

// New returns what of a finding is not ignored; false if all is. A flake that does not evaluate is never ignored.
func (all Ignores) New(inv *instance.Inventory, f instance.Finding) (instance.Finding, bool) {
	if f.Code == codes.FlakeFailed {
		return f, true
	}
	return permachine.Rest(inv, f, func(one instance.Finding) bool {
		matched := false
		for _, i := range all {
			if i.matches(one) {
				i.used = true
				matched = matched || i.only == nil || i.only[findingKey(one)]
			}
		}
		return matched
	})
}

// Wrong are findings about ignores without a code that there is, or without a reason. They count for nothing.
func (all Ignores) Wrong(known []string) []instance.Finding {
	var found []instance.Finding
	for _, i := range all {
		cause := instance.Cause{Name: i.Code}
		if !slices.Contains(known, i.Code) {
			cause.Near, cause.Known = nearest.Or(nearest.Of(i.Code, known), known)
		} else if i.more != "" {
			cause.Near, cause.Values = []string{i.Code}, []any{i.more}
		} else if i.Reason != "" {
			continue
		}
		found = append(found, i.finding(codes.InvalidIgnore, cause))
	}
	return found
}

// Unused are findings about ignores that no finding given to New was about. It looks at those with some codes only.
func (all Ignores) Unused(known []string) []instance.Finding {
	var found []instance.Finding
	for _, i := range all {
		if !i.used && i.Reason != "" && i.more == "" && slices.Contains(known, i.Code) {
			found = append(found, i.finding(codes.UnusedIgnore, instance.Cause{Name: i.Code}))
		}
	}
	return found
}

func (i *Ignore) finding(code string, cause instance.Cause) instance.Finding {
	f := instance.NewFinding(code, instance.Subject{}, cause)
	f.Position = i.Position
	return f
}

// Files are the files of the flake itself that parts of the inventory are written in, that findings point
// into, or other places are in. The inventory may be nil.
func Files(inv *instance.Inventory, findings []instance.Finding, also ...instance.Position) []string {
	files := map[string]bool{}
	add := func(p *instance.Position) {
		// In JSON there are no comments.
		if p.File != "" && !nixlang.IsJSON(p.File) && !strings.HasPrefix(p.File, "<") &&
			!strings.HasPrefix(p.File, "/") {
			files[p.File] = true
		}
	}
	if inv != nil {
		for position := range facts.Of(inv).Places.All() {
			add(position)
		}
	}
	for _, f := range findings {
		add(&f.Position)
	}
	for _, position := range also {
		add(&position)
	}
	return slices.Sorted(maps.Keys(files))
}
