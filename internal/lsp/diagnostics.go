package lsp

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/fix"
	"github.com/clanctl/clanctl/pkg/instance"
)

// findings are those to show: while the flake does not evaluate, those of before besides.
func (c *clan) findings() []instance.Finding {
	if c.latest == nil {
		return nil
	}
	findings := c.latest.Findings
	if c.latest.Inventory == nil && c.good != nil {
		findings = slices.Concat(findings, c.good.Findings)
	}
	return findings
}

// path is that of a file on disk by its name in findings; false for one that is not in the flake's tree.
func (c *clan) path(file string) (string, bool) {
	if file == "" || strings.HasPrefix(file, "<") || !filepath.IsLocal(file) {
		return "", false
	}
	return filepath.Join(c.ref.Root, file), true
}

// place is where a finding is shown: at its position, or else at the top of the flake's own file.
func (c *clan) place(p instance.Position) Location {
	path, ok := c.path(p.File)
	if !ok {
		path, p = filepath.Join(c.ref.Dir, "flake.nix"), instance.Position{}
	}
	location := Location{URI: c.s.uriOf(path)}
	if d, err := c.s.read(path); err == nil {
		at := d.at(p.Line, p.Column)
		location.Range = d.span(at, d.name(at), c.s.encoding)
	}
	return location
}

func (c *clan) diagnostic(f instance.Finding) (string, diagnostic) {
	at := c.place(f.Position)
	if start, end, ok := fix.Where(f, c.readFile); ok {
		if path, ok := c.path(f.File); ok {
			if d, err := c.s.read(path); err == nil {
				at.Range = d.span(start, end, c.s.encoding)
			}
		}
	}
	d := diagnostic{Range: at.Range, Code: string(f.Code), Source: "clanctl", Message: f.Message(),
		CodeDescription: &codeDescription{c.s.config.Manual(string(f.Code))}}
	if about := f.About(); about != "" {
		d.Message = about + ": " + d.Message
	}
	if hint := f.Hint(); hint != "" {
		d.Message += "\n" + hint
	}
	if path, ok := c.path(f.File); !ok && f.File != "" {
		d.Message += "\n(in " + f.Position.String() + ")"
	} else if _, err := c.s.read(path); ok && err != nil {
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
	for _, other := range f.Definitions {
		if other.Position == nil || *other.Position == f.Position {
			continue
		}
		if _, ok := c.path(other.Position.File); ok {
			d.RelatedInformation = append(d.RelatedInformation,
				relatedInformation{c.place(*other.Position), layer(other)})
		}
	}
	return at.URI, d
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
		uri, d := c.diagnostic(f)
		all[uri] = append(all[uri], d)
	}
	for _, uri := range slices.Sorted(maps.Keys(all)) {
		params := publishDiagnosticsParams{URI: uri, Diagnostics: all[uri]}
		if version, open := c.versions[uri]; open && c.s.documents[uri] != nil {
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
	if open.version != c.versions[open.uri] {
		return actions, nil // findings are somewhere else by now
	}
	for _, f := range c.findings() {
		uri, d := c.diagnostic(f)
		if uri != open.uri || !touch(d.Range, params.Range) {
			continue
		}
		var inv *instance.Inventory
		if c.good != nil {
			inv = c.good.Inventory
		}
		for _, found := range fix.For(inv, f, c.readFile) {
			if edit, ok := c.edit(found); ok {
				actions = append(actions,
					codeAction{Title: found.Title, Kind: quickFix, Diagnostics: []diagnostic{d},
						IsPreferred: found.Preferred, Edit: edit})
			}
		}
	}
	return actions, nil
}

func touch(a, b Range) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

func (c *clan) readFile(file string) ([]byte, error) {
	path, ok := c.path(file)
	if !ok {
		return nil, fmt.Errorf("%s is not in the flake", file)
	}
	d, err := c.s.read(path)
	if err != nil {
		return nil, err
	}
	return d.text, nil
}

func (c *clan) edit(f fix.Fix) (workspaceEdit, bool) {
	changes := map[string][]textEdit{}
	for _, e := range f.Edits {
		path, ok := c.path(e.File)
		if !ok {
			return workspaceEdit{}, false
		}
		d, err := c.s.read(path)
		if err != nil {
			return workspaceEdit{}, false
		}
		uri := c.s.uriOf(path)
		changes[uri] = append(changes[uri], textEdit{d.span(e.Start, e.End, c.s.encoding), e.New})
	}
	return workspaceEdit{changes}, true
}
