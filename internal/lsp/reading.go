package lsp

import (
	"cmp"
	"errors"
	"iter"
	"path/filepath"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/pkg/instance"
)

// reading is an answer about a clan, and the files as they were then: the places in it are those of that time.
type reading struct {
	*Answer
	clan *clan
	// found are the answer's findings.
	found []found
	// versions are those of the open documents, by their URIs.
	versions map[string]int
	// files are the documents by their paths: those that were open, and others when they are first asked for. Nil is
	// one that cannot be read.
	files map[string]*document
	// refs are the names of parts of the clan.
	refs []refs.Ref
}

// newReading begins a reading. The server is locked.
func (c *clan) newReading() *reading {
	r := &reading{clan: c, versions: map[string]int{}, files: map[string]*document{}}
	for uri, d := range c.s.documents {
		r.versions[uri] = d.number
		r.files[d.path] = d.document
	}
	return r
}

// file is a file as it was read; nil if it could not be. It must be in the flake's tree.
func (r *reading) file(path string) *document {
	d, known := r.files[path]
	if !known {
		d = r.clan.s.onDisk(path)
		r.files[path] = d
	}
	return d
}

var errNotThere = errors.New("there is no such file in the flake")

// halfWritten reports whether a document that was open does not parse.
func (r *reading) halfWritten() bool {
	for uri := range r.versions {
		path := pathOf(uri)
		isJSON := filepath.Base(path) == facts.PersistedName
		isRead := isJSON || filepath.Ext(path) == ".nix"
		if d := r.files[path]; isRead && d != nil && !nixlang.Complete(d.text, isJSON) {
			return true
		}
	}
	return false
}

// text is a file by its name in findings.
func (r *reading) text(name string) ([]byte, error) {
	path, ok := r.clan.path(name)
	if !ok {
		return nil, errNotThere
	}
	if d := r.file(path); d != nil {
		return d.text, nil
	}
	_, err := r.clan.s.config.Read(path)
	return nil, cmp.Or(err, errNotThere)
}

// inFlake is a file in the flake's directory by its name in findings.
func (c *clan) inFlake(name string) string { return refs.InFlake(c.ref.Root, c.ref.Dir, name) }

// path is that of a file on disk by its name in findings; false for one that is not in the flake's tree.
func (c *clan) path(file string) (string, bool) {
	if file == "" || strings.HasPrefix(file, "<") || !filepath.IsLocal(file) {
		return "", false
	}
	return filepath.Join(c.ref.Root, file), true
}

// view is a reading in files as they are later, during one request.
type view struct {
	*reading
	// later returns a file as it is then; nil if it cannot be read.
	later func(path string) *document
	// carriers lead from the files as they were read, by their paths; nil for one that cannot be read.
	carriers map[string]*carrier
}

func (r *reading) as(later func(path string) *document) *view {
	return &view{r, later, map[string]*carrier{}}
}

// view is that of the last good answer, in the files as they are now; nil if there is none. The server is locked.
func (c *clan) view() *view {
	if c == nil || c.good == nil {
		return nil
	}
	return c.good.as(c.s.file)
}

// viewOf is that of the clan of an open document.
func (s *server) viewOf(uri string) (*view, *openDocument) {
	d := s.documents[uri]
	if d == nil {
		return nil, nil
	}
	return d.clan.view(), d
}

// carrier leads from a file as it was read to what it is later; nil if it cannot be read.
func (v *view) carrier(path string) *carrier {
	c, known := v.carriers[path]
	if !known {
		if old, now := v.file(path), v.later(path); old != nil && now != nil {
			c = between(old, now)
		}
		v.carriers[path] = c
	}
	return c
}

// location is where a part of a file is later, for the editor; false where it was changed.
func (v *view) location(file string, start, end int) (Location, bool) {
	path, ok := v.clan.path(file)
	if !ok {
		return Location{}, false
	}
	c := v.carrier(path)
	if c == nil {
		return Location{}, false
	}
	start, end, ok = c.carry(start, end)
	if !ok {
		return Location{}, false
	}
	return Location{v.clan.s.uriOf(path), c.now.span(start, end, v.clan.s.encoding)}, true
}

// notThere is the URI of a file of the flake that there is not yet; false where there is one by now.
func (v *view) notThere(file string) (string, bool) {
	path, ok := v.clan.path(file)
	if !ok || v.later(path) != nil {
		return "", false
	}
	return v.clan.s.uriOf(path), true
}

// position is where a position is later.
func (v *view) position(p instance.Position) (Location, bool) {
	path, ok := v.clan.path(p.File)
	if !ok {
		return v.elsewhere(p)
	}
	d := v.file(path)
	if d == nil {
		return Location{URI: v.clan.s.uriOf(path)}, true // a directory, or what cannot be read
	}
	at := d.at(p.Line, p.Column)
	return v.location(p.File, at, d.name(at))
}

// elsewhere is a position in a file of an input, which is in the Nix store.
func (v *view) elsewhere(p instance.Position) (Location, bool) {
	input, file, ok := strings.Cut(strings.TrimPrefix(p.File, "<"), ">/")
	store := facts.Of(v.Inventory).Catalogue.Inputs[input].Source
	if !ok || store == "" || !filepath.IsLocal(file) {
		return Location{}, false
	}
	path := filepath.Join(store, file)
	location := Location{URI: v.clan.s.uriOf(path)}
	if d := v.later(path); d != nil {
		at := d.at(p.Line, p.Column)
		location.Range = d.span(at, d.name(at), v.clan.s.encoding)
	}
	return location, true
}

// here are the names in an open document, as it is now.
func (v *view) here(d *openDocument) iter.Seq[refs.Ref] {
	return func(yield func(refs.Ref) bool) {
		old := v.file(d.path)
		name, err := filepath.Rel(v.clan.ref.Root, d.path)
		if old == nil || err != nil {
			return
		}
		change := between(old, d.document)
		for i := range v.refs {
			if v.refs[i].File != name {
				continue
			}
			start, end, ok := change.carry(v.refs[i].Start, v.refs[i].End)
			if !ok {
				continue
			}
			_, whole, ok := change.carry(v.refs[i].Whole, v.refs[i].Whole)
			if !ok {
				whole = end
			}
			r := v.refs[i]
			r.Start, r.End, r.Whole = start, end, whole
			if !yield(r) {
				return
			}
		}
	}
}

// at is the name at a position, with all that it is about; empty where there is none.
func (v *view) at(d *openDocument, p Position) []refs.Ref {
	offset := d.offset(p, v.clan.s.encoding)
	var found []refs.Ref
	for r := range v.here(d) {
		if r.Kind != "" && r.Start <= offset && offset <= r.End && (len(found) == 0 || found[0].Start == r.Start) {
			found = append(found, r)
		}
	}
	return found
}
