package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/internal/recall"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// policyFiles reads the files that say which findings count: as they are or, with --policy-from, as a revision has
// them, so that a change cannot silence what is found in it.
type policyFiles struct {
	c      *cli.Context
	source *sourceTree
	// commit is that of the revision, and then the tree as it has it; empty without.
	commit string
	then   *sourceTree
}

func policyFilesOf(c *cli.Context) (policyFiles, error) {
	p := policyFiles{c: c, source: sourceOf(c)}
	revision := c.String("policy-from")
	if revision == "" {
		return p, nil
	}
	ref, err := nixeval.ResolveRef(c.String("flake"))
	if err != nil {
		return p, err
	}
	if !ref.Git {
		return p, usageError{"--policy-from names a git revision, and the flake is not in a local git repository", ""}
	}
	p.commit, err = git.Repo(ref.Root).Resolve(c.Context, revision)
	hangsOn(c, recall.Commit(c.String("flake"), revision, p.commit))
	p.then = p.source.at(c.Context, p.commit)
	return p, err
}

// read returns a file of the flake; [fs.ErrNotExist] where there is none.
func (p policyFiles) read(name string) ([]byte, error) {
	if p.commit == "" {
		return p.readNow(name)
	}
	text, err := p.then.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w in %s", err, p.c.String("policy-from"))
	}
	return text, err
}

// readNow returns it as it is, whatever the policy is from.
func (p policyFiles) readNow(name string) ([]byte, error) {
	text, err := p.source.read(name)
	if p.source.root != "" {
		hangsOn(p.c, recall.File(p.source.root, name, text, err))
	}
	return text, err
}

// readNamed returns a file that the command line names, and its name in the flake's source tree; of one that lies
// elsewhere the name that it was given.
func (p policyFiles) readNamed(file string) (string, []byte, error) {
	name, inside := p.source.named(file)
	if inside && p.commit != "" {
		text, err := p.read(name)
		return name, text, err
	}
	text, err := outputFile(file).read()
	hangsOn(p.c, recall.File("", file, text, err))
	return name, text, err
}

// policy is what the clan's own file says; without one, nothing.
func (p policyFiles) policy() (*policy.File, error) {
	name := p.source.inFlake(policy.Name)
	text, err := p.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &policy.File{}, nil
	}
	if err != nil {
		return nil, err
	}
	return policy.Parse(name, text)
}

// comments are the ignores in the files of what was found. With a revision's policy they are about nothing that
// comments do not ignore in the revision, too; at says what is found there.
func (p policyFiles) comments(l looked, at func(flake string) (looked, error)) (policy.Ignores, error) {
	found := p.source.comments(l.files())
	if p.commit == "" || len(found) == 0 {
		return found, nil
	}
	ignored := map[string]bool{}
	found.Only(ignored)
	ref, err := nixeval.ResolveRef(p.c.String("flake"))
	if err != nil {
		return nil, err
	}
	flake, _, exists, err := atRevision(p.c.Context, ref, p.commit)
	if err != nil || !exists {
		return found, err
	}
	then, err := at(flake)
	if p.c.Context.Err() != nil {
		return nil, p.c.Context.Err()
	}
	if err != nil {
		forget(p.c)
		say(p.c, "comments ignore nothing, because the clan of %s could not be loaded: %v", p.c.String("policy-from"),
			err)
		return found, nil
	}
	maps.Copy(ignored, p.then.comments(then.files()).Ignored(then.inv, then.findings))
	return found, nil
}

// other says that the policy file of a revision counts, and another one is there; empty if it is not so.
func (p policyFiles) other() string {
	if p.commit == "" {
		return ""
	}
	name := p.source.inFlake(policy.Name)
	then, thenErr := p.read(name)
	now, nowErr := p.readNow(name)
	if !bytes.Equal(then, now) || errors.Is(thenErr, fs.ErrNotExist) != errors.Is(nowErr, os.ErrNotExist) {
		return fmt.Sprintf("%s differs from that of %s, which counts", name, p.c.String("policy-from"))
	}
	return ""
}

// rules are the clan's own, and those of a file that the command line names.
func (p policyFiles) rules(of *policy.File) ([]*policy.Rule, error) {
	rules := of.Rules
	file := p.c.Path("rules")
	if file == "" {
		return rules, nil
	}
	name, text, err := p.readNamed(file)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	more, err := policy.ParseRules(name, text)
	if err != nil {
		return nil, err
	}
	for _, rule := range more {
		if slices.Contains(of.Codes(), rule.Code) {
			return nil, usagef("both %s and %s have a rule with the code %q", policy.Name, file, rule.Code)
		}
	}
	return append(rules[:len(rules):len(rules)], more...), nil
}

// sayOutcomes says what rules selected: each part of those that are asked for by name.
func sayOutcomes(c *cli.Context, outcomes []policy.Outcome) {
	var b bytes.Buffer
	for _, o := range outcomes {
		fmt.Fprintf(&b, "rule %s: selected %d in %d ms\n", o.Code, len(o.Selected), o.Took.Milliseconds())
		if !slices.Contains(c.StringSlice("only"), o.Code) {
			continue
		}
		for _, s := range o.Selected {
			var path []string
			for _, step := range s.Path {
				path = append(path, fmt.Sprint(step))
			}
			value := textview.Shortened(textview.CompactJSON(s.Value), 80)
			fmt.Fprintf(&b, "  %s = %s\n", flat(nixlang.PathString(path)), flat(value))
		}
	}
	_, _ = b.WriteTo(stderr(c))
}
