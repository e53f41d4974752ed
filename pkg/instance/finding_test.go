package instance

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/services"
)

// In JSON and back, a finding of each kind is the same, and so are its words, whatever of its cause is known.
func TestFindingsReadBack(t *testing.T) {
	full := Cause{Also: "tag", Count: 3, Elsewhere: []string{"e"}, Hint: "h", Input: "i", Instances: []string{"a"},
		Known: []string{"k"}, Max: 2, Min: 1, Name: "n<&>",
		Names: []string{"x"}, Near: []string{"y"}, Nix: "Nix\nsays", Other: "o", OtherInstances: []string{"b"},
		OtherService: "i#m", Part: "p", Service: "i#n",
		Tag: "t", Shape: &Shape{Path: []string{"roles", "r"}, Type: "a list", Near: []string{"x"}}, Type: "package",
		Values: []any{json.Number("12345678901234567890"), map[string]any{"a": nil}}, Whole: true}
	about := Subject{Instance: "i", Role: "r", Machine: "m", Machines: []string{"m", "n"},
		Setting: []string{"a", "b.c"}}
	for _, info := range Codes() {
		for _, f := range []Finding{NewFinding(info.Code, Subject{}, Cause{}), NewFinding(info.Code, about, full),
			NewFinding(info.Code, Subject{Module: "m"}, full)} {
			f.Position = Position{File: "clan.nix", Line: 3, Column: 5}
			f.Definitions = []SettingDefinition{{Layer: "role", Value: json.Number("1e400"),
				Position: &Position{File: "a"}}, {Layer: "tag", Name: "t"}}
			text, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			var back Finding
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if diff := cmp.Diff(f, back, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s:\n%s", text, diff)
			}
			again, err := json.Marshal(back)
			if err != nil || string(again) != string(text) {
				t.Errorf("%s became\n%s, %v", text, again, err)
			}
			if f.Message() == "" || strings.Contains(f.String(), "$") {
				t.Errorf("%s says nothing, or something that is not filled in", text)
			}
		}
	}
}

// Nix lists definitions without lines; where the finding has all of them with theirs, its message has none.
func TestDefinitionsAreListedOnce(t *testing.T) {
	const text = "The option `x' has conflicting definition values:\n- In `a.nix': 1\n- In `b.nix': {\n    y = 2;\n  }\nUse this."
	f := NewFinding(codes.Conflict, Subject{Instance: "i", Role: "r", Setting: []string{"x"}}, Cause{Nix: text})
	for n, want := range []string{text, text, "The option `x' has conflicting definition values", text} {
		f.Definitions = make([]SettingDefinition, n)
		if got := f.Message(); got != want {
			t.Errorf("with %d definitions: %s", n, got)
		}
	}
	f.Definitions = f.Definitions[:1]
	f.Cause.Nix = "A definition for option `x' is not of type `y'. TypeError: Definition values: \n- In `a.nix': 1"
	if got := f.Message(); got != "A definition for option `x' is not of type `y'" {
		t.Error(got)
	}
	f.Cause.Nix = "The option `x' does not exist. Definition values:\n- In `a.nix': 1\n\nDid you mean `y'?"
	if got := f.Message(); got != "The option `x' does not exist\nDid you mean `y'?" {
		t.Error(got)
	}
}

