package fix

import (
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// position is that of a text in a file.
func positionOf(file, text, at string) instance.Position {
	i := strings.Index(text, at)
	line := strings.Count(text[:i], "\n")
	return instance.Position{File: file, Line: line + 1, Column: i - strings.LastIndexByte(text[:i], '\n')}
}

func apply(text string, edits []Edit) string {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return b.Start - a.Start })
	for _, e := range edits {
		text = text[:e.Start] + e.New + text[e.End:]
	}
	return text
}

func TestFor(t *testing.T) {
	nearest := func(code string, about instance.Subject, cause instance.Cause) instance.Finding {
		return instance.NewFinding(code, about, cause)
	}
	shape := func(near []string, path ...string) instance.Cause {
		return instance.Cause{Shape: &instance.Shape{Path: path, Near: near}}
	}
	for name, test := range map[string]struct {
		file, text, at string
		finding        instance.Finding
		title, want    string // no want: no such fix
	}{
		"name in a string": {"a.nix", "{\n  tags.all = [ \"lap\" \"desk\" ];\n}", "tags",
			nearest(codes.GhostTagMember, instance.Subject{Machine: "lap"},
				instance.Cause{Tag: "all", Near: []string{"laptop"}}),
			`replace "lap" with "laptop"`, "{\n  tags.all = [ \"laptop\" \"desk\" ];\n}"},
		"name that needs quotes": {"a.nix", "{ roles.r.machines.lap = { }; }", "roles",
			nearest(codes.UnknownMachine, instance.Subject{Machine: "lap", Role: "r"},
				instance.Cause{Near: []string{"lap 1"}}),
			`replace "lap" with "lap 1"`, "{ roles.r.machines.\"lap 1\" = { }; }"},
		"name that stands there twice": {"a.nix", "{ lap.lap = { }; }", "lap",
			nearest(codes.UnknownMachine, instance.Subject{Machine: "lap"},
				instance.Cause{Near: []string{"laptop"}}), `replace "lap" with "laptop"`, ""},
		"name that is not written": {"a.nix", "{ machines = builtins.listToAttrs x; }", "machines",
			nearest(codes.UnknownMachine, instance.Subject{Machine: "lap"},
				instance.Cause{Near: []string{"laptop"}}), `replace "lap" with "laptop"`, ""},
		"name that is evaluated": {"a.nix", "{ machines.\"${x}\" = { }; }", "machines",
			nearest(codes.UnknownMachine, instance.Subject{Machine: "lap"},
				instance.Cause{Near: []string{"laptop"}}), `replace "lap" with "laptop"`, ""},
		"JSON": {"inventory.json", "{\n  \"machines\": {\"lap\": {}, \"b\": 1}\n}", `"lap"`,
			nearest(codes.UnknownMachine, instance.Subject{Machine: "lap"},
				instance.Cause{Near: []string{"laptop"}}),
			`replace "lap" with "laptop"`, "{\n  \"machines\": {\"laptop\": {}, \"b\": 1}\n}"},
		"machine for tag": {"a.nix", "{ roles.r.tags.desk = { }; }", "roles",
			nearest(codes.UnknownTag, instance.Subject{Role: "r"}, instance.Cause{Tag: "desk", Also: "machine"}),
			`"desk" is a machine: replace "tags" with "machines"`, "{ roles.r.machines.desk = { }; }"},
		"beside the settings": {"a.nix", "{ roles.r.settings.extraModules = [ ]; }", "roles",
			nearest(codes.UnknownSetting,
				instance.Subject{Instance: "i", Role: "r", Setting: []string{"extraModules"}}, instance.Cause{}),
			`move "extraModules" beside the settings`, "{ roles.r.extraModules = [ ]; }"},
		"out of the settings": {"a.nix", "{\n  roles.r.settings = {\n    a = 1;\n    extraModules = [ ];\n  };\n  b = 2;\n}", "extraModules",
			nearest(codes.UnknownSetting,
				instance.Subject{Instance: "i", Role: "r", Setting: []string{"extraModules"}}, instance.Cause{}),
			`move "extraModules" beside the settings`,
			"{\n  roles.r.settings = {\n    a = 1;\n  };\n  roles.r.extraModules = [ ];\n  b = 2;\n}"},
		"out of settings on one line": {"a.nix", "{ r = { settings = { tags.all = { }; }; }; }", "tags",
			nearest(codes.UnknownSetting,
				instance.Subject{Instance: "i", Role: "r", Setting: []string{"tags", "all"}}, instance.Cause{}),
			`move "tags" beside the settings`, "{ r = { settings = {  }; tags.all = { }; }; }"},
		"out of what is computed": {"a.nix", "{ roles.r.settings = f { tags.all = { }; }; }", "tags",
			nearest(codes.UnknownSetting,
				instance.Subject{Instance: "i", Role: "r", Setting: []string{"tags", "all"}}, instance.Cause{}),
			`move "tags" beside the settings`, ""},
		"into the settings": {"a.nix", "{ i = { roles.r.every = 1; }; }", "roles",
			nearest(codes.Malformed, instance.Subject{Instance: "i", Role: "r"},
				shape(nil, "roles", "r", "every")),
			`move "every" into the settings`, "{ i = { roles.r.settings.every = 1; }; }"},
		"into the only role": {"a.nix", "{ i.settings.every = 1; }", "i.settings",
			nearest(codes.Malformed, instance.Subject{Instance: "i"}, shape(nil, "settings")),
			"move the settings into roles.r", "{ i.roles.r.settings.every = 1; }"},
		"misspelled attribute": {"a.nix", "{ i.role.r = { }; }", "i.role",
			nearest(codes.Malformed, instance.Subject{Instance: "i"}, shape([]string{"roles"}, "role")),
			`replace "role" with "roles"`, "{ i.roles.r = { }; }"},
		"ignore in the middle": {"a.nix", "{\n\ta = 1;\n\tb = 2;\n}", "b",
			nearest(codes.UnusedTag, instance.Subject{}, instance.Cause{Tag: "b"}),
			"ignore unused-tag here, with a reason",
			"{\n\ta = 1;\n\t# clanctl: ignore unused-tag -- (say why)\n\tb = 2;\n}"},
		"no ignore in JSON": {"inventory.json", "{\"b\": 2}", `"b"`,
			nearest(codes.UnusedTag, instance.Subject{}, instance.Cause{Tag: "b"}),
			"ignore unused-tag here, with a reason", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := test.finding
			f.Position = positionOf(test.file, test.text, test.at)
			inv := &instance.Inventory{Instances: map[string]*instance.Instance{"i": {Roles: map[string]*instance.Role{"r": {}}}}}
			got := ""
			for _, found := range For(inv, f, "p", func(string) ([]byte, error) { return []byte(test.text), nil }) {
				if found.Title == test.title {
					got = apply(test.text, found.Edits)
				}
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// Each definition of a conflict can be the one that stays; the others go, with their lines.
func TestConflict(t *testing.T) {
	for name, test := range map[string]struct {
		file, text string
		at         []string
		want       []string
	}{
		"lines": {"a.nix", "{\n  roles.r.settings.n = 1;\n  roles.r.machines.m.settings.n = 2;\n}\n",
			[]string{"roles.r.settings", "roles.r.machines"},
			[]string{"{\n  roles.r.settings.n = 1;\n}\n", "{\n  roles.r.machines.m.settings.n = 2;\n}\n"}},
		"one line": {"a.nix", "{ a.n = 1; b.n = { x = \";\"; }; }", []string{"a.n", "b.n"},
			[]string{"{ a.n = 1;  }", "{  b.n = { x = \";\"; }; }"}},
		"JSON": {"a.json", "{\"a\": {\"n\": 1, \"x\": 1}, \"b\": {\"x\": 1, \"n\": 2}}",
			[]string{"\"n\": 1", "\"n\": 2"},
			[]string{"{\"a\": {\"n\": 1, \"x\": 1}, \"b\": {\"x\": 1}}",
				"{\"a\": { \"x\": 1}, \"b\": {\"x\": 1, \"n\": 2}}"}},
		"a set": {"a.nix", "{ settings = f { n = 1; }; b.n = 2; }", []string{"settings", "b.n"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := instance.NewFinding(codes.Conflict,
				instance.Subject{Instance: "i", Role: "r", Setting: []string{"n"}}, instance.Cause{})
			for i, at := range test.at {
				p := positionOf(test.file, test.text, at)
				f.Definitions = append(f.Definitions,
					instance.SettingDefinition{Layer: "role", Value: i + 1, Position: &p})
			}
			var got []string
			for _, found := range For(nil, f, "p", func(string) ([]byte, error) { return []byte(test.text), nil }) {
				if strings.HasPrefix(found.Title, "keep ") {
					got = append(got, apply(test.text, found.Edits))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// The input of a module is replaced, or written beside its name.
func TestSetModule(t *testing.T) {
	for name, test := range map[string]struct{ file, text, name, input, want string }{
		"replaced": {"a.nix", "{ module = { input = \"x\"; name = \"m\"; }; }", "name", "input",
			"{ module = { input = \"self\"; name = \"m\"; }; }"},
		"below": {"a.nix", "{\n  i.module.name = \"m\";\n}", "i.module", "",
			"{\n  i.module.name = \"m\";\n  i.module.input = \"self\";\n}"},
		"beside": {"a.nix", "{ i.module = { name = \"m\"; }; }", "name", "",
			"{ i.module = { name = \"m\"; input = \"self\"; }; }"},
		"JSON": {"a.json", "{\"module\": {\"name\": \"m\"}}", "\"name\"", "",
			"{\"module\": {\"input\": \"self\", \"name\": \"m\"}}"},
		"other name": {"a.nix", "{ module = { name = \"other\"; }; }", "name", "", ""},
		"evaluated":  {"a.nix", "{ module = { name = f \"m\"; }; }", "name", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inv := &instance.Inventory{}
			place := func(at string) *facts.Place {
				if at == "" {
					return nil
				}
				p := positionOf(test.file, test.text, at)
				return &facts.Place{Position: &p}
			}
			module := &facts.Place{Below: map[string]*facts.Place{"name": place(test.name), "input": place(test.input)}}
			facts.Of(inv).Places = &facts.Place{Below: map[string]*facts.Place{"instances": {Below: map[string]*facts.Place{"i": {Below: map[string]*facts.Place{"module": module}}}}}}
			f := instance.NewFinding(codes.UnknownModule, instance.Subject{Instance: "i"},
				instance.Cause{Name: "m", Elsewhere: []string{"self#m"}})
			got := ""
			for _, found := range For(inv, f, "p", func(string) ([]byte, error) { return []byte(test.text), nil }) {
				if found.Title == `take the module from "self"` {
					got = apply(test.text, found.Edits)
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
