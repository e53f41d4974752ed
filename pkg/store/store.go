package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Store is a clan's inventory.json, opened to be changed. It must not be used by several goroutines at once.
type Store struct {
	// Force writes nonetheless: names are not looked up, what is Nix's is written, for somebody who is about to change
	// Nix's part, too, and so is what would break the clan or have no effect.
	Force bool

	ref    instance.Ref
	config instance.Config
	before *instance.Inventory
	// trees are those that the clan was read from, as they were then.
	trees facts.Observed

	path     string // of the file
	original []byte // what was read; nil if there is no file
	missing  bool
	tracked  bool // git has the file
	doc      *document

	changes []change
	// written are the layers of settings that were written to.
	written []Layer
	// moves are instances that were renamed, in order; renamed what came of it, for those that there were: the new name
	// to the old.
	moves   [][2]string
	renamed map[string]string
	// gone are the names of instances that were deleted or renamed.
	gone    map[string]bool
	preview *Preview
	lock    *lock
}

// change is one change that was made in memory.
type change struct {
	// path is what it concerns; a later change of the same replaces it.
	path []string
	// text says what it is, for the log of version control.
	text string
	// check looks whether the evaluated clan is what was meant; it returns what is missing, or "".
	check func(after *instance.Inventory) string
}

// Open reads a clan's inventory.json and evaluates the clan as it is. The flake has to be a local directory. Config is
// as for [instance.Load]; its Instances and Need are not used: all of the clan is looked at.
//
// The error for a clan of which nothing can be had is that of [instance.Load]. A clan that evaluates in part can be
// changed: that may be what mends it.
func Open(ctx context.Context, ref instance.Ref, config instance.Config) (*Store, error) {
	return open(ctx, ref, config, nil)
}

// OpenExclusive is Open with a lock that is taken before anything is read, and held until [Store.Close]: others that
// write with this package wait. It waits for its turn until the context ends.
func OpenExclusive(ctx context.Context, ref instance.Ref, config instance.Config) (*Store, error) {
	if ref.Root == "" {
		return nil, fmt.Errorf("the flake %s %w, so it cannot be changed", ref.Text, instance.ErrNotLocal)
	}
	lock, err := lockTree(ctx, ref.Root)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, ref, config, lock)
	if err != nil {
		lock.release()
		return nil, err
	}
	return s, nil
}

// Close lets others write. Without OpenExclusive it does nothing.
func (s *Store) Close() {
	if s.lock != nil {
		s.lock.release()
		s.lock = nil
	}
}

func open(ctx context.Context, ref instance.Ref, config instance.Config, lock *lock) (*Store, error) {
	if ref.Root == "" {
		return nil, fmt.Errorf("the flake %s %w, so it cannot be changed", ref.Text, instance.ErrNotLocal)
	}
	config.Instances, config.Need = nil, 0
	s := &Store{ref: ref, config: config, lock: lock, renamed: map[string]string{}, gone: map[string]bool{}}
	config.Need = facts.NeedOwners
	var err error
	if s.trees, err = facts.Observe(ctx, []filetree.Source{{Root: ref.Root, Git: ref.Git}}); err != nil {
		return nil, err
	}
	if s.before, err = instance.Load(ctx, ref, config); s.before == nil {
		return nil, err
	}
	if file := facts.Of(s.before).PersistedFile; file == "" || !inside(ref.Root, filepath.Dir(file)) {
		return nil,
			&hint.Error{Text: "the clan's directory is not in the flake's own source tree, so that its " +
				facts.PersistedName + " cannot be written",
				Advice: "set the clan's `directory` to `self`, or to a directory below it (./fleet)"}
	}
	others, err := facts.Observe(ctx, facts.Of(s.before).Trees[1:])
	if err != nil {
		return nil, err
	}
	s.path = filepath.Join(ref.Root, facts.Of(s.before).PersistedFile)
	if s.original, s.missing, err = read(s.path); err != nil {
		return nil, err
	}
	if changed, err := s.trees.Changed(ctx); err != nil {
		return nil, err
	} else if len(changed) > 0 { // while Nix read them
		return nil, conflict(changed)
	}
	s.trees = append(s.trees, others...)
	if err := s.checkGit(ctx); err != nil {
		return nil, err
	}
	text := s.original
	if s.missing {
		text = []byte(emptyDocument)
	}
	doc, fault := parseDocument(text)
	if fault != nil {
		return nil, fault.In(s.path, nil)
	}
	s.doc = doc
	if !facts.Of(s.before).Owners.Recorded && !s.doc.isEmpty() {
		return s, s.ownersAlone(ctx)
	}
	return s, nil
}

// ownersAlone finds out what is Nix's where that is not recorded: what the clan has without the file. Where it does not
// evaluate without, nothing more is known.
func (s *Store) ownersAlone(ctx context.Context) error {
	config := s.config
	config.Need, config.Overlay = instance.NeedInstances|facts.NeedOwners,
		map[string][]byte{s.relative(): []byte("{}\n")}
	alone, err := instance.Load(ctx, s.ref, config)
	if alone == nil {
		if ctx.Err() != nil {
			return err
		}
		return nil
	}
	facts.Of(s.before).Owners = facts.Of(alone).Owners
	disown(facts.Of(alone).Owners.Below)
	return nil
}

// disown marks all definitions as Nix's.
func disown(tree map[string]*facts.Place) {
	for _, node := range tree {
		for i := range node.Owners {
			node.Owners[i].Persisted = false
		}
		disown(node.Below)
	}
}

