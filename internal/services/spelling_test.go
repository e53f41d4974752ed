package services_test

import (
	"testing"

	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// TestSpelling: a module without an input is written as the others are.
func TestSpelling(t *testing.T) {
	core := "clan-core"
	offered := []string{"@clan/borg", "@clan/sshd", "borg", "sshd"}
	c := &services.Catalogue{Names: []string{core, "self"}, Null: core,
		Inputs: map[string]services.Input{core: {HasServices: true, Services: offered}}}
	bare, long, named := module.Spec{Name: "borg"}, module.Spec{Name: "@clan/borg"},
		module.Spec{Name: "borg", Input: &core}
	for _, test := range []struct {
		spec   module.Spec
		others []module.Spec
		want   module.Spec
	}{
		{bare, nil, bare},
		{bare, []module.Spec{{Name: "sshd", Input: &core}}, bare},
		{bare, []module.Spec{named}, named},
		{bare, []module.Spec{long}, long},
		{long, []module.Spec{bare}, bare},
		{bare, []module.Spec{bare, named, named}, named},
		{bare, []module.Spec{named, bare, bare}, bare},
		{bare, []module.Spec{named, bare}, bare},
		{named, []module.Spec{bare}, named},
		{module.Spec{Name: "brog"}, []module.Spec{named}, module.Spec{Name: "brog"}},
	} {
		if got := c.Spelling(test.spec, test.others); services.Key(got) != services.Key(test.want) {
			t.Errorf("%s beside %v: %s", test.spec, test.others, got)
		}
	}
}
