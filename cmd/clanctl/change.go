package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/store"
)

// changeFlags are those of the commands that change a clan.
func changeFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would change, and write nothing"},
		&cli.BoolFlag{Name: "force", Usage: "write also what would break the clan, or what it would not see"},
		&cli.BoolFlag{Name: "commit", Usage: "commit inventory.json, and nothing else, to the clan's git repository"},
		&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		&cli.StringFlag{Name: "jq", Usage: "print JSON, filtered with the jq expression `EXPR`"},
		&cli.BoolFlag{Name: "raw", Aliases: []string{"r"}, Usage: "with --jq: print strings without quotes"},
		colorFlag(),
	)
}

// changeClan makes changes to a clan, says what they are and what they mean, and writes them.
func changeClan(c *cli.Context, edit func(*store.Store) error) error {
	out, err := newViewOutput(c)
	if err != nil {
		return err
	}
	dry := c.Bool("dry-run")
	if dry && c.Bool("commit") {
		return usagef("--commit does not go with --dry-run")
	}
	_, err = ask(c, instance.Config{}, func(ctx context.Context, flake string, config instance.Config) (*instance.Inventory, error) {
		open := store.OpenExclusive
		if dry {
			open = store.Open
		}
		s, err := open(ctx, flake, config)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		s.Unchecked = c.Bool("force")
		if err := edit(s); err != nil {
			return nil, err
		}
		preview, err := s.Preview(ctx)
		if err != nil {
			return nil, err
		}
		if preview.Err != nil && !c.Bool("force") {
			return nil, preview.Err
		}
		result := &store.Result{}
		if !dry {
			result, err = s.Commit(ctx, store.CommitConfig{Force: c.Bool("force"), Git: c.Bool("commit")})
			if result == nil {
				return nil, err
			}
		}
		// What is written is written; an error in printing it, or in committing it, comes after.
		return nil, errors.Join(out.printChange(newChangeDocument(preview, result)), sayResult(c, preview, result), err)
	})
	return explainLoad(c, err)
}

// changeDocument is what a change was, for programs.
type changeDocument struct {
	// Commit is the short name of the commit, if one was made.
	Commit string `json:"commit,omitempty"`
	File   string `json:"file"`
	// Fleet is what becomes of the fleet, as the document of `clanctl diff`; null where the changed clan does not evaluate.
	Fleet *diff.Difference `json:"fleet"`
	// Patch is what becomes of the file: a JSON Patch.
	Patch []store.Operation `json:"patch"`
	// Refused says why the change would not be written without --force.
	Refused string `json:"refused,omitempty"`
	// Renamed are the new names of instances to the old.
	Renamed map[string]string `json:"renamed,omitempty"`
	Written bool              `json:"written"`
}

func newChangeDocument(p *store.Preview, r *store.Result) *changeDocument {
	doc := &changeDocument{Commit: r.Commit, File: p.File, Fleet: p.Fleet, Patch: p.Patch, Renamed: p.Renamed, Written: r.Written}
	if p.Err != nil {
		doc.Refused = p.Err.Error()
	}
	return doc
}

func (o *viewOutput) printChange(doc *changeDocument) error {
	if o.json != nil {
		return o.json.print(doc)
	}
	for _, op := range doc.Patch {
		o.text.WriteString(o.patchLine(op) + "\n")
	}
	if len(doc.Patch) > 0 && doc.Fleet != nil {
		if err := o.flush(); err != nil {
			return err
		}
		fmt.Fprintln(o.c.App.Writer)
		for name, old := range doc.Renamed {
			fmt.Fprintf(o.c.App.Writer, "%s is %s now\n", term.Escape(old), term.Escape(name))
		}
		if !doc.Fleet.Empty() || len(doc.Renamed) == 0 {
			return printDiff(o.c.App.Writer, o.width, o.paint, doc.Fleet)
		}
	}
	return o.flush()
}

// patchLine is one difference of the file, as people read it.
func (o *viewOutput) patchLine(op store.Operation) string {
	names := op.Names
	// An element of a list is known by itself.
	if last := names[len(names)-1]; op.Op != "replace" && (last == "-" || op.Op == "remove" && isIndex(last) && isText(op.Old)) {
		names = names[:len(names)-1]
	}
	path := instance.PathString(names)
	switch op.Op {
	case "add":
		return o.paint(green, "+ "+flat(path+" = "+compactJSON(op.Value)))
	case "remove":
		return o.paint(red, "- "+flat(path+" = "+compactJSON(op.Old)))
	}
	return o.paint(red, "- "+flat(path+" = "+compactJSON(op.Old))) + "\n" + o.paint(green, "+ "+flat(path+" = "+compactJSON(op.Value)))
}

func isIndex(name string) bool { return strings.Trim(name, "0123456789") == "" }

func isText(value any) bool { _, ok := value.(string); return ok }

// sayResult says on stderr what became of the file.
func sayResult(c *cli.Context, p *store.Preview, r *store.Result) error {
	say := func(format string, args ...any) {
		fmt.Fprintf(c.App.ErrWriter, "clanctl: %s\n", term.Escape(fmt.Sprintf(format, args...)))
	}
	switch {
	case len(p.Patch) == 0:
		say("nothing to change: it is so already")
	case c.Bool("dry-run"):
		say("%s would be written; nothing was (--dry-run)", p.File)
	case r.Written && p.Created:
		say("%s was made", p.File)
	case r.Written:
		say("%s was written", p.File)
	}
	if p.Err != nil {
		say("forced: %v", p.Err)
	}
	if r.Tracked && r.Commit == "" {
		say("git did not know the file, and Nix sees only what git tracks: did git add -N")
	}
	if r.Commit != "" {
		say("committed as %s", r.Commit)
		if r.Swept {
			say("the commit has changes, too, that the file had before")
		}
	}
	return nil
}

// parseMembers reads machines, and tags with an @ in front.
func parseMembers(role string, words []string) (store.Members, error) {
	m := store.Members{Role: role}
	for _, word := range words {
		tag, isTag := strings.CutPrefix(word, "@")
		switch {
		case word == "" || isTag && tag == "":
			return m, usagef("a machine or tag has a name")
		case isTag:
			m.Tags = append(m.Tags, tag)
		default:
			m.Machines = append(m.Machines, word)
		}
	}
	return m, nil
}

// parseModule reads [INPUT#]MODULE.
func parseModule(text string) (module.Spec, error) {
	input, name, found := strings.Cut(text, "#")
	switch {
	case !found && text != "":
		return module.Spec{Name: text}, nil
	case input == "" || name == "":
		return module.Spec{}, usageError{fmt.Sprintf("%q names no module", text), "write MODULE, or INPUT#MODULE"}
	}
	return module.Spec{Input: &input, Name: name}, nil
}

// wants checks how many names were given.
func wants(c *cli.Context, least, most int, usage string) error {
	if n := c.NArg(); n < least || most >= 0 && n > most {
		return usageError{fmt.Sprintf("%s takes other names than that", c.Command.HelpName), usage}
	}
	return nil
}
