package cli

import (
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
	name := unknown.Name
	tag := name
	if _, known := inv.Tags[name]; !known {
		tag = strings.TrimPrefix(name, "@")
	}
	_, isTag := inv.Tags[tag]
	isService, isRole := false, false
	for _, inst := range inv.Instances {
		isService = isService || inst.Module.Name == name
		isRole = isRole || inst.Roles[name] != nil
	}
	for _, is := range []struct {
		known             bool
		kind, flag, value string
		command           []string
	}{
		{inv.Machines[name] != nil, "a machine", "on", name, []string{"machines", name}},
		{isTag, "a tag", "on", "@" + tag, []string{"tags", tag}},
		{inv.Instances[name] != nil, "an instance", "instance", name, []string{"instances", name}},
		{isService, "a service", "service", name, []string{"instances", "--service", name}},
		{isRole, "a role", "role", name, []string{"instances", "--role", name}},
	} {
		if !is.known || strings.HasSuffix(is.kind, " "+unknown.Kind) {
			continue
		}
		if strings.HasPrefix(unknown.Hint(), fmt.Sprintf("%q is ", name)) {
			break // the error says so itself
		}
		how := "clanctl " + shell.Join(is.command)
		if slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return f.Names()[0] == is.flag }) {
			how = shell.Join([]string{"--" + is.flag, is.value})
		}
		return &hint.Error{Text: unknown.Error(), Advice: fmt.Sprintf("%q is %s: %s", name, is.kind, how), Err: err}
	}
	return err
}
