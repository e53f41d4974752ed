package filetree

import (
	"context"
	"io/fs"
	"path/filepath"

	"github.com/clanctl/clanctl/internal/git"
)

// Directory is one in which a change may change a source tree.
type Directory struct {
	Path string
	// Only are the names in it that matter; empty for all.
	Only []string
}

// Directories are those that the tree consists of, to watch them: in git those with tracked files, and git's own.
func (s Source) Directories(ctx context.Context) ([]Directory, error) {
	if s.Git {
		return s.gitDirectories(ctx)
	}
	var found []Directory
	err := filepath.WalkDir(s.Root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && path == s.Root:
			return err
		case err != nil:
			return nil // just gone, or not to be read: then Nix says so
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			found = append(found, Directory{Path: path})
		}
		return ctx.Err()
	})
	return found, err
}

func (s Source) gitDirectories(ctx context.Context) ([]Directory, error) {
	repo := git.Repo(s.Root)
	own, err := repo.Dir(ctx)
	if err != nil {
		return nil, err
	}
	listing, err := repo.Index(ctx)
	if err != nil {
		return nil, err
	}
	// What is added or taken away is in the index, what is committed under HEAD.
	found := []Directory{{Path: own, Only: []string{"index", "HEAD"}}, {Path: s.Root}}
	seen := map[string]bool{".": true}
	for _, file := range listing {
		for dir := filepath.Dir(file.Path); !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
			found = append(found, Directory{Path: filepath.Join(s.Root, dir)})
		}
	}
	return found, nil
}
