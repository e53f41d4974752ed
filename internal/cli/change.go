package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/store"
)

// changeFlags are those of the commands that change a clan.
func changeFlags(more ...cli.Flag) []cli.Flag {
	flags := append(more,
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would change, and write nothing"},
		&cli.BoolFlag{Name: "force", Usage: "write even what breaks the clan, or what it does not read"},
		&cli.BoolFlag{Name: "commit", Usage: "commit inventory.json, and nothing else, to the clan's git repository"},
	)
	return append(append(flags, jsonFlags("print JSON")...), colorFlag())
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
	_, err = ask(c, instance.Config{},
		func(ctx context.Context, ref instance.Ref, config instance.Config) (*instance.Inventory, error) {
			open := store.OpenExclusive
			if dry {
				open = store.Open
			}
			s, err := open(ctx, ref, config)
			if err != nil {
				return nil, err
			}
			defer s.Close()
			s.Force = c.Bool("force")
			if err := edit(s); err != nil {
				return nil, err
			}
			preview, err := s.Preview(ctx)
			if err != nil {
				return nil, err
			}
			result := &store.Result{}
			if preview.Err != nil && !c.Bool("force") {
				if dry && !errors.Is(preview.Err, store.ErrUnread) {
					_, refused := withoutFindings(preview.Err) // which the difference shows
					return nil, errors.Join(refused, out.printChange(preview, result))
				}
				return nil, sayFindings(c, changedSource(c, preview), preview.Err)
			}
			if !dry {
				result, err = s.Commit(ctx, store.CommitConfig{Git: c.Bool("commit")})
				if result == nil {
					return nil, err
				}
			}
			// What is written is written; an error in printing it, or in committing it, comes after.
			printErr := out.printChange(preview, result)
			sayResult(c, preview, result)
			return nil, errors.Join(printErr, err)
		})
	return explainLoad(c, err)
}

// changeDocument is what a change was, for programs.
type changeDocument struct {
	// Commit is the short name of the commit, if one was made.
	Commit string `json:"commit,omitempty"`
	File   string `json:"file"`
	// Fleet is what becomes of the fleet, as the document of `clanctl diff`; null where the changed clan does not
	// evaluate.
	Fleet *diff.Difference `json:"fleet"`
	// Patch is what becomes of the file: a JSON Patch.
	Patch []store.Operation `json:"patch"`
	// Refused says why the change would not be written without --force.
	Refused string `json:"refused,omitempty"`
	// Renamed are the new names of instances to the old.
	Renamed map[string]string `json:"renamed,omitempty"`
	Written bool              `json:"written"`
}

// reasons are the errors in an error, without their hints: what these say of a change that is refused is not true of
// one that is written nonetheless.
func reasons(err error) []string {
	switch several := err.(type) {
	case nil:
		return nil
	case interface{ Unwrap() []error }:
		var texts []string
		for _, err := range several.Unwrap() {
			texts = append(texts, reasons(err)...)
		}
		return texts
	}
	return []string{err.Error()}
}

// changedSource is the flake's source tree as a change makes it.
func changedSource(c *cli.Context, p *store.Preview) *sourceTree {
	return sourceOf(c).with(p.File, p.Text)
}

func (o *viewOutput) printChange(p *store.Preview, r *store.Result) error {
	doc := &changeDocument{Commit: r.Commit, File: p.File, Fleet: p.Fleet, Patch: p.Patch,
		Refused: strings.Join(reasons(p.Err), "\n"), Renamed: p.Renamed, Written: r.Written}
	if o.json != nil {
		return o.json.print(doc)
	}
	for _, op := range doc.Patch {
		o.patchLines(op)
	}
	if len(doc.Patch) > 0 && doc.Fleet != nil {
		if err := o.flush(); err != nil {
			return err
		}
		fmt.Fprintln(stdout(o.c))
		for name, old := range doc.Renamed {
			fmt.Fprintf(stdout(o.c), "%s is %s now\n", flat(old), flat(name))
		}
		if len(doc.Renamed) > 0 {
			fmt.Fprintln(stdout(o.c),
				"services may derive things from the instance's name: vars are then generated again, and files get new names")
		}
		if fleet := doc.Fleet; len(doc.Renamed) == 0 || !fleet.Empty() || len(fleet.Affected) > 0 {
			return fleet.WriteText(stdout(o.c),
				diff.TextOptions{Width: o.width, Color: o.color, Line: linesOf(sourceOf(o.c), changedSource(o.c, p))})
		}
	}
	return o.flush()
}

