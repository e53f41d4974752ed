package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func refsCommand() *cli.Command {
	return &cli.Command{
		Name:      "refs",
		Usage:     "show where the clan's files name a machine, a tag, an instance, a module or an input",
		ArgsUsage: "MACHINE|TAG|INSTANCE|MODULE|INPUT...",
		Description: "These are names that stand in a file as they are: one that is computed stands nowhere. A name of several things is\n" +
			"shown with the places of each; --kind chooses one.",
		Flags: append(append(viewFlags("places"), tableFlags((*viewOutput).refColumns)...),
			choiceFlag(&cli.StringFlag{Name: "kind", Usage: "only the places of a `KIND`"},
				"machine", "tag", "instance", "module", "input")),
		Action: remembered(func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usageError{"refs takes the name of a machine, a tag, an instance, a module or an input",
					"clanctl machines, tags, instances and modules list them"}
			}
			kind := refs.Kind(c.String("kind"))
			out, err := newTableOutput(c, (*viewOutput).refColumns)
			if err != nil {
				return err
			}
			ref, err := nixeval.ResolveRef(c.String("flake"))
			if err != nil {
				return err
			}
			if ref.Root == "" {
				return hint.With(fmt.Errorf("the files of %s are not on this machine", ref.URL),
					"clone it, and ask there")
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				list, err := findRefs(c, inv, ref, kind)
				if err != nil {
					return told{}, err
				}
				return told{list.Findings, list.Findings}, listing[refPlace]{
					document: list, items: list.References, none: "no file names it as it is",
					name:    func(r refPlace) string { return r.Position.String() },
					columns: out.refColumns(),
				}.print(out, false)
			}).ask(c, needRefs)
		}),
	}
}

// needRefs is what is asked for of a clan to find names in its files.
var needRefs = instance.Config{Need: instance.NeedSettings | facts.NeedPlaces}

var refKinds = []refs.Kind{refs.Machine, refs.Tag, refs.Instance, refs.Module, refs.Input}

// refList is the answer to where names stand.
type refList struct {
	Findings   []instance.Finding `json:"findings"`
	References []refPlace         `json:"references"`
}

// refPlace is a place. Its fields are in the order of their JSON names.
type refPlace struct {
	// Declares: the machine, tag, instance or input is made here.
	Declares bool      `json:"declares"`
	Kind     refs.Kind `json:"kind"`
	Name     string    `json:"name"`
	// Path is where in the inventory the name stands: as an attribute, or as a string in the value of one. An input is
	// below `inputs`.
	Path     []string          `json:"path"`
	Position instance.Position `json:"position"`
}

// findRefs finds the places of the names that were given.
func findRefs(c *cli.Context, inv *instance.Inventory, ref nixeval.Ref, kind refs.Kind) (*refList, error) {
	list := &refList{Findings: inv.Findings, References: []refPlace{}}
	known := knownNames(inv)
	for _, name := range c.Args().Slice() {
		if kinds := known[name]; len(kinds) == 0 || kind != "" && !slices.Contains(kinds, kind) {
			return nil, unknownRef(name, kind, known)
		}
	}
	for _, r := range refs.Find(inv, sourceOf(c).inFlake("flake.nix"), sourceOf(c).read) {
		if !slices.Contains(refKinds, r.Kind) || !slices.Contains(c.Args().Slice(), r.Name) ||
			kind != "" && r.Kind != kind {
			continue
		}
		one := refPlace{Declares: r.Declares, Kind: r.Kind, Name: r.Name, Path: slices.Concat(r.Path, r.In),
			Position: r.Position}
		if len(one.Path) == 0 {
			one.Path = []string{"inputs", r.Name}
		}
		list.References = append(list.References, one)
	}
	return list, nil
}

// unknownRef is the error for a name that there is not, of the kind, if one is given.
func unknownRef(name string, kind refs.Kind, known map[string][]refs.Kind) error {
	what := "machine, tag, instance, module or input"
	if kind != "" {
		what = string(kind)
	}
	var near []string
	for _, one := range nearest.Of(name, slices.Sorted(maps.Keys(known))) {
		if kind == "" || slices.Contains(known[one], kind) {
			near = append(near, one)
		}
	}
	advice := nearest.Hint(near, nil, "", "")
	if kinds := known[name]; len(kinds) > 0 {
		advice = fmt.Sprintf("%q is of another kind: --kind %s", name, kinds[0])
	}
	return &hint.Error{Text: fmt.Sprintf("the clan has no %s %q", what, name), Advice: advice}
}

// knownNames are the names that there are, with what they are.
func knownNames(inv *instance.Inventory) map[string][]refs.Kind {
	known := map[string][]refs.Kind{}
	add := func(name string, kind refs.Kind) {
		if !slices.Contains(known[name], kind) {
			known[name] = append(known[name], kind)
		}
	}
	for name := range inv.Machines {
		add(name, refs.Machine)
	}
	for name := range inv.Tags {
		add(name, refs.Tag)
	}
	for name, inst := range inv.Instances {
		add(name, refs.Instance)
		add(inst.Module.Name, refs.Module)
		for _, role := range inst.Roles {
			for machine := range role.Machines {
				add(machine, refs.Machine) // also one that the clan does not have
			}
			for _, tag := range role.Tags {
				add(tag, refs.Tag)
			}
		}
	}
	for _, name := range facts.Of(inv).Catalogue.Names {
		add(name, refs.Input)
	}
	return known
}

func (o *viewOutput) refColumns() []column[refPlace] {
	return []column[refPlace]{
		{heading{Title: "PLACE"}, func(r refPlace) cell { return newCell(r.Position.String()) }},
		{heading{Title: "KIND", Optional: true}, func(r refPlace) cell { return newCell(string(r.Kind)) }},
		{heading{Title: "MADE", Optional: true}, func(r refPlace) cell {
			if r.Declares {
				return newCell("here")
			}
			return newCell()
		}},
		{heading{Title: "IN"}, func(r refPlace) cell { return newCell(nixlang.PathString(r.Path)) }},
	}
}
