package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/tags"
)

// selectFlags narrow a question to some memberships.
func selectFlags(names ...string) []cli.Flag {
	usage := map[string]string{
		"on":       "only the machines that `SELECTOR` takes, such as 'web-*,@backup,!laptop'",
		"instance": "only instances that `SELECTOR` takes: names, globs, !exceptions",
		"service":  "only instances of modules that `SELECTOR` takes",
		"role":     "only roles that `SELECTOR` takes",
	}
	var flags []cli.Flag
	for _, name := range names {
		flags = append(flags, &cli.StringSliceFlag{Name: name, Usage: usage[name], Category: "Selectors"})
	}
	return flags
}

// queryOf reads the selectors; one that is given more than once takes all that is said.
func queryOf(c *cli.Context) (q view.Query, err error) {
	for name, to := range map[string]**tags.Selector{"on": &q.On, "instance": &q.Instance, "service": &q.Service, "role": &q.Role} {
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
