package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
	"github.com/clanctl/clanctl/pkg/tags"
)

// contradictions are, for each flag with a value of each command that takes names, a line in which the flag leaves out
// what a name asks for. The lines are about examples/homelab.
var contradictions = map[string]string{
	"export --instance":      "export ssh-config studio --instance status",
	"export --on":            "export ssh-config attic --on travel",
	"export --role":          "export ssh-config attic --role page",
	"export --service":       "export ssh-config studio --service status-page",
	"graph --instance":       "graph status --instance sshd",
	"graph --on":             "graph status --on studio",
	"graph --role":           "graph status --role client",
	"graph --service":        "graph status --service borg",
	"instances --on":         "instances status --on studio",
	"instances --role":       "instances status --role client",
	"instances --service":    "instances status --service borg",
	"machines --instance":    "machines studio --instance status",
	"machines --on":          "machines attic --on travel",
	"machines --role":        "machines attic --role page",
	"machines --service":     "machines studio --service status-page",
	"modules --input":        "modules borg --input self",
	"modules --search":       "modules borg --search status",
	"reach --instance":       "reach studio --instance status",
	"reach --on":             "reach attic --on travel",
	"reach --role":           "reach attic --role page",
	"reach --service":        "reach studio --service status-page",
	"refs --kind":            "refs attic --kind tag",
	"set --machine":          "set status probe --machine studio x=1",
	"set --tag":              "set status probe --tag laptops x=1",
	"unset --machine":        "unset status probe --machine studio",
	"unset --tag":            "unset status probe --tag laptops",
	"exports --on":           "", // TestExportsLeftOut: the example has no exports
	"exports --interface":    "",
	"check --only":           "", // says which findings, not of what: none of them is an answer
	"check --ignore":         "",
	"check --severity":       "",
	"modules check --only":   "",
	"modules check --ignore": "", "modules check --severity": "",
}

// saysHow are flags that say how to do what names ask for, and leave out nothing.
var saysHow = map[string]bool{"baseline": true, "format": true, "from": true, "host": true, "module": true,
	"output": true, "package": true, "policy-from": true, "port": true, "rules": true, "write-baseline": true}

var selects = map[string]bool{"instance": true, "on": true, "role": true, "service": true}

// A flag that leaves out what a name asks for is an error, never silence, in each command.
func TestFlagsThatContradictNames(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	tried := map[string]bool{}
	_, commands := manualCommands()
	for _, command := range commands {
		if command.Action == nil || command.ArgsUsage == "" {
			continue
		}
		for _, flag := range command.own {
			name := flag.Names()[0]
			key := strings.TrimPrefix(command.name, "clanctl ") + " --" + name
			tried[key] = true
			of, isDoc := flag.(cli.DocGenerationFlag)
			if !isDoc || !of.TakesValue() || saysHow[name] || newName(command, name) {
				continue
			}
			line, known := contradictions[key]
			if !known {
				t.Errorf("%s: may it leave out what a name asks for? Say so in contradictions, or in saysHow", key)
			}
			if line == "" {
				continue
			}
			t.Run(key, func(t *testing.T) {
				var stdout, stderr bytes.Buffer
				args := append([]string{"clanctl"}, strings.Fields(line)...)
				args = append(args, "--nix", nixes.Programs(t)[0], "--flake", "../../examples/homelab")
				code := Run(t.Context(), args, &stdout, &stderr)
				if code != exitFailed && code != exitUsage || stdout.Len() > 0 || stderr.Len() == 0 ||
					strings.Contains(stderr.String(), "no flag") {
					t.Errorf("exit code %d, and\n%s%s", code, stdout.String(), stderr.String())
				}
				if selects[name] && !strings.Contains(stderr.String(), "the flags leave out \"") {
					t.Errorf("that is not what is wrong: %s", stderr.String())
				}
			})
		}
	}
	for key := range contradictions {
		if !tried[key] {
			t.Errorf("there is no %s", key)
		}
	}
}

// newName reports whether a command takes the name of something that there is not yet, of which nothing can be left
// out, or the flag is one of those that say where the clan is.
func newName(command manualCommand, flag string) bool {
	return command.name == "clanctl instances create" || flag == "flake"
}

func TestExportsLeftOut(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"a": nil, "b": nil}, Instances: map[string]invtest.Instance{
		"net":  {Roles: map[string]invtest.Role{"peer": {Machines: []string{"a"}}}},
		"idle": {Roles: map[string]invtest.Role{"peer": {Machines: []string{"b"}}}}}}.Inventory()
	for _, test := range []struct {
		name, on, interfaceName string
		want                    string
	}{
		{"net", "a", "peer", ""},
		{"net", "b", "", `the flags leave out "net"`},
		{"net", "", "endpoints", `the flags leave out "net"`},
		{"n*", "b", "", `the flags leave out "n*"`},
		{"!idle", "b", "", ""},
		{"idle", "b", "", ""}, // offers nothing anyway
	} {
		list := &exportList{Interfaces: []reach.Interface{
			{Name: "peer", Offers: []reach.Offer{{Scope: instance.Scope{Instance: "net", Role: "peer", Machine: "a"}}}}, {Name: "endpoints"}}}
		var on *tags.Selector
		if test.on != "" {
			var err error
			if on, err = tags.ParseSelector(test.on); err != nil {
				t.Fatal(err)
			}
		}
		got := ""
		if err := list.narrow(inv, []string{test.name}, on, test.interfaceName); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}
