package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/tags"
)

// selectFlags narrow a question to some memberships.
func selectFlags(names ...string) []cli.Flag {
	usage := map[string]string{
		"on":       "only these `MACHINES`: names, globs, @tags and !exceptions, such as 'web-*,@backup,!laptop', or '@web&@berlin'",
		"instance": "only these `INSTANCES`: names, globs, !exceptions",
		"service":  "only instances of these `MODULES`",
		"role":     "only these `ROLES`",
	}
	var flags []cli.Flag
	for _, name := range names {
		flags = append(flags, &cli.StringSliceFlag{Name: name, Usage: usage[name]})
	}
	return flags
}

// queryOf reads the selectors; one that is given more than once takes all that is said.
func queryOf(c *cli.Context) (q view.Query, err error) {
	for name, to := range map[string]**tags.Selector{"on": &q.On, "instance": &q.Instance, "service": &q.Service,
		"role": &q.Role} {
		if !c.IsSet(name) {
			continue
		}
		parse := tags.ParseNames
		if name == "on" {
			parse = tags.ParseSelector
		}
		*to, err = parse(strings.Join(c.StringSlice(name), ","))
		if err != nil {
			hinter, _ := err.(interface{ Hint() string })
			return q, usageError{"--" + name + ": " + err.Error(), hinter.Hint()}
		}
	}
	return q, nil
}

// instanceNames are the instances that the arguments select. Where these are names there is nothing to ask.
func instanceNames(c *cli.Context) ([]string, error) {
	arguments := c.Args().Slice()
	if !slices.ContainsFunc(arguments, func(name string) bool { return strings.ContainsAny(name, `*?[!,&\`) }) {
		return arguments, nil
	}
	inv, err := load(c, instance.Config{Need: instance.NeedMachines})
	if inv == nil {
		return nil, explainLoad(c, err)
	}
	names, err := view.InstancesNamed(inv, arguments)
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no instance is selected") // without names, it would be all
	}
	return names, otherKinds(c, err)
}

// otherKinds adds to an unknown name what else the clan has of that name, and how to ask for it.
func otherKinds(c *cli.Context, err error) error {
	unknown := (*tags.UnknownError)(nil)
	if !errors.As(err, &unknown) {
		return err
	}
	inv, _ := load(c, instance.Config{Need: instance.NeedInstances})
	if inv == nil {
		return err
	}
	flag := func(name, flag string) string {
		if slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return f.Names()[0] == flag }) {
			return shell.Join([]string{"--" + flag, name})
		}
		return ""
	}
	name := unknown.Name
	has := map[string]string{}
	tag, isTag := strings.CutPrefix(name, "@")
	if _, known := inv.Tags[tag]; isTag && known {
		has["a tag"] = cmp.Or(flag(name, "on"), "clanctl tags "+shell.Join([]string{tag}))
	}
	if inv.Machines[name] != nil {
		has["a machine"] = cmp.Or(flag(name, "on"), "clanctl machines "+shell.Join([]string{name}))
	}
	if _, known := inv.Tags[name]; known {
		has["a tag"] = cmp.Or(flag("@"+name, "on"), "clanctl tags "+shell.Join([]string{name}))
	}
	if inv.Instances[name] != nil {
		has["an instance"] = cmp.Or(flag(name, "instance"), "clanctl instances "+shell.Join([]string{name}))
	}
	for _, inst := range inv.Instances {
		if inst.Module.Name == name {
			has["a service"] = cmp.Or(flag(name, "service"), "clanctl instances --service "+shell.Join([]string{name}))
		}
		if inst.Roles[name] != nil {
			has["a role"] = cmp.Or(flag(name, "role"), "clanctl instances --role "+shell.Join([]string{name}))
		}
	}
	for kind := range has {
		if strings.HasSuffix(kind, " "+unknown.Kind) {
			delete(has, kind)
		}
	}
	for _, kind := range []string{"a machine", "a tag", "an instance", "a service", "a role"} {
		if how, known := has[kind]; known {
			if strings.HasPrefix(unknown.Hint(), fmt.Sprintf("%q is ", name)) {
				break // the error says so itself
			}
			return &hint.Error{Text: unknown.Error(), Advice: fmt.Sprintf("%q is %s: %s", name, kind, how), Err: err}
		}
	}
	return err
}
