package lsp

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/fix"
	"github.com/clanctl/clanctl/pkg/instance"
)

// found is a finding of a reading.
type found struct {
	instance.Finding
	in *reading
}

// findings are those to show: while the flake does not evaluate, those of before besides.
func (c *clan) findings() []found {
	var all []found
	var readings []*reading
	if c.latest != nil {
		readings = append(readings, c.latest)
	}
	if c.latest != nil && c.latest.Inventory == nil && c.good != nil {
		readings = append(readings, c.good)
	}
	for _, r := range readings {
		for _, f := range r.Findings {
			all = append(all, found{f, r})
		}
	}
	return all
}

// place is where something is in the latest reading: at its position, or else at the top of the flake's own file; false
// where the text was changed since.
func (f found) place(p instance.Position) (Location, bool) {
	c := f.in.clan
	path, ok := c.path(p.File)
	if !ok {
		path, p = filepath.Join(c.ref.Dir, "flake.nix"), instance.Position{}
	}
	d := f.in.file(path)
	if d == nil {
		return Location{URI: c.s.uriOf(path)}, true
	}
	start := d.at(p.Line, p.Column)
	return f.located(path, start, d.name(start))
}

func (f found) located(path string, start, end int) (Location, bool) {
	c := f.in.clan
	old, now := f.in.file(path), c.latest.file(path)
	if old == nil || now == nil {
		return Location{}, false
	}
	start, end, ok := between(old, now).carry(start, end)
	return Location{c.s.uriOf(path), now.span(start, end, c.s.encoding)}, ok
}

// diagnostic is what the editor shows; false where the text was changed since.
func (f found) diagnostic() (uri string, d diagnostic, ok bool) {
	c := f.in.clan
	at, ok := f.place(f.Position)
	if start, end, named := fix.Where(f.Finding, f.in.text); named {
		if path, inFlake := c.path(f.File); inFlake {
			at, ok = f.located(path, start, end)
		}
	}
	if !ok {
		return "", diagnostic{}, false
	}
	d = f.described()
	d.Range = at.Range
	for _, other := range f.Definitions {
		if other.Position == nil || *other.Position == f.Position {
			continue
		}
		if _, ok := c.path(other.Position.File); ok {
			if place, ok := f.place(*other.Position); ok {
				d.RelatedInformation = append(d.RelatedInformation, relatedInformation{place, layer(other)})
			}
		}
	}
	return at.URI, d, true
}

// described is all of a diagnostic but where it is.
func (f found) described() diagnostic {
	c := f.in.clan
	d := diagnostic{Code: string(f.Code), Source: "clanctl", Message: f.Message(),
		CodeDescription: &codeDescription{c.s.config.Manual(string(f.Code))}}
	if about := f.About(); about != "" {
		d.Message = about + ": " + d.Message
	}
	if hint := f.Hint(); hint != "" {
		d.Message += "\n" + hint
	}
	if path, ok := c.path(f.File); !ok && f.File != "" {
		d.Message += "\n(in " + f.Position.String() + ")"
	} else if ok && f.in.file(path) == nil {
		d.Message += "\n(in " + f.File + ")"
	}
	switch f.Severity {
	case instance.SeverityError:
		d.Severity = severityError
	case instance.SeverityWarning:
		d.Severity = severityWarning
	default:
		d.Severity = severityInformation
	}
	switch f.Code {
	case instance.CodeUnusedTag, codes.UnusedIgnore:
		d.Tags = []int{tagUnnecessary}
	case instance.CodeDeprecatedModule, instance.CodeDeprecatedServices:
		d.Tags = []int{tagDeprecated}
	}
	return d
}

// layer says what a definition is.
func layer(d instance.SettingDefinition) string {
	if d.Name == "" {
		return fmt.Sprintf("the %s's value", d.Layer)
	}
	return fmt.Sprintf("the value of the %s %q", d.Layer, d.Name)
}

// publish shows all findings, and takes those away that are no more. The server is locked.
func (c *clan) publish(ctx context.Context) {
	all := map[string][]diagnostic{}
	for uri := range c.shown {
		all[uri] = []diagnostic{}
	}
	for _, d := range c.s.documents {
		if d.clan == c {
			all[d.uri] = []diagnostic{}
		}
	}
	for _, f := range c.findings() {
		if uri, d, ok := f.diagnostic(); ok {
			all[uri] = append(all[uri], d)
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(all)) {
		params := publishDiagnosticsParams{URI: uri, Diagnostics: all[uri]}
		if version, open := c.latest.versions[uri]; open && c.s.documents[uri] != nil {
			params.Version = &version
		}
		c.shown[uri] = len(all[uri]) > 0
		if !c.shown[uri] {
			delete(c.shown, uri)
		}
		if c.s.conn.Notify(ctx, "textDocument/publishDiagnostics", params) != nil {
			return
		}
	}
}

// clear takes all diagnostics away.
func (c *clan) clear() {
	c.s.mutex.Lock()
	defer c.s.mutex.Unlock()
	for uri := range c.shown {
		if c.s.ctx.Err() != nil {
			return // nobody reads it any more
		}
		_ = c.s.conn.Notify(c.s.ctx, "textDocument/publishDiagnostics",
			publishDiagnosticsParams{URI: uri, Diagnostics: []diagnostic{}})
	}
}

// codeAction is the fixes for what is found in a range.
func (s *server) codeAction(params codeActionParams) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	actions := []codeAction{}
	wanted := func(kind string) bool { return kind == "" || kind == quickFix }
	open := s.documents[params.TextDocument.URI]
	if open == nil || open.clan == nil || len(params.Context.Only) > 0 &&
		!slices.ContainsFunc(params.Context.Only, wanted) {
		return actions, nil
	}
	c := open.clan
	if c.latest == nil || open.number != c.latest.versions[open.uri] {
		return actions, nil // findings are somewhere else by now
	}
	for _, f := range c.findings() {
		uri, d, ok := f.diagnostic()
		if !ok || uri != open.uri || !touch(d.Range, params.Range) {
			continue
		}
		var inv *instance.Inventory
		if c.good != nil {
			inv = c.good.Inventory
		}
		for _, one := range fix.For(inv, f.Finding, f.in.text) {
			if edit, ok := f.edit(one); ok {
				actions = append(actions,
					codeAction{Title: one.Title, Kind: quickFix, Diagnostics: []diagnostic{d},
						IsPreferred: one.Preferred, Edit: edit})
			}
		}
	}
	return actions, nil
}

func touch(a, b Range) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// edit is the change of the files as they are now.
func (f found) edit(fix fix.Fix) (workspaceEdit, bool) {
	v := view{f.in, map[string]*document{}}
	changes := map[string][]textEdit{}
	for _, e := range fix.Edits {
		at, ok := v.location(e.File, e.Start, e.End)
		if !ok {
			return workspaceEdit{}, false
		}
		changes[at.URI] = append(changes[at.URI], textEdit{at.Range, e.New})
	}
	return workspaceEdit{changes}, true
}
