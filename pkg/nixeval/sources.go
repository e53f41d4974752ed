package nixeval

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

// Sources maps the store paths of a flake's source back to the user's own files. The zero value maps nothing.
type Sources struct {
	// Root is the top of the local source tree, to which Local's paths are relative; empty for a remote flake.
	Root string

	known sourcetree.Known
	// isExpr: the tree is that of the program, in which only the expression is the user's.
	isExpr bool
	// function is the text of the caller's own function, of Apply.
	function string
}

func init() {
	sourcetree.Of = func(of any) *sourcetree.Known { return &of.(*Sources).known }
}

// Local returns the user's file for a store path: relative to the root of the source tree ("clan.nix"), or
// "<input>/file" for a file of an input. It reports false for a path that it cannot place.
func (s Sources) Local(path string) (string, bool) {
	elsewhere, inStore := splitStore(path)
	if s.known.Store != "" {
		if rel, ok := below(inStore, s.known.Store); ok {
			return rel, true
		}
	}
	for name, store := range s.known.Inputs {
		if rel, ok := below(inStore, store); ok {
			return "<" + name + ">/" + rel, true
		}
	}
	if s.Root == "" {
		return path, false
	}
	if rel, ok := below(path, s.Root); ok {
		return rel, true
	}
	// A copy of a part, or Nix died before it said where the source is: a file of the same name and content is the same
	// file. What lies beside the flake's files, and is none of them, is not in the store.
	if match := storeFile.FindStringSubmatch(inStore); match != nil && filepath.IsLocal(match[2]) {
		tree := elsewhere + s.known.Store
		if _, err := os.Stat(tree); s.known.Store == "" || err != nil {
			tree = s.Root
		}
		for _, dir := range append([]string{""}, s.known.Dirs...) {
			if local := filepath.Join(dir, match[2]); sameContent(elsewhere+match[1], match[2], tree, local) {
				return local, true
			}
		}
	}
	return path, false
}

// inFunction reports whether a store path is that of the caller's own function.
func (s Sources) inFunction(path string) bool {
	elsewhere, inStore := splitStore(path)
	match := storeFile.FindStringSubmatch(inStore)
	if s.function == "" || match == nil || match[2] != functionName {
		return false
	}
	text, err := filetree.ReadFile(elsewhere+match[1], match[2], maxSource)
	return err == nil && string(text) == s.function
}

// ReadFile returns the content of a file of the flake or of its inputs, given by its store path. Whatever a flake says
// where its parts are written, no other file is read, and none that is not a plain file (or larger than 64 MiB).
func (s Sources) ReadFile(path string) ([]byte, error) {
	elsewhere, inStore := splitStore(path)
	for _, store := range append(slices.Collect(maps.Values(s.known.Inputs)), s.known.Store) {
		if rel, ok := below(inStore, store); ok {
			if text, err := filetree.ReadFile(elsewhere+store, rel, maxSource); err == nil {
				return text, nil
			}
		}
	}
	if local, ok := s.own(path); ok && s.Root != "" {
		return filetree.ReadFile(s.Root, local, maxSource)
	}
	return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
}

// maxSource is more than any source file takes.
const maxSource = 64 << 20

// splitStore splits the path of a file in a store elsewhere: where that is, and the path that the file has for Nix.
func splitStore(path string) (elsewhere, inStore string) {
	if match := otherStore.FindStringSubmatch(path); match != nil {
		return match[1], match[2]
	}
	return "", path
}

var (
	// A store elsewhere (NIX_REMOTE=/home/me/root) keeps /nix/store/x in /home/me/root/nix/store/x. Nix gives the
	// latter in positions, and the former everywhere else.
	otherStore = lazyregexp.New(`^(/.+?)(/nix/store/[0-9a-z]{32}-.+)$`)
	storeFile  = lazyregexp.New(`^(/nix/store/[0-9a-z]{32}-[^/]+)/(.+)$`)
	storePaths = lazyregexp.New(`(?:/[0-9A-Za-z+._-]+)*/nix/store/[0-9a-z]{32}-[0-9A-Za-z+._?=-]+(?:/[^\s'"` + "`" +
		`:;,(){}<>«»\x60]*)?`)
)

// Rewrite replaces the store paths in a text that Local can place.
func (s Sources) Rewrite(text string) string {
	return storePaths.ReplaceAllStringFunc(text, func(path string) string {
		trimmed := strings.TrimRight(path, ".")
		if local, ok := s.Local(trimmed); ok {
			return local + path[len(trimmed):]
		}
		return path
	})
}

// below returns path relative to dir when it is dir or inside; one that climbs out again is not.
func below(path, dir string) (string, bool) {
	if path == dir {
		return ".", true
	}
	rest, ok := strings.CutPrefix(path, dir+"/")
	return rest, ok && dir != "" && filepath.IsLocal(rest)
}

func sameContent(dirA, a, dirB, b string) bool {
	x, errX := filetree.ReadFile(dirA, a, maxSource)
	y, errY := filetree.ReadFile(dirB, b, maxSource)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
