package lsp

import (
	"bytes"
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/clanctl/clanctl/internal/policy"
)

// openDocument is a file as the editor shows it.
type openDocument struct {
	*document
	uri, path string
	// number is that of the editor's version.
	number int
	// clan is that of the flake it is in; nil if it is in none.
	clan *clan
}

// pathOf is the path of a file by its URI; empty for what is not a file.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(u.Path) {
		return ""
	}
	// The flake's directory is known by its real path.
	dir, name := filepath.Split(filepath.Clean(u.Path))
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.Join(dir, name)
}

// uriOf is the URI of a file by its path. An open document keeps the one that the editor gave it.
func (s *server) uriOf(path string) string {
	for uri, d := range s.documents {
		if d.path == path {
			return uri
		}
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// While somebody types, the clan is read only after a pause.
const typing = 250 * time.Millisecond

func (s *server) didOpen(params documentParams) {
	of := params.TextDocument
	d := &openDocument{uri: of.URI, path: pathOf(of.URI), number: of.Version,
		document: newDocument([]byte(of.Text))}
	d.version = &version{}
	s.documents[of.URI] = d
	if d.path == "" {
		return
	}
	d.clan = s.clanOf(d.path)
	d.clan.wake(0)
}

func (s *server) didChange(params documentParams) {
	d := s.documents[params.TextDocument.URI]
	if d == nil || len(params.ContentChanges) == 0 {
		return
	}
	d.number = params.TextDocument.Version
	d.document = d.edited([]byte(params.ContentChanges[len(params.ContentChanges)-1].Text))
	d.clan.wake(typing)
}

func (s *server) didSave(params documentParams) {
	d := s.documents[params.TextDocument.URI]
	if d == nil || d.path == "" {
		return
	}
	if d.clan == nil {
		d.clan = s.clanOf(d.path) // there may be a flake.nix only now
	}
	if d.clan != nil {
		d.clan.modulesStale = true
		d.clan.wake(0)
	}
}

func (s *server) didClose(params documentParams) {
	d := s.documents[params.TextDocument.URI]
	delete(s.documents, params.TextDocument.URI)
	if d == nil || d.clan == nil {
		return
	}
	for _, other := range s.documents {
		if other.clan == d.clan {
			d.clan.wake(0) // what was not saved is gone
			return
		}
	}
	d.clan.end()
	delete(s.clans, d.clan.ref.Dir)
}

// file is one as the editor shows it, or as it is on disk; nil if it cannot be read. The server is locked.
func (s *server) file(path string) *document {
	for _, d := range s.documents {
		if d.path == path {
			return d.document
		}
	}
	return s.onDisk(path)
}

// onDisk is a file as it is on disk; nil if it cannot be read.
func (s *server) onDisk(path string) *document {
	text, err := s.config.Read(path)
	if err != nil {
		return nil
	}
	return newDocument(text)
}

// unsaved are the texts of open documents that differ from the files of a source tree, by their paths in it. The server
// is locked.
func (s *server) unsaved(root string) map[string][]byte {
	var texts map[string][]byte
	for _, d := range s.documents {
		name, err := filepath.Rel(root, d.path)
		if d.path == "" || err != nil || !filepath.IsLocal(name) || strings.HasPrefix(filepath.ToSlash(name), ".git/") {
			continue
		}
		// A file that is not there is not part of the tree yet; the policy need not be.
		if text, err := s.config.Read(d.path); err == nil && !bytes.Equal(text, d.text) ||
			errors.Is(err, fs.ErrNotExist) && filepath.Base(name) == policy.Name {
			if texts == nil {
				texts = map[string][]byte{}
			}
			texts[filepath.ToSlash(name)] = d.text
		}
	}
	return texts
}
