package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/lsp"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/internal/watch"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func lspCommand() *cli.Command {
	return &cli.Command{
		Name:  "lsp",
		Usage: "serve an editor: show findings while a clan is written, and fix them (Language Server Protocol)",
		Description: "The editor starts it and talks to it on standard input and output. It runs beside a language server for Nix, such as nixd or\n" +
			"nil. A file belongs to the flake around it.",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usagef("clanctl lsp takes no names: the editor says which files are open")
			}
			ctx, cancel := context.WithCancel(c.Context)
			defer cancel()
			c.Context = ctx
			return interrupted(lsp.Serve(ctx, newPipes(c.App.Reader, stdout(c)), lsp.Config{
				Version: buildVersion(),
				Flake: func(file string) (instance.Ref, bool) {
					ref, err := nixeval.ResolveRef(filepath.Dir(file))
					return ref, err == nil && ref.Root != ""
				},
				Read: func(path string) ([]byte, error) { return outputFile(path).read() },
				Check: func(ctx context.Context, dir string, texts map[string][]byte) (*lsp.Answer, error) {
					return checkForEditor(flakeIn(c, context.WithValue(ctx, editorTexts{}, texts), dir), texts)
				},
				Modules: func(ctx context.Context, dir string) (*facts.Modules, error) {
					return loadModulesOf(flakeIn(c, ctx, dir), dir, facts.ModuleQuery{Interfaces: true})
				},
				Affected: func(ctx context.Context, dir string, inv *instance.Inventory) (*lsp.Affected, error) {
					return affectedForEditor(flakeIn(c, ctx, dir), inv)
				},
				State: newTreeStates().of,
				Watch: func(ctx context.Context, ref instance.Ref, changed func()) error {
					return watch.Trees(ctx, []filetree.Source{{Root: ref.Root, Git: ref.Git}},
						func() ([]filetree.Source, error) { changed(); return nil, nil })
				},
				Manual: func(code string) string { return manual + code },
				Log:    func(line string) { say(c, "%s", line) },
			}))
		},
	}
}

// flakeIn is the command's context, but for the flake in a directory.
func flakeIn(c *cli.Context, ctx context.Context, dir string) *cli.Context {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.String("flake", dir, "")
	flags.Duration("grace", 50*time.Millisecond, "") // what is given up makes way for what is newer
	child := cli.NewContext(c.App, flags, c)
	child.Context = ctx
	return child
}

// treeStates tells states of clans apart. What is known of a tree makes it cheap to look again.
type treeStates struct {
	mutex sync.Mutex
	known map[string]*filetree.Tree // by the flake's directory
}

func newTreeStates() *treeStates { return &treeStates{known: map[string]*filetree.Tree{}} }

// of is the state of the source tree of a flake, and of the policy, which git need not track.
func (s *treeStates) of(ctx context.Context, ref instance.Ref) string {
	s.mutex.Lock()
	known := s.known[ref.Dir]
	s.mutex.Unlock()
	tree, _, err := filetree.Source{Root: ref.Root, Git: ref.Git}.Observe(ctx, known)
	if err != nil {
		return ""
	}
	s.mutex.Lock()
	s.known[ref.Dir] = tree
	s.mutex.Unlock()
	text, _ := outputFile(filepath.Join(ref.Dir, policy.Name)).read() // or there is none
	return fmt.Sprintf("%x %q", tree.Sum(), text)
}

// checkForEditor finds what `clanctl check` does.
func checkForEditor(c *cli.Context, texts map[string][]byte) (*lsp.Answer, error) {
	texts, err := tracked(c, texts)
	if err != nil {
		return nil, err
	}
	want, err := wantedFindings(c)
	if invalid := (*policy.FileError)(nil); errors.As(err, &invalid) {
		f := instance.Finding{Severity: instance.SeverityError, Position: invalid.Position,
			Cause: instance.Cause{Message: invalid.Reason, Hint: invalid.Advice}}
		return &lsp.Answer{Findings: []instance.Finding{f}}, nil
	}
	if err != nil {
		return nil, err
	}
	inv, err := load(c,
		instance.Config{Need: instance.NeedChecks | instance.NeedOrigins | facts.NeedPlaces, Overlay: texts})
	if inv == nil {
		r := failedReport(c, err)
		if r == nil {
			return nil, err
		}
		return &lsp.Answer{Findings: r.Findings}, nil
	}
	r, err := newReport(c, inv, want)
	if err != nil {
		return nil, err
	}
	return &lsp.Answer{Inventory: inv, Findings: r.Findings}, nil
}

// affectedForEditor compares the clan with what it was in the last commit, if it is in one.
func affectedForEditor(c *cli.Context, inv *instance.Inventory) (*lsp.Affected, error) {
	ref, err := nixeval.ResolveRef(c.String("flake"))
	if err != nil || !ref.Git {
		return nil, err
	}
	old := side{text: "HEAD"}
	if err := old.locate(c.Context, ref); err != nil {
		if unborn := (*git.RevisionError)(nil); errors.As(err, &unborn) {
			return nil, nil
		}
		return nil, err
	}
	want := instance.Config{Need: instance.NeedChecks | instance.NeedOrigins}
	_, err = askOf(c, c.String("flake"), want,
		func(ctx context.Context, _ instance.Ref, config instance.Config) (*instance.Inventory, error) {
			return nil, old.load(ctx, config)
		})
	if err != nil || old.inv == nil {
		return nil, err
	}
	affected := &lsp.Affected{Instances: map[string][]string{}, Tags: map[string][]string{}}
	add := func(to map[string][]string, name, machine string) {
		if name != "" && !slices.Contains(to[name], machine) {
			to[name] = append(to[name], machine)
		}
	}
	d := diff.Of(old.inv, inv)
	for _, a := range d.Affected {
		for _, reason := range a.Reasons {
			add(affected.Instances, reason.Instance, a.Machine)
		}
	}
	for _, tag := range d.Tags {
		for _, machine := range slices.Concat(tag.Machines.Added, tag.Machines.Removed) {
			add(affected.Tags, tag.Name, machine)
		}
	}
	return affected, nil
}

// tracked are the texts of files that Nix sees: in a git checkout those that git tracks.
func tracked(c *cli.Context, texts map[string][]byte) (map[string][]byte, error) {
	ref, err := nixeval.ResolveRef(c.String("flake"))
	if err != nil || !ref.Git || len(texts) == 0 {
		return texts, err
	}
	listing, err := git.Repo(ref.Root).Index(c.Context)
	if err != nil {
		return nil, err
	}
	var seen map[string][]byte
	for _, file := range listing {
		if text, ok := texts[file.Path]; ok {
			if seen == nil {
				seen = map[string][]byte{}
			}
			seen[file.Path] = text
		}
	}
	return seen, nil
}

// pipes are standard input and output as one stream. A read from standard input cannot be interrupted, but one from a
// pipe can.
type pipes struct {
	*io.PipeReader
	io.Writer
}

func newPipes(in io.Reader, out io.Writer) pipes {
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, in)
		_ = w.CloseWithError(err)
	}()
	return pipes{r, out}
}
