package store

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/pkg/instance"
)

// suspicious looks for what is wrong with an inventory.json of a flake that does not evaluate. Which of them is the
// clan's the flake would have said; the one beside flake.nix comes first.
func suspicious(ctx context.Context, ref instance.Ref) error {
	root := ref.Root
	files := []string{filepath.Join(ref.Dir, facts.PersistedName)}
	if tracked, err := git.Repo(root).Index(ctx); err == nil {
		for _, e := range tracked {
			if path.Base(e.Path) == facts.PersistedName {
				files = append(files, filepath.Join(root, e.Path))
			}
		}
	} else {
		files = append(files, named(root, facts.PersistedName)...)
	}
	for _, file := range files {
		if _, _, err := read(file); err != nil {
			return err
		}
	}
	return nil
}

// named are the files of a name in a tree, hidden directories left out.
func named(root, name string) (files []string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && entry.Name() == name:
			files = append(files, path)
		}
		return nil
	})
	slices.Sort(files)
	return files
}