// The schema of the document describes each field of the model, and no other.
func TestSchemaOfDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/eval.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type properties struct{ Properties map[string]any }
	var schema struct {
		properties
		Defs map[string]properties `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	schema.Defs["the document"] = schema.properties
	for name, typ := range map[string]reflect.Type{
		"the document": reflect.TypeFor[Inventory](), "flake": reflect.TypeFor[Flake](),
		"machine": reflect.TypeFor[Machine](), "instance": reflect.TypeFor[Instance](),
		"module": reflect.TypeFor[Module](), "role": reflect.TypeFor[Role](), "member": reflect.TypeFor[Member](),
		"export": reflect.TypeFor[Export](), "host": reflect.TypeFor[Host](), "finding": reflect.TypeFor[document](),
		"cause": reflect.TypeFor[Cause](), "definition": reflect.TypeFor[SettingDefinition](),
		"position": reflect.TypeFor[Position](),
	} {
		var fields []string
		for _, field := range reflect.VisibleFields(typ) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				fields = append(fields, name)
			}
		}
		slices.Sort(fields)
		if diff := cmp.Diff(sortedKeys(schema.Defs[name].Properties), fields); diff != "" {
			t.Errorf("%s (-docs/eval.schema.json +the fields):\n%s", name, diff)
		}
	}
}

func TestWords(t *testing.T) {
	about := Subject{Instance: "i", Role: "r"}
	near, known := Cause{Name: "n", Service: "n", Tag: "t", Near: []string{"m"}},
		Cause{Known: []string{"a", "b"}, Tag: "t", Name: "n", Input: "x", Service: "x#n"}
	for _, c := range []struct {
		code          string
		about         Subject
		cause         Cause
		message, hint string
	}{
		{codes.UnknownMachine, Subject{Role: "r", Machine: "labtop"}, near,
			`the clan has no machine "labtop"; clan counts it as a member, but deploys nothing`, `did you mean "m"?`},
		{codes.UnknownMachine, Subject{Role: "r", Machine: "a b"}, Cause{Also: "tag"},
			`the clan has no machine "a b"; clan counts it as a member, but deploys nothing`,
			`"a b" is a tag: write roles.r.tags."a b"`},
		{codes.UnknownTag, about, known, `no machine has the tag "t"`, `the tags are "a", "b"`},
		{codes.UnknownTag, about, Cause{Tag: "t"}, `no machine has the tag "t"`, "the clan has no tags"},
		{codes.UnknownInput, about, near, "the flake has no input that is clan-core", `did you mean "m"?`},
		{codes.UnknownModule, about, known, `the input "x" offers no service "n"`, `it offers "a", "b"`},
		{codes.UnknownModule, about, Cause{Name: "n", Service: "n", Input: "clan-core", Elsewhere: []string{"y#n"}},
			`clan-core offers no service "n"`, `a service "n" is offered elsewhere: set module.input = "y"`},
		{codes.UnknownModule, about, Cause{Name: "n", Service: "n", Input: "clan-core", Elsewhere: []string{"y#@x/n"}},
			`clan-core offers no service "n"`, `did you mean y#@x/n (module.name = "@x/n")?`},
		{codes.UnknownSetting, Subject{Instance: "i", Role: "r", Setting: []string{"machines", "a"}}, Cause{},
			"the role has no such option", "machines stands beside settings, not in them: roles.r.machines"},
		{codes.ManifestFailed, Subject{Module: "m"}, Cause{Names: []string{"Sytem"}, Near: []string{"System"}},
			`clan knows no category "Sytem"; only listings of services show categories`, `did you mean "System"?`},
		{codes.Malformed, about,
			Cause{Shape: &Shape{Path: []string{"roles", "r", "machines"}, Type: "a list", Want: "an attribute set"}},
			"instances.i.roles.r.machines is a list, where an attribute set belongs",
			"name each as an attribute: instances.i.roles.r.machines.<machine> = { };"},
		{codes.Malformed, Subject{Instance: "i"}, Cause{Shape: &Shape{Path: []string{"role"}, Near: []string{"roles"}}},
			`instances.i has no attribute "role"`, `did you mean "roles"?`},
		{codes.Malformed, Subject{Instance: "i"}, Cause{Shape: &Shape{Path: []string{"settings"}}},
			`instances.i has no attribute "settings"`, "settings belong to a role: instances.i.roles.<role>.settings"},
		{codes.Malformed, Subject{Machine: "m"}, Cause{Shape: &Shape{Path: []string{"targetHost"}}},
			`machines.m has no attribute "targetHost"`, "it stands below deploy: machines.m.deploy.targetHost"},
		{codes.InvalidIgnore, Subject{},
			Cause{Name: "unused-tag", Near: []string{"unused-tag"}, Values: []any{"- why"}},
			`the ignore has "- why" between its code and the reason, and so ignores nothing`,
			"write # clanctl: ignore unused-tag -- REASON, a comment for each code"},
		{codes.Malformed, Subject{Machine: "m"},
			Cause{Shape: &Shape{Path: []string{"tags"}, Type: "a string", Want: "a list"}},
			"machines.m.tags is a string, where a list belongs", `tags are a list: machines.m.tags = [ "<tag>" ];`},
		{codes.Malformed, Subject{}, Cause{Tag: "t", Shape: &Shape{Type: "a string", Want: "a list"}},
			"tags.t is a string, where a list belongs", `a tag lists machines: tags.t = [ "<machine>" ];`},
		{codes.Malformed, Subject{}, Cause{}, "an attribute has a name or a form that clan does not know", ""},
		{codes.RemovedModule, about, Cause{Name: "n", Service: "n", Input: "x", Nix: "use m"},
			`the service "n" was removed from x: use m`, ""},
		{codes.UnknownRole, about, known, `the module x#n has no role "r"`, `its roles are "a", "b"`},
		{codes.TooFewMachines, about, Cause{Min: 1}, `the role "r" needs at least 1 machine, but has 0`,
			"add members; the module's manifest sets the limit"},
		{codes.Conflict, about, Cause{Values: []any{1, "x"}}, `two layers give different values: 1 and "x"`,
			"no layer outranks another: keep the value in one layer, or mark one with lib.mkForce or the other with lib.mkDefault"},
		{codes.Conflict, about, Cause{Nix: "Nix says", Hint: "do"}, "Nix says", "do"},
		{codes.SettingFailed, about, Cause{Max: 7}, "the setting does not evaluate",
			"Nix's message is left out: more than 7 parts of this clan do not evaluate"},
		{codes.SettingsFailed, about, Cause{Values: []any{5}}, "the settings are not a set, but 5", ""},
		{codes.InterfaceNotJSON, about, Cause{Type: "package"}, "JSON cannot express values of the type: package",
			"let users give a name or an attribute path as a string, and look the value up in perInstance"},
		{codes.ImpossibleConstraint, Subject{Module: "m"}, Cause{},
			"constraints.maxInstances is 0, so there can be no instance", "remove it, or make it 1 or more"},
		{codes.ImpossibleConstraint, about, Cause{Min: 2, Max: 1},
			"constraints.roles.r requires at least 2 machines and allows at most 1", "correct the numbers"},
		{codes.ImpossibleConstraint, about, Cause{Min: 2, Max: 0},
			"constraints.roles.r.maxMachines is 0, so no machine can be in the role",
			"remove it, or make it 1 or more"},
		{codes.ImpossibleConstraint, about, Cause{Min: 2, Name: "r", Near: []string{"s"}},
			`constraints.roles.r requires 2 machines, but the module has no role "r"`, `did you mean "s"?`},
		{"of-the-user", about, Cause{Nix: "own words"}, "own words", ""},
	} {
		f := NewFinding(c.code, c.about, c.cause)
		if diff := cmp.Diff([]string{c.message, c.hint}, []string{f.Message(), f.Hint()}); diff != "" {
			t.Errorf("%s:\n%s", c.code, diff)
		}
	}
}

