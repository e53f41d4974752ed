package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/internal/recall"
	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// sourceTree shows the lines that findings are about: none where it is nil, or the flake is not a local directory.
type sourceTree struct {
	// root is the top of the tree, to which files are relative; dir is the flake's directory in it.
	root, dir string
	// commit, if it is not empty, is the one of the tree's repository that files are read from; kept has those that
	// were.
	commit string
	ctx    context.Context
	kept   map[string][]byte
	// changed are files of another content than they have on disk.
	changed map[string][]byte
}

// at is the same tree as a commit has it.
func (s *sourceTree) at(ctx context.Context, commit string) *sourceTree {
	return &sourceTree{root: s.root, dir: s.dir, commit: commit, ctx: ctx, kept: map[string][]byte{}}
}

// with is the same tree with another content of one file, by its path on disk.
func (s *sourceTree) with(file string, text []byte) *sourceTree {
	changed := *s
	if name, inside := s.named(file); inside {
		changed.changed = map[string][]byte{name: text}
	}
	return &changed
}

// sourceOf is that of the flake that the flags name.
func sourceOf(c *cli.Context) *sourceTree {
	ref, _ := nixeval.ResolveRef(c.String("flake")) // what cannot be read has no lines
	texts, _ := c.Context.Value(editorTexts{}).(map[string][]byte)
	return &sourceTree{root: ref.Root, dir: ref.Dir, changed: texts}
}

// editorTexts is the key of texts in a command's context: what an editor shows of files, by their paths in the tree.
type editorTexts struct{}

// open opens a file of the flake for reading; the error is [fs.ErrNotExist] where there is none. A name from the flake
// leads to nothing outside of it.
func (s *sourceTree) open(name string) (io.ReadCloser, error) {
	switch {
	case s == nil || s.root == "":
		return nil, fs.ErrNotExist
	case s.commit != "":
		text, err := s.committed(name)
		return io.NopCloser(bytes.NewReader(text)), err
	case s.changed[name] != nil:
		return io.NopCloser(bytes.NewReader(s.changed[name])), nil
	}
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// Nor to a pipe, for which one would wait.
	file, err := root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, file.Close(), errors.New("not a regular file"))
	}
	return file, nil
}

// committed is a file as the commit has it.
func (s *sourceTree) committed(name string) ([]byte, error) {
	text, known := s.kept[name]
	if known {
		return text, nil
	}
	text, err := git.Repo(s.root).File(s.ctx, s.commit, name)
	if errors.Is(err, git.ErrNotFound) {
		return nil, fs.ErrNotExist
	}
	if err == nil {
		s.kept[name] = text
	}
	return text, err
}

// read returns what is in a file of the flake; its errors begin with the file's name.
func (s *sourceTree) read(name string) ([]byte, error) {
	file, err := s.open(name)
	if err == nil {
		defer file.Close()
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(file, maxFile+1)); err == nil && len(text) <= maxFile {
			return text, nil
		} else if err == nil {
			err = fmt.Errorf("larger than %d MiB", maxFile>>20)
		}
	}
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err // which says the name, too
	}
	return nil, fmt.Errorf("%s: %w", name, err)
}

// maxLine is more than anybody writes in a line by hand.
const maxLine = 1 << 20

// linesOf returns what reads the lines that findings of a difference are about; a side without a tree has none.
func linesOf(old, now *sourceTree) func(side string, at nixeval.Position) (string, bool) {
	return func(side string, at nixeval.Position) (string, bool) {
		if side == "old" {
			return old.line(at)
		}
		return now.line(at)
	}
}

// line returns a line of a file of the flake; there is none without a tree.
func (s *sourceTree) line(at nixeval.Position) (string, bool) {
	if s == nil || at.Line == 0 || isElsewhere(at.File) {
		return "", false
	}
	file, err := s.open(at.File)
	if err != nil {
		return "", false
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if n == at.Line {
			return lines.Text(), true
		}
	}
	return "", false
}

// column is the column in characters; Nix counts bytes.
func (s *sourceTree) column(at nixeval.Position) int {
	line, ok := s.line(at)
	if !ok {
		return at.Column
	}
	before, _ := textview.SplitLine(line, at.Column)
	return utf8.RuneCountInString(before) + 1
}

// inFlake is a file in the flake's directory, relative to the top of its source tree.
func (s *sourceTree) inFlake(name string) string { return refs.InFlake(s.root, s.dir, name) }

// isElsewhere reports whether a file is none of the flake's source tree: one of an input, written "<input>/file", or of
// rules that the command line names.
func isElsewhere(file string) bool {
	return strings.HasPrefix(file, "<") || file != "" && !filepath.IsLocal(filepath.FromSlash(file))
}

// named is the name in the tree of a file by its path on disk. Links are followed above the tree only: those in it are
// the flake's.
func (s *sourceTree) named(file string) (string, bool) {
	path, err := filepath.Abs(file)
	if err != nil || s.root == "" {
		return file, false
	}
	name, inside := inside(s.root, path)
	if !inside {
		return file, false
	}
	return filepath.ToSlash(name), true
}

// inside is a path relative to a directory that it is in, by the directory's own or its real path; otherwise the path.
func inside(dir, path string) (string, bool) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		real = dir
	}
	for _, dir := range []string{dir, real} {
		if name, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(name) {
			return name, true
		}
	}
	return path, false
}

// comments are the ignores in files of a tree, as far as these can be read.
func (s *sourceTree) comments(files []string) policy.Ignores {
	var found policy.Ignores
	for _, file := range files {
		if text, err := s.read(file); err == nil {
			found = append(found, policy.Comments(file, text)...)
		}
	}
	return found
}

// maxFile is more than anybody writes, or wants to have read, in bytes.
const maxFile = recall.MaxFile
