package lsp

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/fix"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/pkg/instance"
)

// found is a finding of a reading.
type found struct {
	instance.Finding
	// start and end are those of the name that it calls wrong, in its file as it was read, if that is known (named).
	start, end int
	named      bool
	// in are the files that it is shown in.
	in *view
}

// locate looks for the names that findings call wrong.
func locate(findings []instance.Finding, read fix.Read) []found {
	all := make([]found, len(findings))
	for i, f := range findings {
		start, end, named := fix.Where(f, read)
		all[i] = found{Finding: f, start: start, end: end, named: named}
	}
	return all
}

// findings are those to show, in the files as they were when they were read last: while the flake does not evaluate,
// those of before besides.
func (c *clan) findings() []found {
	if c.latest == nil {
		return nil
	}
	readings := []*reading{c.latest}
	if c.latest.Inventory == nil && c.good != nil {
		readings = append(readings, c.good)
	}
	var all []found
	for _, r := range readings {
		in := r.as(c.latest.file)
		for _, f := range r.found {
			f.in = in
			all = append(all, f)
		}
	}
	return all
}

// place is where something is: at its position, or else at the top of the flake's own file; false where the text was
// changed since.
func (f found) place(p instance.Position) (Location, bool) {
	c := f.in.clan
	if _, ok := c.path(p.File); !ok {
		p = instance.Position{File: c.inFlake("flake.nix")}
	}
	return f.in.position(p)
}

// diagnostic is what the editor shows; false where the text was changed since.
func (f found) diagnostic() (uri string, d diagnostic, ok bool) {
	c := f.in.clan
	at, ok := f.place(f.Position)
	if f.named {
		at, ok = f.in.location(f.File, f.start, f.end)
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
	d := diagnostic{Code: f.Code, Source: "clanctl", Message: f.Message(),
		Severity: map[instance.Severity]int{instance.SeverityError: severityError,
			instance.SeverityWarning: severityWarning, instance.SeverityNote: severityInformation}[f.Severity]}
	if f.Code != "" {
		d.CodeDescription = &codeDescription{c.s.config.Manual(d.Code)}
	}
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
	switch f.Code {
	case codes.UnusedTag, codes.UnusedIgnore:
		d.Tags = []int{tagUnnecessary}
	case codes.DeprecatedModule, codes.DeprecatedServices:
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

// end stops reading the clan, and takes all diagnostics away. The server is locked.
func (c *clan) end() {
	c.stop()
	for uri := range c.shown {
		_ = c.s.conn.Notify(c.s.ctx, "textDocument/publishDiagnostics",
			publishDiagnosticsParams{URI: uri, Diagnostics: []diagnostic{}})
	}
}

// codeAction is the fixes for what is found in a range.
func (s *server) codeAction(params codeActionParams) (any, error) {
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
		for _, one := range fix.For(inv, f.Finding, c.inFlake(policy.Name), f.in.text) {
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
	s := f.in.clan.s
	v := f.in.as(s.file)
	edit := workspaceEdit{Changes: map[string][]textEdit{}}
	for _, e := range fix.Edits {
		at, ok := v.location(e.File, e.Start, e.End)
		if e.Create && !ok && s.createsFiles {
			at.URI, ok = v.notThere(e.File)
			edit.DocumentChanges = append(edit.DocumentChanges, documentChange{Kind: createFile, URI: at.URI})
		}
		if !ok {
			return workspaceEdit{}, false
		}
		edit.Changes[at.URI] = append(edit.Changes[at.URI], textEdit{at.Range, e.New})
	}
	if !s.takesVersions {
		return edit, true
	}
	for _, uri := range slices.Sorted(maps.Keys(edit.Changes)) {
		of := &versionedDocument{URI: uri}
		if open := s.documents[uri]; open != nil {
			of.Version = &open.number
		}
		edit.DocumentChanges = append(edit.DocumentChanges, documentChange{TextDocument: of, Edits: edit.Changes[uri]})
	}
	edit.Changes = nil
	return edit, true
}