func TestFindingString(t *testing.T) {
	f := NewFinding(codes.Conflict,
		Subject{Instance: "i", Role: "r", Machine: "m", Machines: []string{"m", "n"}, Setting: []string{"x"}},
		Cause{Nix: "two\nlines\n"})
	f.Position = Position{File: "clan.nix", Line: 3, Column: 5}
	f.Definitions = []SettingDefinition{{Layer: "role", Value: 1}}
	const want = `clan.nix:3:5: error: inventory.instances.i.roles.r.machines.m.settings.x [conflict]
  two
  lines
  for "m", "n"
  - role: 1
  hint: no layer outranks another: keep the value in one layer, or mark one with lib.mkForce or the other with lib.mkDefault`
	if diff := cmp.Diff(want, f.String()); diff != "" {
		t.Error(diff)
	}
	if got := NewFinding(codes.NixWarning, Subject{}, Cause{Nix: "x"}).String(); got != "warning: [nix-warning]\n  x" {
		t.Errorf("got %q", got)
	}
	if got := (&f).Error(); got != "clan.nix:3:5: inventory.instances.i.roles.r.machines.m.settings.x: two\nlines\n" {
		t.Errorf("got %q", got)
	}
}

// What is lost besides the finding's own subject makes it an error, and the document partial.
func TestGrade(t *testing.T) {
	for _, c := range []struct {
		code        string
		part, whole string
	}{
		{codes.Conflict, "error", "error, partial"},
		{codes.SettingFailed, "warning", "error, partial"},
		{codes.UnknownSetting, "warning", "error, partial"},
		{codes.MachineFailed, "warning", "error, partial"},
		{codes.UnknownModule, "error", "error, partial"},
		{codes.UnknownRole, "error, partial", "error, partial"},
		{codes.KeyCollision, "error", "error"},
		{codes.UnusedTag, "warning", "warning"},
		{"of-the-user", "warning", "warning"},
	} {
		for whole, want := range map[bool]string{false: c.part, true: c.whole} {
			f := NewFinding(c.code, Subject{}, Cause{Whole: whole})
			got := string(f.Severity)
			if f.Partial() {
				got += ", partial"
			}
			if got != want {
				t.Errorf("%s, whole %t: %s, want %s", c.code, whole, got, want)
			}
		}
	}
}

// Which part it is that is lost decides, where clan reads some only.
func TestGradeOfParts(t *testing.T) {
	for _, c := range []struct {
		code    string
		setting []string
		want    Severity
	}{
		{codes.ManifestFailed, nil, SeverityWarning},
		{codes.ManifestFailed, []string{"exports"}, SeverityWarning},
		{codes.ManifestFailed, []string{"categories"}, SeverityNote},
		{codes.ManifestFailed, []string{"constraints"}, SeverityError},
		{codes.EvaluationFailed, []string{"meta", "name"}, SeverityError},
		{codes.Conflict, []string{"meta"}, SeverityError},
	} {
		if got := NewFinding(c.code, Subject{Setting: c.setting}, Cause{}).Severity; got != c.want {
			t.Errorf("%s of %q: %s, want %s", c.code, c.setting, got, c.want)
		}
	}
	if got := NewFinding(codes.Conflict, Subject{}, Cause{Unset: true}).Severity; got != SeverityNote {
		t.Errorf("a conflict of defaults: %s", got)
	}
}

