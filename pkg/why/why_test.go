package why

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestValuesAt(t *testing.T) {
	force := `{"_type":"override","priority":50,"content":%s}`
	for _, c := range []struct {
		in   string
		path string
		want string
	}{
		{`{"a":{"b":1}}`, "a.b", "1@100"},
		{`{"a":{"b":1}}`, "a.c", ""},
		{`{"a":1}`, "a.b", ""},
		{`{"a":` + strings.Replace(force, "%s", `{"b":2}`, 1) + `}`, "a.b", "2@50"},
		{strings.Replace(force, "%s", `{"a":{"_type":"override","priority":1000,"content":3}}`, 1), "a", "3@1000"},
		{`{"_type":"merge","contents":[{"a":1},{"a":2}]}`, "a", "1@100 2@100"},
		{`{"_type":"if","condition":false,"content":{"a":1}}`, "a", ""},
		{`{"_type":"if","condition":true,"content":{"a":1}}`, "a", "1@100"},
		{`{"a":{"_type":"order","priority":500,"content":[1]}}`, "a", "[1]@100"},
	} {
		var got []string
		for _, v := range valuesAt(invtest.Parse(c.in), strings.Split(c.path, "."), plainPriority) {
			got = append(got, text(v.value)+"@"+text(v.priority))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s at %s: %s", c.in, c.path, diff)
		}
	}
}

// layered is an inventory with one role whose layers all give a value.
func layered(t *testing.T, machine, role, tag string) *instance.Inventory {
	definition := func(text string) []facts.Definition {
		if text == "" {
			return nil
		}
		return []facts.Definition{{JSON: []byte(text)}}
	}
	return &instance.Inventory{Instances: map[string]*instance.Instance{"i": {Roles: map[string]*instance.Role{"r": invtest.RoleWith(&instance.Role{
		Tags:     []string{"a", "b"},
		Machines: map[string]*instance.Member{"m": {Explicit: true, Tags: []string{"a", "b"}}},
	},
		facts.Role{Layers: facts.Layers{Role: definition(role),
			Machines: map[string][]facts.Definition{"m": definition(machine)},
			Tags:     map[string][]facts.Definition{"a": definition(tag), "b": definition(tag)}}})}}}}
}

func TestExplainSetting(t *testing.T) {
	inv := layered(t, `{"x":{"_type":"override","priority":1000,"content":"machine"}}`, `{"x":"role"}`, `{"x":"tag"}`)
	ref := instance.Subject{Instance: "i", Role: "r", Machine: "m", Setting: []string{"x"}}
	facts.Of(inv).Setting = &facts.SettingInfo{Message: "conflicting",
		Options: []facts.Option{{Depth: 1, Option: &services.Option{Type: services.NewType("str", "string")},
			Priority:    100,
			Definitions: []facts.Definition{{File: "module.nix", JSON: []byte(`"inside"`)}, {JSON: []byte(`"role"`)}}}}}
	e, err := Explain(inv, ref)
	if err != nil {
		t.Fatal(err)
	}
	want := []Definition{
		{Layer: "tag", Name: "b", Priority: 100, Value: "tag", Counts: true},
		{Layer: "tag", Name: "a", Priority: 100, Value: "tag", Counts: true},
		{Layer: "machine", Name: "m", Priority: 1000, Value: "machine"},
		{Layer: "role", Priority: 100, Value: "role", Counts: true},
		{Layer: "module", Name: "module.nix", Priority: 100, Value: "inside", Counts: true},
	}
	if diff := cmp.Diff(want, e.Setting.Definitions); diff != "" {
		t.Error(diff)
	}
	if e.Setting.Option.Type != "string" {
		t.Errorf("option %+v", e.Setting.Option)
	}
	if e.Setting.Problem != "conflicting" || !strings.Contains(e.Setting.Hint, `the tag b write lib.mkForce ("tag")`) {
		t.Errorf("%+v", e.Setting)
	}
}

// What there is not, is said so with what is near; what did not evaluate, with its own error.
func TestUnknown(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"laptop": {"mobile"}, "server": nil},
		Instances: map[string]invtest.Instance{"backup": {Roles: map[string]invtest.Role{"client": {Machines: []string{"laptop"},
			Tags: []string{"all"}, Settings: map[string]map[string]any{"role": {"exclude": 1}}},
			"server": {Machines: []string{"server"}}}},
			"lost": {Roles: map[string]invtest.Role{"client": {Machines: []string{"laptop"}}}}}}.Inventory()
	facts.Of(inv).Setting = &facts.SettingInfo{}
	failed := instance.NewFinding(codes.InstanceFailed, instance.Subject{Instance: "dead"},
		instance.Cause{Nix: "no"})
	lost := instance.NewFinding(codes.ModuleFailed, instance.Subject{Instance: "lost"},
		instance.Cause{Nix: "no", Whole: true})
	inv.Findings = append(inv.Findings, failed, lost)
	for _, c := range []struct {
		ref           instance.Subject
		message, hint string
	}{
		{instance.Subject{Instance: "bakcup"}, `the clan has no instance "bakcup"`, `did you mean "backup"?`},
		{instance.Subject{Instance: "dead"}, `inventory.instances.dead: no`, ""},
		{instance.Subject{Instance: "backup", Role: "x"}, `the instance "backup" has no role "x"`,
			`its roles are "client", "server"`},
		{instance.Subject{Instance: "backup", Role: "server", Machine: "labtop"}, `the clan has no machine "labtop"`,
			`did you mean "laptop"?`},
		{instance.Subject{Instance: "backup", Role: "server", Machine: "laptop"},
			`the machine "laptop" is not in the role "server" of the instance "backup"`,
			`the role names no machine "laptop" and takes none by tag`},
		{instance.Subject{Instance: "backup", Role: "client", Machine: "laptop", Setting: []string{"exlcude"}},
			`the role "client" has no setting exlcude`, `did you mean "exclude"? there are "exclude"`},
		{instance.Subject{Instance: "lost", Role: "client", Machine: "laptop", Setting: []string{"exclude"}},
			`inventory.instances.lost: no`, ""},
	} {
		_, err := Explain(inv, c.ref)
		hint := ""
		if with, has := err.(interface{ Hint() string }); has {
			hint = with.Hint()
		}
		if err == nil || err.Error() != c.message || hint != c.hint {
			t.Errorf("%v: %v, %s", c.ref, err, hint)
		}
	}
	e, err := Explain(inv,
		instance.Subject{Instance: "backup", Role: "client", Machine: "laptop", Setting: []string{"exclude"}})
	if err != nil || text(e.Setting.Value) != "1" || !e.Member.Explicit || len(e.Member.Tags) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestSettle(t *testing.T) {
	nix, data := &instance.Position{File: "clan.nix", Line: 3, Column: 1},
		&instance.Position{File: "inventory.json", Line: 3, Column: 1}
	role := Definition{Layer: "role", Value: 1, Counts: true, Position: nix}
	machine := Definition{Layer: "machine", Name: "m", Value: 2, Counts: true, Position: nix}
	for name, c := range map[string]struct {
		in   []Definition
		want string
	}{
		"the machine's": {[]Definition{role, machine},
			"to keep the value of the machine m write lib.mkForce (2) at clan.nix:3:1, or remove the other"},
		"agreement":      {[]Definition{role, role}, ""},
		"one overridden": {[]Definition{role, {Layer: "tag", Value: 3}}, ""},
		"data": {[]Definition{role, {Layer: "machine", Value: 2, Counts: true, Position: data}},
			"remove all but one of them; JSON cannot say lib.mkForce"},
	} {
		if got := settle(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
