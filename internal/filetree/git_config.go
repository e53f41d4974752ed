package filetree

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// gitConfig is git's configuration for a work tree. It is asked of git once, and again when one of the files
// that it comes from, or could come from, has changed.
type gitConfig struct {
	// sum stands for all of it; around for what else it hangs on: the environment, and git's state before it was read.
	sum, around digest
	files       []entry
	// attributes is the user's file of attributes.
	attributes string
	// programs: it names some that git runs on files with certain attributes.
	programs bool
}

var (
	programNames = lazyregexp.New(`^(?:filter\..*\.(?:clean|smudge|process)|diff\..*\.command)$`)
	// conversion of content other than of line ends
	conversion     = lazyregexp.New(`\b(?:ident|working-tree-encoding)\b`)
	programUse     = lazyregexp.New(`\b(?:filter|diff)\b`)
	includedByName = lazyregexp.New(`^include(?:if\..*)?\.path$`)
)

// configure brings the configuration up to date, and adds it and the attributes that it names to git's state.
func (t *Tree) configure(ctx context.Context, known *Tree) error {
	hash := sha256.New()
	fmt.Fprintln(hash, t.git.text)
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); name == "HOME" || name == "XDG_CONFIG_HOME" ||
			strings.HasPrefix(name, "GIT_CONFIG") || name == "GIT_ATTR_NOSYSTEM" {
			fmt.Fprintln(hash, entry)
		}
	}
	around := digest(hash.Sum(nil))
	if t.config = known.config; !t.config.holds(around) {
		began := time.Now()
		values, err := git.Repo(t.source.Root).Config(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		t.config = gitConfig{around: around}
		if err := t.config.read(values, t.source.Root, &t.git, began); err != nil {
			return err
		}
		t.configured = true
	}
	for _, file := range t.config.files {
		t.git.looked.add(file.name, file.stamp)
	}
	t.git.text += fmt.Sprintf("%x\n", t.config.sum)
	for _, file := range []string{t.config.attributes, systemAttributes} {
		if _, _, err := t.git.read(file); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether nothing that the configuration comes from has changed.
func (c *gitConfig) holds(around digest) bool {
	return len(c.files) > 0 && c.around == around && !slices.ContainsFunc(c.files, func(e entry) bool {
		now, _ := Stat(e.name) // the zero stamp for none
		return !e.trusts(now)
	})
}

// read understands a configuration, read after a time, as far as it matters, or says what of it makes the
// state of a work tree unknowable.
func (c *gitConfig) read(values []git.Value, root string, g *gitState, began time.Time) error {
	home := os.Getenv("HOME")
	xdg := os.Getenv("XDG_CONFIG_HOME")
	if xdg == "" {
		xdg = filepath.Join(home, ".config")
	}
	c.attributes = filepath.Join(xdg, "git/attributes")
	files := []string{"/etc/gitconfig", os.Getenv("GIT_CONFIG_SYSTEM"), os.Getenv("GIT_CONFIG_GLOBAL"),
		filepath.Join(home, ".gitconfig"), filepath.Join(xdg, "git/config"),
		filepath.Join(g.common, "config"), filepath.Join(g.dir, "config.worktree"),
		filepath.Join(g.common, "config.worktree")}
	hash := sha256.New()
	for _, v := range values {
		fmt.Fprintf(hash, "%s\n%s\n", v.Name, v.Value)
		if v.File != "" {
			files = append(files, v.File)
		}
		switch name := v.Name; {
		case includedByName.MatchString(name):
			included, err := pathOf(v, home)
			if err != nil {
				return err
			}
			files = append(files, included)
		case name == "core.attributesfile":
			var err error
			if c.attributes, err = pathOf(v, home); err != nil {
				return err
			}
		case programNames.MatchString(name):
			c.programs = true
		case name == "core.worktree":
			// Relative to git's directory.
			if at := v.Value; filepath.Join(g.dir, at) != root && filepath.Clean(at) != root {
				return fmt.Errorf("%w: core.worktree points elsewhere", ErrUnknown)
			}
		}
	}
	hash.Sum(c.sum[:0])
	slices.Sort(files)
	for _, file := range slices.Compact(files) {
		switch {
		case file == "":
			continue
		case !filepath.IsAbs(file):
			return fmt.Errorf("%w: git's configuration %s is not an absolute path", ErrUnknown, file)
		}
		e := entry{name: file, hashed: began.UnixNano()}
		e.stamp, _ = Stat(file)
		c.files = append(c.files, e)
	}
	return nil
}

// pathOf is the file that a setting names.
func pathOf(v git.Value, home string) (string, error) {
	rest, inHome := strings.CutPrefix(v.Value, "~/")
	switch {
	case inHome && home != "":
		return filepath.Join(home, rest), nil
	case filepath.IsAbs(v.Value):
		return v.Value, nil
	case v.Value == "" || v.File == "" || strings.HasPrefix(v.Value, "~") || strings.HasPrefix(v.Value, "%("):
		return "", fmt.Errorf("%w: git's setting %s = %s", ErrUnknown, v.Name, v.Value)
	}
	return filepath.Join(filepath.Dir(v.File), v.Value), nil
}

// systemAttributes is where git looks for attributes of all users, as most systems build it.
const systemAttributes = "/etc/gitattributes"

// attributesName is the name of the files in which a tree has git's attributes. An untracked one counts, too.
const attributesName = ".gitattributes"

// addAttributes has each directory with tracked files, and those above it, have an entry for its attributes.
func (t *Tree) addAttributes() {
	at := map[string]int{}
	for i, d := range t.dirs {
		at[d.path] = i
	}
	for i := 0; i < len(t.dirs); i++ {
		d := &t.dirs[i]
		if !slices.ContainsFunc(d.listed, func(e entry) bool { return e.name == attributesName }) {
			d.listed = append(d.listed, entry{name: attributesName})
		}
		if d.path == "" {
			continue
		}
		above := filepath.Dir(d.path)
		if above == "." {
			above = ""
		}
		if _, seen := at[above]; !seen {
			at[above] = len(t.dirs)
			t.dirs = append(t.dirs, dir{path: above})
		}
	}
}

// checkAttributes finds out whether git would run programs on files. (What Nix runs of git is kept from
// running those of the flake's own repository: see [inGit].)
func (t *Tree) checkAttributes() error {
	files := []string{t.config.attributes, systemAttributes, filepath.Join(t.git.common, "info/attributes")}
	for _, d := range t.dirs {
		if (d.attributes == Stamp{}) {
			continue
		}
		path := filepath.Join(t.source.Root, d.path, attributesName)
		if d.attributes.isLink() {
			return fmt.Errorf("%w: %s is a link", ErrUnknown, path)
		}
		files = append(files, path)
	}
	t.programs = false
	for _, file := range files {
		text, _ := os.ReadFile(file)
		if converted := conversion.FindString(string(text)); converted != "" {
			return fmt.Errorf("%w: %s has %s", ErrUnknown, file, converted)
		}
		t.programs = t.programs || t.config.programs && programUse.MatchString(string(text))
	}
	return nil
}

// RunsPrograms reports whether attributes of the tree have git run programs (git-crypt, LFS) on files, if it
// is not kept from it.
func (t *Tree) RunsPrograms() bool { return t.programs }
