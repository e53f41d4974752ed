package instance

import (
	"testing"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// TestExampleFitsItsSchemas holds all that the example sets, as it is written and as it comes out, against the schemas
// of its services, which has neither clan-core nor nixpkgs' lib.
func TestExampleFitsItsSchemas(t *testing.T) {
	ref := nixtest.Ref(t, "../../examples/homelab")
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		processes := nixtest.Count(&e)
		inv, err := Load(t.Context(), ref,
			Config{Evaluator: e, Need: NeedSettings | facts.NeedModules,
				ask: facts.Query{Modules: facts.ModuleQuery{Interfaces: true}}})
		if err != nil {
			t.Fatal(err)
		}
		if n := processes.Load(); n != 1 {
			t.Errorf("%d processes for one question", n)
		}
		checked := 0
		for name, inst := range inv.Instances {
			input, err := inv.facts.Modules.Catalogue.Resolve(inst.Module.Spec())
			if err != nil {
				t.Fatal(err)
			}
			service := inv.facts.Modules.Catalogue.Inputs[input].Modules[inst.Module.Name]
			for roleName, role := range inst.Roles {
				schema := services.NewSchema(service.Roles[roleName].Interface, services.SchemaOptions{})
				check := func(value any) {
					checked++
					if err := schema.Validate(value); err != nil {
						t.Errorf("%s.%s: %v", name, roleName, err)
					}
				}
				for _, member := range role.Machines {
					check(member.Settings)
				}
				for _, layers := range []map[string][]facts.Definition{{"": role.facts.Layers.Role},
					role.facts.Layers.Machines, role.facts.Layers.Tags} {
					for _, definitions := range layers {
						for _, definition := range definitions {
							check(definition.Value())
						}
					}
				}
				if schema.Validate(map[string]any{"no such": "option"}) == nil {
					t.Errorf("%s.%s takes anything", name, roleName)
				}
			}
		}
		if checked < 30 {
			t.Errorf("only %d settings were checked", checked)
		}
	})
}
