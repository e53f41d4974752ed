package cli

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/clipperhouse/displaywidth"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
)

func instancesCommand() *cli.Command {
	return &cli.Command{
		Name:      "instances",
		Usage:     "show the instances of services: modules, roles, members and why they are members, settings, findings",
		ArgsUsage: "[INSTANCE...]",
		Description: "With INSTANCE: its roles, the members of each and why they are members, and the settings, those that members\n" +
			"have in common only once. Selectors narrow what is shown: names, globs, @tags and !exceptions with commas\n" +
			"between them, such as 'web-*,@backup,!laptop'.",
		Flags: slices.Concat(viewFlags("instances"), tableFlags((*viewOutput).instanceColumns), selectFlags("on", "service", "role")),
		Subcommands: []*cli.Command{instancesCreateCommand(), instancesDeleteCommand(), instancesRenameCommand(),
			instancesSetModuleCommand()},
		Action: remembered(func(c *cli.Context) error {
			out, err := newTableOutput(c, (*viewOutput).instanceColumns)
			if err != nil {
				return err
			}
			query, err := queryOf(c)
			if err != nil {
				return err
			}
			names, err := instanceNames(c)
			if err != nil {
				return err
			}
			want := instance.Config{Instances: names}
			if out.names {
				want = instance.Config{Need: instance.NeedMachines}
				if query.Memberships() || query.On != nil {
					want.Need = instance.NeedInstances
				}
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				out.inv = inv
				if want.Need == 0 {
					inv.Findings = check.All(inv)
				}
				list, err := view.Instances(inv, names, query)
				if err != nil {
					return told{}, err
				}
				all := slices.Clone(list.Findings)
				for _, inst := range list.Instances {
					all = append(all, inst.Findings...)
				}
				found := told{all, all}
				if out.detailed(names) {
					found.unsaid = list.Findings
				}
				return found, listing[view.Instance]{
					document: list, items: list.Instances, none: "no instance to show",
					name:    func(inst view.Instance) string { return inst.Name },
					detail:  out.instance,
					columns: out.instanceColumns(),
				}.print(out, len(names) > 0)
			}).ask(c, want)
		}),
	}
}

func (o *viewOutput) instanceColumns() []column[view.Instance] {
	return []column[view.Instance]{
		{heading{Title: "INSTANCE"}, func(inst view.Instance) cell { return newCell(inst.Name) }},
		{heading{Title: "MODULE"}, func(inst view.Instance) cell { return newCell(moduleName(inst.Module)) }},
		{heading{Title: "INPUT", Shared: itself("from")}, func(inst view.Instance) cell {
			return newCell(inputText(inst.Module))
		}},
		{heading{Title: "MEMBERS"}, func(inst view.Instance) cell { return newCell(o.memberCounts(inst)...) }},
		{heading{Title: "FINDINGS"}, func(inst view.Instance) cell { return countFindings(inst.Findings) }},
	}
}

func moduleName(module *view.Module) string {
	if module == nil {
		return "?"
	}
	return module.Name
}

func (o *viewOutput) memberCounts(inst view.Instance) []string {
	var counts []string
	for _, role := range inst.Roles {
		name := " " + role.Name
		if o.isOnlyRole(view.RoleRef{Instance: inst.Name, Role: role.Name}) {
			name = ""
		}
		counts = append(counts, strconv.Itoa(len(role.Members))+name)
	}
	return counts
}

// countFindings is how much is wrong.
func countFindings(findings []instance.Finding) cell {
	counts := map[instance.Severity]int{}
	for _, f := range findings {
		counts[f.Severity]++
	}
	var items []string
	color := plain
	if n := counts[instance.SeverityError]; n > 0 {
		items, color = append(items, textview.Count(n, "error")), red
	}
	if n := counts[instance.SeverityWarning]; n > 0 {
		items = append(items, textview.Count(n, "warning"))
		if color == plain {
			color = yellow
		}
	}
	return newCell(items...).In(color)
}

// instance describes one instance.
func (o *viewOutput) instance(inst view.Instance) {
	o.title(inst.Name, moduleText(inst.Module))
	if inst.Module != nil {
		o.about(inst.Module.Description)
	}
	o.place(inst.Position)
	for _, role := range inst.Roles {
		o.text.WriteString("\n")
		o.section(role.Name, textview.Count(len(role.Members), "member"), role.Description)
		o.members(role.Members)
		o.sharedSettings(role)
	}
	o.findings(inst.Findings)
}

// members lists machines together with those that are members for the same reason.
func (o *viewOutput) members(members []view.Member) {
	var reasons []string
	machines := map[string][]string{}
	for _, m := range members {
		reason := textview.MembershipReason(m.Explicit, m.Tags)
		if machines[reason] == nil {
			reasons = append(reasons, reason)
		}
		machines[reason] = append(machines[reason], flat(m.Machine))
	}
	for _, reason := range reasons {
		label := flat(reason) + ":"
		o.text.WriteString("    " + o.paint(dim, label) + " " +
			wrap(machines[reason], 4+displaywidth.String(label)+1, o.width) + "\n")
	}
}

// sharedSettings shows each distinct set of settings once.
func (o *viewOutput) sharedSettings(role view.Role) {
	rest := map[string]bool{}
	for _, m := range role.Members {
		rest[m.Machine] = true
	}
	for _, shared := range role.Settings {
		o.settingsOf(shared.Machines, role.Members, ":")
		o.settings(shared.Value, "      ", func([]string) style { return plain })
		for _, name := range shared.Machines {
			delete(rest, name)
		}
	}
	if len(rest) > 0 {
		o.settingsOf(slices.Sorted(maps.Keys(rest)), role.Members, " do not evaluate")
	}
}

// namedMembers is how many machines are named rather than called by what they are members for.
const namedMembers = 3

// settingsOf says whose settings they are. The members were all named before, so it says for what reason they are
// members, where that tells them from others, or else names those that are fewer: they or the others.
func (o *viewOutput) settingsOf(machines []string, members []view.Member, end string) {
	label := "settings of "
	var others []string
	for _, m := range members {
		if !slices.Contains(machines, m.Machine) {
			others = append(others, m.Machine)
		}
	}
	switch names := machines; {
	case len(members) == 1:
		label = "settings"
	case len(others) == 0:
		label += fmt.Sprintf("all %d members", len(members))
	case min(len(machines), len(others)) > namedMembers && commonReason(members, machines) != "":
		label += "members " + flat(commonReason(members, machines))
	default:
		if len(others) < len(machines) {
			label += "all but "
			names = others
		}
		room := o.width - len("    "+label+end)
		if o.width == 0 {
			room = math.MaxInt
		}
		label += newCell(names...).Fit(room)
	}
	fmt.Fprintf(&o.text, "    %s\n", o.paint(dim, label+end))
}

// commonReason is why machines are members; empty where that does not tell them from the other members.
func commonReason(members []view.Member, machines []string) string {
	reasons, otherReasons := map[string]bool{}, map[string]bool{}
	for _, m := range members {
		reason := textview.MembershipReason(m.Explicit, m.Tags)
		if slices.Contains(machines, m.Machine) {
			reasons[reason] = true
		} else {
			otherReasons[reason] = true
		}
	}
	for reason := range reasons {
		if len(reasons) == 1 && !otherReasons[reason] {
			return reason
		}
	}
	return ""
}