func TestKey(t *testing.T) {
	f := NewFinding(codes.UnknownTag, Subject{Instance: "i", Role: "r", Machine: "m", Machines: []string{"m", "n"}},
		Cause{Tag: "t", Near: []string{"u"}, Nix: "x"})
	for name, change := range map[string]func(*Finding){
		"place":  func(f *Finding) { f.Line, f.Definitions = 7, []SettingDefinition{{}} },
		"words":  func(f *Finding) { f.Cause.Near, f.Cause.Nix, f.Cause.Known = nil, "y", []string{"v"} },
		"others": func(f *Finding) { f.Machines = nil },
		"error":  func(f *Finding) { f.Err = errors.New("x") },
	} {
		g := f
		if change(&g); g.Key() != f.Key() {
			t.Errorf("%s: %s is not %s", name, g.Key(), f.Key())
		}
	}
	for name, change := range map[string]func(*Finding){
		"code":    func(f *Finding) { f.Code = codes.EmptyTag },
		"tag":     func(f *Finding) { f.Cause.Tag = "u" },
		"machine": func(f *Finding) { f.Machine, f.Machines = "n", nil },
		"setting": func(f *Finding) { f.Setting = []string{"a"} },
	} {
		g := f
		if change(&g); g.Key() == f.Key() {
			t.Errorf("%s makes no difference", name)
		}
	}
	warning := func(text string) string { return NewFinding(codes.NixWarning, Subject{}, Cause{Nix: text}).Key() }
	if warning("a.nix:1:2: x") != warning("a.nix:12: x") || warning("x") == warning("y") {
		t.Error("a warning of Nix is what it says, wherever")
	}
}

func TestFailure(t *testing.T) {
	cause := &services.Failure{Text: "x"}
	inv := &Inventory{}
	add := func(code string, about Subject, c Cause) {
		f := NewFinding(code, about, c)
		f.Err = cause
		inv.Findings = append(inv.Findings, f)
	}
	add(codes.UnknownModule, Subject{Instance: "shown"}, Cause{Whole: true})
	add(codes.MachineFailed, Subject{Machine: "shown", Setting: []string{"icon"}}, Cause{})
	add(codes.InstanceFailed, Subject{Instance: "i"}, Cause{})
	add(codes.RoleFailed, Subject{Instance: "j", Role: "r"}, Cause{})
	add(codes.MachineFailed, Subject{Machine: "m"}, Cause{Whole: true})
	for _, c := range []struct {
		about Subject
		hides bool
	}{
		{Subject{}, false}, {Subject{Instance: "shown"}, false}, {Subject{Machine: "shown"}, false},
		{Subject{Instance: "i"}, true}, {Subject{Instance: "i", Role: "any"}, true}, {Subject{Instance: "j"}, false},
		{Subject{Instance: "j", Role: "r"}, true},
		{Subject{Instance: "j", Role: "s"}, false}, {Subject{Machine: "m"}, true},
	} {
		err := inv.Failure(c.about)
		if (err != nil) != c.hides || c.hides && !errors.Is(err, cause) {
			t.Errorf("%+v: %v", c.about, err)
		}
	}
	add(codes.InstancesFailed, Subject{}, Cause{Part: "instances"})
	if inv.Failure(Subject{}) == nil || inv.Failure(Subject{Instance: "shown"}) == nil ||
		inv.Failure(Subject{Machine: "shown"}) != nil {
		t.Error("instances that do not evaluate hide all instances, and no machine")
	}
}

// What nobody set is a note, unless all of a member's settings are lost with it.
func TestUnsetIsANote(t *testing.T) {
	about := Subject{Instance: "i", Role: "r", Machine: "m", Setting: []string{"port"}}
	for _, test := range []struct {
		code  string
		cause Cause
		want  Severity
	}{
		{codes.MissingSetting, Cause{}, SeverityNote},
		{codes.SettingFailed, Cause{Unset: true}, SeverityNote},
		{codes.InvalidSetting, Cause{Unset: true}, SeverityNote},
		{codes.SettingFailed, Cause{}, SeverityWarning},
		{codes.MissingSetting, Cause{Whole: true}, SeverityError},
		{codes.SettingFailed, Cause{Unset: true, Whole: true}, SeverityError},
	} {
		if f := NewFinding(test.code, about, test.cause); f.Severity != test.want {
			t.Errorf("%s, %+v: %s", test.code, test.cause, f.Severity)
		}
	}
}
