package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Where an attribute of a clan has a wrong form, it alone is named, with the right form; the good instance beside it stays.
func TestMalformedInClanCore(t *testing.T) {
	core, _, _ := strings.Cut(os.Getenv("CLANCTL_CLAN_CORE"), ",")
	if core == "" {
		t.Skip("SKIP: CLANCTL_CLAN_CORE names no clan-core")
	}
	evaluator := nixeval.Evaluator{Nix: os.Getenv("CLANCTL_NIX"), Offline: os.Getenv("CLANCTL_OFFLINE") != "", ProgramDir: t.TempDir()}
	inputs := inputsOf(t, evaluator, core)
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
			if err := os.MkdirAll(filepath.Join(dir, "inputs/a"), 0o755); err != nil {
				t.Fatal(err)
			}
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
