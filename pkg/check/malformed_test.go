package check

import (
	"slices"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Where an attribute of a clan has a wrong form, it alone is named, with the right form; the good instance beside it
// stays.
func TestMalformedInClanCore(t *testing.T) {
	core, evaluator, inputs := realClanCore(t)
	for wrong, want := range map[string]string{
		`instances.sshd.roles.server.machines.one = "yes";`:              `instances.sshd.roles.server.machines.one is a string, where an attribute set belongs`,
		`instances.sshd.roles.server.machines.one.port = 1;`:             `instances.sshd.roles.server.machines.one has no attribute "port"`,
		`instances.sshd.roles.server.machines = [ "one" ];`:              `instances.sshd.roles.server.machines is a list, where an attribute set belongs`,
		`instances.sshd.roles.server.tags = "all";`:                      `instances.sshd.roles.server.tags is a string, where an attribute set belongs`,
		`instances.sshd.settings.port = 1;`:                              `instances.sshd has no attribute "settings"`,
		`instances.sshd.module = "sshd";`:                                `instances.sshd.module is a string, where an attribute set belongs`,
		`machines.two.tag = [ "a" ];`:                                    `machines.two has no attribute "tag"`,
		`tags.web = "one";`:                                              `tags.web is a string, where a list belongs`,
		`instances.sshd = { module.name = "sshd"; role.server = { }; };`: `instances.sshd has no attribute "role"`,
	} {
		t.Run(want, func(t *testing.T) {
			dir := t.TempDir()
			writeClan(t, dir, core, inputs, `{
				meta.name = "m"; meta.domain = "m";
				inventory.machines.one = { };
				inventory.instances.good = { module.name = "sshd"; roles.server.machines.one = { }; };
				inventory = { `+wrong+` };
			}`)
			inv, err := instance.Load(t.Context(), nixtest.Ref(t, dir), instance.Config{Evaluator: evaluator})
			if inv == nil {
				t.Fatal(err)
			}
			var said []string
			for _, f := range inv.Findings {
				said = append(said, f.Message())
			}
			if !slices.Equal(said, []string{want}) {
				t.Errorf("found %q", said)
			}
			if inv.Instances["good"] == nil {
				t.Error("the good instance is missing")
			}
		})
	}
}
