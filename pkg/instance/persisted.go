package instance

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// PersistedName is the name of the file in a clan's directory in which programs keep their part of the inventory.
const PersistedName = "inventory.json"

// Persisted is what Nix knows of a clan's inventory.json: where it belongs, and what else defines the inventory.
type Persisted struct {
	// Root is the top of the flake's source tree, Dir the clan's directory in it, relative to Root ("." for itself), which need not
	// be that of the flake.
	Root, Dir string
	// Git: the tree is seen through git, tracked files only.
	Git bool
	// Recorded: the module system tells who defines what. In a plain flake, and where clan-core is very old, it does not;
	// attributes that stand in a Nix file are known all the same.
	Recorded bool

	owners    any
	positions *positions
	// alone: the owners are those of the clan without inventory.json.
	alone bool
}

// Owner is one definition of a part of the inventory in Nix.
type Owner struct {
	// Position is where it is written; nil if Nix does not know.
	Position *Position
	// Priority is 100 for a plain value, less for one by force (mkForce), more for a default (mkDefault).
	Priority int64
}

// File is the path of inventory.json.
func (p *Persisted) File() string { return filepath.Join(p.Root, p.Dir, PersistedName) }

// Owners are the definitions of a part of the inventory outside of inventory.json, given by its path below `inventory`:
// ("instances", NAME, "roles", ROLE, "machines", MACHINE, "settings", OPTION), the names in a machine's list of tags like the names
// in a set. Empty where Nix defines no such thing.
func (p *Persisted) Owners(path ...string) []Owner {
	if len(path) == 0 {
		return nil
	}
	node := child(p.owners, path[0])
	if len(path) == 1 {
		priority := asInt(child(node, "priority"))
		// The option's own default is nothing that could be lost.
		if priority == 0 || priority == 100 || priority > 100 && len(asMap(child(node, "below"))) == 0 {
			return nil
		}
		return []Owner{{Priority: priority}}
	}
	for _, key := range path[1:] {
		node = child(node, "below", key)
	}
	var owners []Owner
	for _, raw := range asList(child(node, "at")) {
		if p.isPersisted(raw) {
			continue
		}
		owners = append(owners, Owner{Position: p.positions.pick([]any{raw}, path), Priority: asInt(child(raw, "priority"))})
	}
	return owners
}

// isPersisted reports whether a definition is inventory.json's own. Values that a plain flake read from JSON have no place at all.
func (p *Persisted) isPersisted(at any) bool {
	if p.alone {
		return false
	}
	if asString(child(at, "file")) == "" {
		return !p.Recorded
	}
	for _, key := range []string{"file", "definedIn"} {
		file := definitionFile(asString(child(at, key)))
		if local, ok := p.positions.sources.Local(file); ok && filepath.Clean(local) == filepath.Join(p.Dir, PersistedName) {
			return true
		}
	}
	return false
}

// LoadPersisted is [Load], and what Nix knows of the clan's inventory.json, from the same Nix process. The Persisted is nil where the
// inventory is; its owners are empty where the clan's definitions do not evaluate.
func LoadPersisted(ctx context.Context, flake string, config Config) (*Inventory, *Persisted, error) {
	ref, err := nixeval.ResolveRef(flake)
	if err != nil {
		return nil, nil, err
	}
	if ref.Root == "" {
		return nil, nil, &NotLocalError{Ref: flake}
	}
	persisted := &Persisted{Root: ref.Root, Git: ref.Git}
	inv, err := load(ctx, flake, config, request{owners: true, then: func(l *loader) error {
		for _, name := range []string{"instances", "machines"} {
			if child(l.facts, "owners", name) != nil {
				continue
			}
			node, err := l.one(ctx, query{}, []string{"owners", name}) // the clan had to be read in parts
			if err != nil {
				return err
			}
			graft(l.facts, []string{"owners", name}, node)
		}
		persisted.owners, persisted.positions = l.facts["owners"], l.inv.positions
		persisted.Recorded = asBool(child(l.facts, "owners", "instances", "recorded"))
		if l.inv.Flake.Layout == LayoutInventory {
			// Without clan-core it is the flake's own.
			dir, err := filepath.Rel(ref.Root, ref.Dir)
			persisted.Dir = dir
			return err
		}
		dir, own := l.clanDir()
		if !own || !inside(ref.Root, dir) {
			return &ForeignDirectoryError{Directory: asString(child(l.facts["flake"], "directory"))}
		}
		persisted.Dir = dir
		return nil
	}})
	if inv == nil || persisted.positions == nil {
		return nil, nil, err
	}
	return inv, persisted, err
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

// Alone returns the same, but with the owners of the clan as it is without inventory.json: for where it is not Recorded what is the
// file's and what is Nix's. It takes a Nix process of its own. Where the clan does not evaluate without the file it is p.
func (p *Persisted) Alone(ctx context.Context, flake string, config Config) (*Persisted, error) {
	var alone *Persisted
	err := withCopy(ctx, flake, map[string][]byte{filepath.Join(p.Dir, PersistedName): []byte("{}\n")}, config, func(_ nixeval.Ref, copied string, config Config) (err error) {
		config.Omit = OmitSettings
		_, alone, err = LoadPersisted(ctx, copied, config)
		return err
	})
	if alone == nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return p, nil
	}
	same := *p
	same.owners, same.positions, same.alone = alone.owners, alone.positions, true
	return &same, nil
}

