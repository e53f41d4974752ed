package filetree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// gitState is what of git's own files decides, besides the index, how Nix sees a work tree: which commit it
// is at (`self.rev`, `self.revCount`), whether it is dirty, and so which content counts.
type gitState struct {
	// dir holds the files of this work tree (HEAD, index), common those of the repository.
	dir, common string
	// text stands for all of it: names of files, and hashes of what is in them, which may be secret.
	text string
	// looked are the files that were looked at.
	looked Looks
}

// lookAtGit reads git's files, where they were located. It runs git only where its configuration is not known from an
// earlier look.
func (t *Tree) lookAtGit(ctx context.Context, known *Tree) error {
	g := &t.git
	if err := g.resolve("HEAD"); err != nil {
		return err
	}
	// Each change of a ref in git's newer form gives the list of its tables a new entry. Shallow clones and
	// grafts cut history.
	for _, name := range likeHEAD {
		if _, _, err := g.read(filepath.Join(g.common, name)); err != nil {
			return err
		}
	}
	for _, file := range []string{filepath.Join(g.dir, "reftable/tables.list"),
		filepath.Join(g.common, "reftable/tables.list"),
		filepath.Join(g.common, "shallow"), filepath.Join(g.common, "info/grafts"),
		filepath.Join(g.common, "info/attributes")} {
		if _, _, err := g.read(file); err != nil {
			return err
		}
	}
	replacements := filepath.Join(g.common, "refs/replace")
	if _, _, err := g.look(replacements); err != nil {
		return err
	}
	if replaced, err := os.ReadDir(replacements); err == nil && len(replaced) > 0 {
		return fmt.Errorf("%w: the repository has replaced objects (refs/replace)", ErrUnknown)
	}
	return t.configure(ctx, known)
}

// locate finds git's directories: .git may be a file that says where they are.
func (g *gitState) locate(root string) error {
	g.dir = filepath.Join(root, ".git")
	info, err := os.Stat(g.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		text, _, err := g.read(g.dir)
		if err != nil {
			return err
		}
		dir, ok := strings.CutPrefix(strings.TrimSuffix(text, "\n"), "gitdir: ")
		if !ok {
			return fmt.Errorf("%w: %s has unexpected content", ErrUnknown, g.dir)
		}
		if g.dir = dir; !filepath.IsAbs(dir) {
			g.dir = filepath.Join(root, dir)
		}
	}
	common, found, err := g.read(filepath.Join(g.dir, "commondir"))
	if common = strings.TrimSuffix(common, "\n"); !found {
		common = "."
	}
	if g.common = common; !filepath.IsAbs(common) {
		g.common = filepath.Join(g.dir, common)
	}
	// Git refuses a repository that another user owns.
	for _, path := range []string{root + "/.", filepath.Join(root, ".git"), g.dir + "/."} {
		var st unix.Stat_t
		err = errors.Join(err, unix.Lstat(path, &st))
		g.text += fmt.Sprintf("owner %d\n", st.Uid)
	}
	return err
}

// read notes a file and adds its content to the state; found is false if there is none.
func (g *gitState) read(path string) (text string, found bool, err error) {
	content, found, err := g.look(path)
	g.text += fmt.Sprintf("%s %t %x\n", path, found, sha256.Sum256(content))
	return string(content), found, err
}

// look notes a file and returns its content.
func (g *gitState) look(path string) (content []byte, found bool, err error) {
	content, err = g.looked.Read(path)
	// There is a directory where there is a branch a/b, and a was asked for.
	for _, none := range []error{fs.ErrNotExist, syscall.ENOTDIR, syscall.EISDIR} {
		if errors.Is(err, none) {
			return nil, false, nil
		}
	}
	return content, err == nil, err
}

// likeHEAD are refs that git cannot tell from HEAD by its name.
var likeHEAD = []string{"refs/tags/HEAD", "refs/heads/HEAD"}

// maxSymrefs is how many refs in a row git follows.
const maxSymrefs = 5

// resolve follows a ref to its commit. One that is nowhere has no commit yet.
func (g *gitState) resolve(ref string) error {
	for range maxSymrefs + 1 {
		text, found, err := g.read(filepath.Join(g.dir, ref))
		if err == nil && !found && g.dir != g.common {
			text, found, err = g.read(filepath.Join(g.common, ref))
		}
		if err != nil {
			return err
		}
		if !found {
			return g.resolvePacked(ref)
		}
		next, symbolic := strings.CutPrefix(text, "ref:")
		if !symbolic {
			return g.resolvePacked("")
		}
		if ref = strings.TrimSpace(next); !filepath.IsLocal(ref) {
			return fmt.Errorf("%w: HEAD leads out of git's directory", ErrUnknown)
		}
	}
	return fmt.Errorf("%w: HEAD leads through too many refs", ErrUnknown)
}

// resolvePacked looks for a ref among the packed ones, where there may also be some that put objects in the
// place of others.
func (g *gitState) resolvePacked(ref string) error {
	packed, _, err := g.look(filepath.Join(g.common, "packed-refs"))
	if err != nil {
		return err
	}
	if bytes.Contains(packed, []byte(" refs/replace/")) {
		return fmt.Errorf("%w: the repository has replaced objects (refs/replace)", ErrUnknown)
	}
	for line := range bytes.Lines(packed) {
		if hash, name, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" ")); ok &&
			(string(name) == ref || slices.Contains(likeHEAD, string(name))) {
			g.text += fmt.Sprintf("packed %s %s\n", hash, name)
		}
	}
	return nil
}
