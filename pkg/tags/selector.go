// Package tags selects machines, and other names, by name, glob and tag: `web-*,@backup,!laptop`. It is pure.
package tags

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// Selector chooses machines, or other names, the way fleet tools do: `web-*,@backup,!laptop`.
//
// It is a list of terms, separated by commas. A term is a name, or a glob as in [path.Match], in which * also
// matches a slash; behind an @ it is a tag and stands for the machines that carry it; behind an ! it takes
// away what it matches. The order of the terms does not matter; where all of them take away, they take from
// everything. Terms joined by & are one that takes what all of them take, `@web&@berlin`; an ! in it stands
// for all others, `@web&!@berlin`. Parentheses do not group: it is `@web&@berlin,@db&@berlin`. A backslash takes the meaning from the character behind it. A name that
// exists is that name, even if it looks like something else.
//
// A nil Selector selects everything.
type Selector struct{ terms []term }

// term is what all of its factors take. A single factor with an ! takes away.
type term struct {
	name    string // the whole of it, if nothing in it has a meaning
	factors []factor
}

func (t term) except() bool { return len(t.factors) == 1 && t.factors[0].not }

type factor struct {
	not    bool
	tag    bool
	isGlob bool
	glob   string // a pattern of path.Match
	name   string // what the pattern says if nothing in it has a meaning
}

// ParseSelector reads a selector of machines.
func ParseSelector(text string) (*Selector, error) { return parse(text, true) }

// ParseNames reads a selector of things that carry no tags: an @ is a character as any other, for it is usual
// in the names of modules.
func ParseNames(text string) (*Selector, error) { return parse(text, false) }

func parse(text string, withTags bool) (*Selector, error) {
	s := &Selector{}
	for _, part := range split(text, ',') {
		t := term{name: escapedPair.ReplaceAllString(part, "$1")}
		for _, rest := range split(part, '&') {
			var f factor
			rest, f.not = strings.CutPrefix(rest, "!")
			if withTags {
				rest, f.tag = strings.CutPrefix(rest, "@")
			}
			if strings.HasPrefix(rest, "(") {
				return nil, &hint.Error{Text: strconv.Quote(text) + " selects nothing: parentheses do not group",
					Advice: `a comma is an or, and & binds closer: '@web&@berlin,@db&@berlin'; a name that begins with one takes a backslash before it`}
			}
			if rest == "" {
				return nil, unreadable(text, part, missingName(f))
			}
			f.isGlob = strings.ContainsAny(escapedPair.ReplaceAllString(rest, ""), "*?[")
			f.glob, f.name = slashless(rest), escapedPair.ReplaceAllString(rest, "$1")
			if _, err := path.Match(f.glob, ""); err != nil {
				return nil,
					unreadable(text, part,
						"the glob is not complete: a [ wants its ], a backslash a character behind it")
			}
			t.factors = append(t.factors, f)
		}
		s.terms = append(s.terms, t)
	}
	return s, nil
}

func missingName(f factor) string {
	switch {
	case f.tag:
		return "a tag is missing behind the @"
	case f.not:
		return "a name is missing behind the !"
	}
	return "a name is missing"
}

// split splits at the separators that no backslash stands before, and takes off the blanks around each part.
func split(text string, separator byte) []string {
	var parts []string
	start, escaped := 0, false
	for i := range len(text) {
		switch {
		case escaped:
			escaped = false
		case text[i] == '\\':
			escaped = true
		case text[i] == separator:
			parts = append(parts, trimBlanks(text[start:i]))
			start = i + 1
		}
	}
	return append(parts, trimBlanks(text[start:]))
}

func trimBlanks(s string) string {
	s = strings.TrimLeft(s, " ")
	trimmed := strings.TrimRight(s, " ")
	if strings.HasSuffix(trimmed, `\`) && trimmed != s {
		trimmed += " " // the blank is meant
	}
	return trimmed
}

var escapedPair = lazyregexp.New(`(?s)\\(.)`)

// slashless hides slashes from path.Match, to which they end a part of a path. No name in Nix has a NUL.
func slashless(s string) string { return strings.ReplaceAll(s, "/", "\x00") }

// matches are those of the known names that the factor means, in their order.
func (t factor) matches(known []string) []string {
	if slices.Contains(known, t.name) {
		return []string{t.name}
	}
	if !t.isGlob {
		return nil
	}
	var found []string
	for _, name := range known {
		if ok, _ := path.Match(t.glob, slashless(name)); ok {
			found = append(found, name)
		}
	}
	return found
}

// Machines are those of the machines that the selector means, sorted. Carriers are the machines that carry each tag, as
// Inventory.Tags of package instance has them; a tag that none carries exists all the same. A term that matches nothing
// is an [*UnknownError].
func (s *Selector) Machines(machines []string, carriers map[string][]string) ([]string, error) {
	machines = slices.Compact(slices.Sorted(slices.Values(machines)))
	if s == nil {
		return machines, nil
	}
	knownTags := slices.Sorted(maps.Keys(carriers))
	return s.choose(machines, func(t factor) ([]string, error) {
		if !t.tag {
			found := t.matches(machines)
			if len(found) == 0 {
				return nil, unknown("machine", t, machines, knownTags)
			}
			return found, nil
		}
		named := t.matches(knownTags)
		if len(named) == 0 {
			return nil, unknown("tag", t, knownTags, machines)
		}
		var found []string
		for _, tag := range named {
			found = append(found, carriers[tag]...)
		}
		return found, nil
	})
}

// Names are those of the known names that the selector means, sorted. Kind says what they name, for the message of the
// [*UnknownError] that a term is which matches nothing.
func (s *Selector) Names(kind string, known []string) ([]string, error) {
	known = slices.Compact(slices.Sorted(slices.Values(known)))
	if s == nil {
		return known, nil
	}
	return s.choose(known, func(t factor) ([]string, error) {
		found := t.matches(known)
		if len(found) == 0 {
			return nil, unknown(kind, t, known, nil)
		}
		return found, nil
	})
}

// choose adds up the terms.
func (s *Selector) choose(all []string, meant func(factor) ([]string, error)) ([]string, error) {
	chosen, without := set(nil), map[string]bool{}
	if !slices.ContainsFunc(s.terms, func(t term) bool { return !t.except() }) {
		chosen = set(all)
	}
	for _, t := range s.terms {
		names, err := t.choose(all, meant)
		if err != nil {
			return nil, err
		}
		if t.except() {
			maps.Copy(without, names)
		} else {
			maps.Copy(chosen, names)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !chosen[name] || without[name] }), nil
}

// choose has what all factors take. That of a single one with an ! is what it takes away.
func (t term) choose(all []string, meant func(factor) ([]string, error)) (map[string]bool, error) {
	if len(t.factors) > 1 && slices.Contains(all, t.name) {
		return set([]string{t.name}), nil
	}
	chosen := set(all)
	for _, f := range t.factors {
		names, err := meant(f)
		if err != nil {
			return nil, err
		}
		taken, not := set(names), f.not && !t.except()
		maps.DeleteFunc(chosen, func(name string, _ bool) bool { return taken[name] == not })
	}
	return chosen, nil
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// unreadable is the error for a text that is no selector; part is what cannot be read of it.
func unreadable(text, part, reason string) error {
	what := strconv.Quote(text)
	if part != "" && part != text {
		what = fmt.Sprintf("%q in %q", part, text)
	}
	return &hint.Error{Text: what + " selects nothing: " + reason,
		Advice: `write names, globs, @tags and !exceptions with commas between them, such as 'web-*,@backup,!laptop', or & for what both take: '@web&@berlin'`}
}