// LoadWith is [Load] as if files had another content: paths are relative to the top of the flake's source tree. The flake itself, git's
// index and the caches are left alone: a copy of what Nix sees of the tree is evaluated in a temporary directory. The flake has to be
// a local directory.
func LoadWith(ctx context.Context, flake string, config Config, files map[string][]byte) (inv *Inventory, err error) {
	err = withCopy(ctx, flake, files, config, func(ref nixeval.Ref, copied string, config Config) error {
		var err error
		if inv, err = Load(ctx, copied, config); inv != nil {
			inv.Flake.Ref, inv.Flake.URL = flake, ref.URL
			if flake == "" {
				inv.Flake.Ref = "."
			}
		}
		return err
	})
	return inv, err
}

// withCopy calls do for a copy of a flake.
func withCopy(ctx context.Context, flake string, files map[string][]byte, config Config, do func(ref nixeval.Ref, copied string, config Config) error) error {
	ref, err := nixeval.ResolveRef(flake)
	if err != nil {
		return err
	}
	if ref.Root == "" {
		return &NotLocalError{Ref: flake}
	}
	if !ref.IsPlain() {
		return fmt.Errorf("cannot copy what Nix sees of %s: it asks for more than the files of a tree", ref.URL)
	}
	top, remove, err := filetree.Source{Root: ref.Root, Git: ref.Git}.Copy(ctx, files)
	if err != nil {
		return err
	}
	defer remove()
	copied := (&url.URL{Scheme: "path", OmitHost: true, Path: top}).String()
	if sub, err := filepath.Rel(ref.Root, ref.Dir); err != nil || sub != "." {
		// Nix 2.8 knows a flake below the top of a tree in git only.
		if err := errors.Join(err, git.Repo(top).Track(ctx)); err != nil {
			return err
		}
		copied = filepath.Join(top, sub)
	}
	config.Evaluator.CacheDir, config.Evaluator.Refresh = "", false
	return do(ref, copied, config)
}

// NotLocalError: the flake is no directory on this machine, so that nothing can be written.
type NotLocalError struct{ Ref string }

func (e *NotLocalError) Error() string {
	return "the flake " + e.Ref + " is not a directory on this machine, so that it cannot be changed"
}

// Hint says what to do.
func (e *NotLocalError) Hint() string { return "name a checkout with --flake" }

// ForeignDirectoryError: the clan's directory is not in the flake's source tree.
type ForeignDirectoryError struct{ Directory string }

func (e *ForeignDirectoryError) Error() string {
	return "the clan's directory " + e.Directory + " is not in the flake's own source tree, so that its " + PersistedName + " cannot be written"
}

// Hint says what to do.
func (e *ForeignDirectoryError) Hint() string {
	return "set the clan's `directory` to `self`, or to a directory below it (./fleet)"
}

// FindFlake returns the directory of the flake that a reference means, and the top of the source tree that it is in, without running
// Nix.
func FindFlake(flake string) (root, dir string, err error) {
	ref, err := nixeval.ResolveRef(flake)
	if err == nil && ref.Root == "" {
		err = &NotLocalError{Ref: flake}
	}
	return ref.Root, ref.Dir, err
}