// patchLines are one difference of the file, as people read it: a line for each value.
func (o *viewOutput) patchLines(op store.Operation) {
	line := func(s style, sign string, value any) {
		if op.Element {
			// It is known by itself: where in its list it stands says nothing to people.
			o.valueLine(s, sign, nixlang.PathString(op.Path[:len(op.Path)-1])+"[]", value)
		} else {
			o.valueLines(s, sign, op.Path, value)
		}
	}
	if op.Op != "add" {
		line(red, "- ", op.Old)
	}
	if op.Op != "remove" {
		line(green, "+ ", op.Value)
	}
}

func (o *viewOutput) valueLines(s style, sign string, path []string, value any) {
	set, isSet := value.(map[string]any)
	if !isSet || len(set) == 0 {
		o.valueLine(s, sign, nixlang.PathString(path), value)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		o.valueLines(s, sign, append(slices.Clip(path), name), set[name])
	}
}

func (o *viewOutput) valueLine(s style, sign, where string, value any) {
	o.text.WriteString(o.paint(s, sign+flat(where+" = "+textview.CompactJSON(value))) + "\n")
}

// sayResult says on stderr what became of the file.
func sayResult(c *cli.Context, p *store.Preview, r *store.Result) {
	switch {
	case len(p.Patch) == 0:
		say(c, "already up to date")
	case c.Bool("dry-run"):
		say(c, "%s was not written (--dry-run)", fromHere(p.File))
	case r.Written && p.Created:
		say(c, "created %s", fromHere(p.File))
	case r.Written:
		say(c, "wrote %s", fromHere(p.File))
	}
	_, forced := withoutFindings(p.Err) // which the difference shows
	for _, reason := range reasons(forced) {
		say(c, "forced: %s", reason)
	}
	if r.Tracked && r.Commit == "" {
		say(c, "added the file to the git index (git add -N) so that Nix can see it")
	}
	if r.Commit != "" {
		say(c, "committed as %s", r.Commit)
		switch {
		case r.Swept && r.Written:
			say(c, "the commit also contains earlier changes to the file")
		case r.Swept:
			say(c, "the commit contains earlier changes to the file")
		}
	}
}

// fromHere is a path relative to the working directory, if it is below.
func fromHere(path string) string {
	if here, err := os.Getwd(); err == nil {
		path, _ = inside(here, path)
	}
	return path
}

// parseMembers reads machines, and tags with an @ in front.
func parseMembers(role string, words []string) (store.Members, error) {
	m := store.Members{Role: role}
	for _, word := range words {
		tag, isTag := strings.CutPrefix(word, "@")
		switch {
		case word == "" || isTag && tag == "":
			return m, usagef("machine or tag name must not be empty")
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

// takes is for a command that takes so many names, or any number more than least if most is negative.
func takes(least, most int, do cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := wants(c, least, most, c.Command.HelpName+" "+c.Command.ArgsUsage); err != nil {
			return err
		}
		return do(c)
	}
}

// wants checks how many names were given.
func wants(c *cli.Context, least, most int, usage string) error {
	if n := c.NArg(); n < least || most >= 0 && n > most {
		return usageError{fmt.Sprintf("%s takes %s", strings.TrimPrefix(c.Command.HelpName, c.App.Name+" "),
			c.Command.ArgsUsage), usage}
	}
	return nil
}
