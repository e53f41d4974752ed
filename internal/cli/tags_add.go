package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
)

// whatIf shows what would follow if machines carried a tag, of any clan that can be read.
func whatIf(c *cli.Context, tag string, machines []string) error {
	out, err := newViewOutput(c)
	if err != nil {
		return err
	}
	return answer(func(inv *instance.Inventory) (told, error) {
		addition, err := view.AddTag(inv, tag, machines)
		if err != nil {
			return told{}, err
		}
		if out.json != nil {
			err = out.json.print(addition)
		} else {
			err = out.printAddition(addition)
		}
		return told{addition.Findings, addition.Findings}, err
	}).ask(c, instance.Config{Need: instance.NeedInstances})
}

func (o *viewOutput) printAddition(a *view.TagAddition) error {
	for i, machine := range a.Machines {
		o.paragraph(i)
		switch {
		case machine.Carried:
			o.title(machine.Machine, "carries "+a.Tag+" already")
			continue
		case len(machine.Roles) == 0:
			o.title(machine.Machine, "nothing would follow, for no role takes machines by "+a.Tag)
			continue
		}
		o.title(machine.Machine, "with "+a.Tag)
		for _, role := range machine.Roles {
			notes := []string{moduleText(&role.Module)}
			if role.Settings {
				notes = append(notes, "gets the settings for "+a.Tag)
			}
			verb := "joins"
			if role.Member {
				verb = "stays in"
			}
			o.section(verb+" "+role.Instance+" "+role.Role, notes...)
		}
	}
	if a.New {
		note := fmt.Sprintf("%s is a new tag", nearest.List([]string{a.Tag}))
		if len(a.Nearest) > 0 {
			note += "; there is " + nearest.List(a.Nearest)
		}
		fmt.Fprintf(&o.text, "\nnote: %s\n", flat(note))
	}
	if len(a.Computed) > 0 {
		fmt.Fprintf(&o.text, "\nnote: the members of computed tags may change as well: %s\n",
			flat(strings.Join(a.Computed, ", ")))
	}
	return o.flush()
}
