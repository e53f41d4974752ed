package instance

import (
	"testing"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// All members with one mistake have one message, whatever the instance is called.
func TestUserTerms(t *testing.T) {
	for message, want := range map[string]string{
		"The option `inventory.instances.\"my sshd\".roles.server.machines.laptop.settings.a.b' does not exist. Definition values:\n- In `clan.nix, via option inventory.instances.\"my sshd\".roles.server.settings': { }": "The option `a.b' does not exist. Definition values:\n- In `clan.nix': { }",
		"A definition for option `self-x.instances.\"my sshd\".roles.server.settings.x' is":                                     "A definition for option `x' is",
		"The option `\"<clan-core>-sshd\".instances.s.roles.r.machines.\"a.b c\".settings.x' is":                                "The option `x' is",
		"- In `inventory.instances.\"my sshd\".roles.server.tags.all.settings': 1":                                              "- In `settings': 1",
		"- In `a.nix, via option flake.clan.inventory.instances.x.roles.y.settings': 1\n- In `b.nix, via option z.settings': 2": "- In `a.nix': 1\n- In `b.nix': 2",
		"The option `clan-core-borgbackup.instances.b.roles.client' is":                                                         "The option `inventory.instances.b.roles.client' is",
		"The option `\"<clan-core>-sshd\".instances.s.roles' is":                                                                "The option `inventory.instances.s.roles' is",
		"nothing of ours\n": "nothing of ours",
	} {
		if got := userTerms(nixeval.Sources{}, message); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", message, got, want)
		}
	}
}

// Paths of options in Nix's messages.
func FuzzOptionPath(f *testing.F) {
	f.Add("a.settings.b")
	f.Add("a.\"")
	f.Fuzz(func(_ *testing.T, message string) {
		_ = settingFault(message)
		_ = settingIn("The option `" + message + "' is")
		_ = userTerms(nixeval.Sources{}, message)
	})
}