// inside reports whether a directory of a tree is one in it, and no link leads out.
func inside(root, dir string) bool {
	top, err := os.OpenRoot(root)
	if err != nil {
		return false
	}
	defer top.Close()
	info, err := top.Stat(dir)
	return err == nil && info.IsDir()
}

// position is where the file that was read has something; none if it has not.
func (s *Store) position(path ...string) (pos instance.Position) {
	d, fault := parseDocument(s.original)
	if fault != nil {
		return pos
	}
	if object, at := d.member(path); object != nil {
		d.root.UpdateOffsets()
		pos.File = s.relative()
		pos.Line, pos.Column = jsonvalue.Line(jsonvalue.Body(s.original), object.Members[at].Name.StartOffset)
	}
	return pos
}

// repo is the git repository that the flake is in.
func (s *Store) repo() git.Repo { return git.Repo(s.ref.Root) }

// relative is the file's path in the flake's source tree.
func (s *Store) relative() string { return facts.Of(s.before).PersistedFile }

// checkGit makes sure that Nix can see the file: in a git work tree just tracked files count.
func (s *Store) checkGit(ctx context.Context) error {
	if !s.ref.Git {
		return nil
	}
	entries, err := s.repo().Index(ctx, s.relative())
	if err != nil {
		return err
	}
	for _, e := range entries {
		s.tracked = true
		switch {
		case e.Skipped && s.missing:
			return &hint.Error{Text: s.path +
				" is left out of this sparse checkout, so that the clan is evaluated without it",
				Advice: "check it out first: git sparse-checkout add, or disable"}
		case e.Skipped:
			return &hint.Error{Text: s.path + " is marked skip-worktree, so that git takes no notice of changes to it",
				Advice: shell.Join([]string{"git", "update-index", "--no-skip-worktree", s.relative()})}
		case e.Assumed:
			return &hint.Error{Text: s.path +
				" is marked assume-unchanged, so that git takes no notice of changes to it",
				Advice: shell.Join([]string{"git", "update-index", "--no-assume-unchanged", s.relative()})}
		}
	}
	if s.tracked {
		return nil
	}
	if ignored, err := s.repo().Ignores(ctx, s.relative()); err != nil || ignored {
		if err != nil {
			return err
		}
		return &hint.Error{Text: s.path + " is ignored by git, so that Nix does not see it",
			Advice: "remove it from .gitignore"}
	}
	if doc, fault := parseDocument(s.original); !s.missing && (fault != nil || !doc.isEmpty()) {
		return &hint.Error{Text: s.path +
			" is there, but git does not track it, so that the clan is evaluated without it",
			Advice: "to make Nix see it: " + shell.Join([]string{"git", "add", "-N", s.relative()})}
	}
	return nil
}

// Inventory is the clan as it evaluates now, before any change.
func (s *Store) Inventory() *instance.Inventory { return s.before }

// text is what the file would hold.
func (s *Store) text() []byte { return s.doc.text() }

// changed reports whether there is anything to write.
func (s *Store) changed() bool {
	if s.missing {
		return !s.doc.isEmpty()
	}
	return !bytes.Equal(s.doc.text(), s.original)
}

// did records a change.
func (s *Store) did(path []string, text string, check func(*instance.Inventory) string) {
	s.forget(path, false)
	s.changes = append(s.changes, change{slices.Clone(path), text, check})
	s.preview = nil
}

// forget drops changes that do not hold any more, of a part of the inventory or also of all that is in it.
func (s *Store) forget(path []string, all bool) {
	s.changes = slices.DeleteFunc(s.changes, func(c change) bool {
		return slices.Equal(c.path, path) || all && len(c.path) > len(path) && slices.Equal(c.path[:len(path)], path)
	})
}

// later returns what becomes of an instance's name by renames that are still to come.
func (s *Store) later() func(name string) string {
	from := len(s.moves)
	return func(name string) string {
		for _, move := range s.moves[from:] {
			if move[0] == name {
				name = move[1]
			}
		}
		return name
	}
}

// read returns the content of a file that may be written; missing tells that there is none.
func read(path string) (text []byte, missing bool, err error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, true, nil
	case err != nil:
		return nil, false, err
	case info.Mode()&os.ModeSymlink != 0:
		target, _ := os.Readlink(path)
		return nil, false,
			&hint.Error{Text: path + " is a symbolic link to " + target +
				", which writing would replace with a file",
				Advice: "replace the link with the file itself"}
	case !info.Mode().IsRegular():
		return nil, false, &hint.Error{Text: path + " is not a file", Advice: "move it away"}
	case info.Mode().Perm()&0o200 == 0:
		return nil, false, &hint.Error{Text: path + " is read-only", Advice: "chmod u+w " + path}
	}
	if text, err = os.ReadFile(path); err != nil {
		return nil, false, err
	}
	if fault := jsonvalue.CheckObject(text, true); fault != nil {
		err = fault.In(path, nil)
	}
	return text, false, err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// may returns why a part must not be written, if it must not.
func (s *Store) may(path ...string) error {
	if access := s.Access(path...); !access.Writable && !s.Force {
		return &ReadOnlyError{path, access}
	}
	return nil
}

// mayRemove returns why a part must not be taken away; known is false where that is not because of Nix.
func (s *Store) mayRemove(path ...string) (err error, known bool) {
	access := s.Access(path...)
	switch {
	case access.Removable || access.Persisted && s.Force:
		return nil, true
	case access.Reason != "":
		return &ReadOnlyError{path, access}, true
	}
	return nil, false
}
