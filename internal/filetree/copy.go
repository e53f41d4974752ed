package filetree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/scratch"
)

// Copy copies the tree (of a git work tree the tracked files, as they are on disk) to a new temporary
// directory, with other content for some files, given by their paths relative to the top. It returns that
// directory, and a function that removes it. The tree, git's index and git's objects are left alone. The copy
// has no history.
func (s Source) Copy(ctx context.Context, files map[string][]byte) (dir string, remove func(), err error) {
	top, err := scratch.NewDir("", scratch.Prefix)
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			top.Remove()
		}
	}()
	to, err := filepath.EvalSymlinks(top.Path)
	if err != nil {
		return "", nil, err
	}
	c := &copier{from: s.Root, to: to, instead: files, made: map[string]bool{}}
	c.group.SetLimit(8)
	if s.Git {
		err = c.copyGit(ctx)
	} else {
		err = c.copyPlain()
	}
	if err = errors.Join(err, c.group.Wait()); err != nil {
		return "", nil, err
	}
	for name, text := range files {
		if err := c.parent(name); err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o600); err != nil {
			return "", nil, err
		}
	}
	return to, top.Remove, nil
}

type copier struct {
	from, to string
	instead  map[string][]byte
	made     map[string]bool
	group    errgroup.Group
}

// parent makes the directory of a file.
func (c *copier) parent(name string) error {
	dir := filepath.Dir(name)
	if c.made[dir] {
		return nil
	}
	c.made[dir] = true
	return os.MkdirAll(filepath.Join(c.to, dir), 0o700)
}

func (c *copier) copyGit(ctx context.Context) error {
	listing, err := git.Repo(c.from).Index(ctx)
	if err != nil {
		return err
	}
	for _, tracked := range listing {
		name := tracked.Path
		info, err := os.Lstat(filepath.Join(c.from, name))
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			continue // deleted, but still tracked
		case err != nil:
			return err
		case info.IsDir():
			continue // a submodule: Nix leaves it out
		}
		if err := c.add(name, info); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) copyPlain() error {
	return filepath.WalkDir(c.from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(c.from, path)
		if err != nil || name == "." {
			return err
		}
		if entry.IsDir() {
			return c.parent(filepath.Join(name, "file"))
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return c.add(name, info)
	})
}

// add copies a file or link, in the background.
func (c *copier) add(name string, info fs.FileInfo) error {
	if _, other := c.instead[name]; other {
		return nil
	}
	if err := c.parent(name); err != nil {
		return err
	}
	from, to := filepath.Join(c.from, name), filepath.Join(c.to, name)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file, directory or symlink", from)
	}
	c.group.Go(func() error { return copyFile(from, to, info) })
	return nil
}

// copyFile copies content, the executable bit and the time, which are all that a flake can see of a file.
func copyFile(from, to string, info fs.FileInfo) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600|info.Mode()&0o100)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}
