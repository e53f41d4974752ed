package nixeval

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
)

// Directory is one in which a change may change a source tree.
type Directory struct {
	Path string
	// Only are the names in it that matter; empty for all.
	Only []string
}

// Directories are those that a local source tree consists of, to watch them: in git those with tracked files, and git's own. None
// for a reference that is not local.
func (r Ref) Directories(ctx context.Context) ([]Directory, error) {
	switch {
	case r.Root == "":
		return nil, nil
	case r.Git:
		return gitDirectories(ctx, r.Root)
	}
	var found []Directory
	err := filepath.WalkDir(r.Root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && path == r.Root:
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

func gitDirectories(ctx context.Context, root string) ([]Directory, error) {
	own, err := git(ctx, root, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, err
	}
	listing, err := git(ctx, root, "ls-files", "-z")
	if err != nil {
		return nil, err
	}
	// What is added or taken away is in the index, what is committed under HEAD.
	found := []Directory{{Path: own, Only: []string{"index", "HEAD"}}, {Path: root}}
	seen := map[string]bool{".": true, "/": true}
	for file := range strings.SplitSeq(listing, "\x00") {
		for dir := filepath.Dir(file); !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
			found = append(found, Directory{Path: filepath.Join(root, dir)})
		}
	}
	return found, nil
}
