package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// rulesOf parses rules, each of the code that is its key.
func rulesOf(t *testing.T, expressions ...string) []*Rule {
	t.Helper()
	var entries []string
	for i, expression := range expressions {
		entries = append(entries, fmt.Sprintf(`{"code": "r%d", "message": "m", "select": %q}`, i, expression))
	}
	f, err := Parse("p", []byte(`{"rules": [`+strings.Join(entries, ",\n")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return f.Rules
}

// clan has positions as Nix gives them: line 1 is machine a's, 2 its membership, 3 the tag's, 4 the role's, 5
// and 6, 9 and 10 settings of a and the role.
func clan(t *testing.T) *instance.Inventory {
	settings := func(value string) *instance.Settings {
		s := &instance.Settings{}
		if err := s.UnmarshalJSON([]byte(value)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	at := func(line int, below map[string]*facts.Place) *facts.Place {
		return &facts.Place{Position: &instance.Position{File: "f", Line: line}, Below: below}
	}
	role := invtest.RoleWith(&instance.Role{
		Tags: []string{"t"},
		Machines: map[string]*instance.Member{
			"a": {Explicit: true, Tags: []string{},
				Settings: settings(`{"port": 1, "deep": {"x": 5}, "list": [1, 2], "strong": true}`)},
			"b": {Tags: []string{"t"}, Settings: settings(`{"port": 2, "deep": {"x": 6}, "list": []}`)},
			"c": {Tags: []string{"t"}, Settings: settings(`{"port": 2, "deep": {"x": 7}, "list": []}`)},
			"d": {Explicit: true, Tags: []string{}},
		},
	}, facts.Role{
		Layers: facts.Layers{
			Role: []facts.Definition{{JSON: jsonvalue.Text(map[string]any{"port": 2,
				"strong": map[string]any{"_type": "override", "priority": json.Number("50"), "content": true},
				"deep": map[string]any{"_type": "override", "priority": json.Number("1000"),
					"content": map[string]any{"x": 6}}})}},
			Machines: map[string][]facts.Definition{"a": {{JSON: jsonvalue.Text(map[string]any{"port": map[string]any{"_type": "override",
				"priority": json.Number("50"), "content": 1},
				"strong": false})}}},
		},
	})
	return invtest.With(&instance.Inventory{
		Findings: []instance.Finding{}, SchemaVersion: 1,
		Machines: map[string]*instance.Machine{"a": {Class: "nixos", Tags: []string{}},
			"b": {Class: "nixos", Tags: []string{"t"}}, "c": {Class: "nixos", Tags: []string{"t"}}},
		Tags: map[string][]string{"t": {"b", "c"}},
		Instances: map[string]*instance.Instance{"i": {Module: instance.Module{Name: "web"},
			Roles: map[string]*instance.Role{"r": role}}},
	}, facts.Inventory{
		Places: &facts.Place{Below: map[string]*facts.Place{
			"machines": {Below: map[string]*facts.Place{"a": at(1, nil)}},
			"tags":     {Below: map[string]*facts.Place{"t": at(8, nil)}},
			"instances": {Below: map[string]*facts.Place{"i": at(7,
				map[string]*facts.Place{"roles": {Below: map[string]*facts.Place{
					"r": at(4, map[string]*facts.Place{
						"machines": {Below: map[string]*facts.Place{"a": at(2,
							map[string]*facts.Place{"settings": {Below: map[string]*facts.Place{"port": at(5, nil),
								"strong": at(9, nil)}}})}},
						"tags":     {Below: map[string]*facts.Place{"t": at(3, nil)}},
						"settings": {Below: map[string]*facts.Place{"port": at(6, nil), "strong": at(10, nil)}},
					})}}})}},
		}},
	})
}

// What is selected becomes a finding where it is written, or where the machine was made a member.
func TestRules(t *testing.T) {
	inv := clan(t)
	for expression, want := range map[string][]string{
		".machines.a":                           {"f:1 inventory.machines.a"},
		".machines.a.class":                     {"f:1 inventory.machines.a.class nixos"},
		".machines[] | select(.class == \"x\")": nil,
		".machines.x":                           {" inventory.machines.x <nil>"},
		".tags.t":                               {"f:8 inventory.tags.t"},
		".instances.i":                          {"f:7 inventory.instances.i"},
		".instances.i.module.name":              {"f:7 inventory.instances.i.module.name web"},
		".instances.i.roles.r":                  {"f:4 inventory.instances.i.roles.r"},
		".instances.i.roles.r.tags":             {"f:4 inventory.instances.i.roles.r.tags"},
		".instances.i.roles.r.machines.a":       {"f:2 inventory.instances.i.roles.r.machines.a"},
		".instances.i.roles.r.machines.a.tags":  {"f:2 inventory.instances.i.roles.r.machines.a.tags"},
		".instances[].roles[].machines[].explicit": {"f:2 inventory.instances.i.roles.r.machines.a.explicit true",
			"f:3 inventory.instances.i.roles.r.machines.b.explicit for b c false"},
		".instances[].roles[].machines[].settings": {"f:2 inventory.instances.i.roles.r.machines.a.settings",
			"f:3 inventory.instances.i.roles.r.machines.b.settings for b c"},
		"..|.port?|select(.)": {"f:5 inventory.instances.i.roles.r.machines.a.settings.port 1",
			"f:6 inventory.instances.i.roles.r.machines.b.settings.port for b c 2"},
		".instances.i.roles.r.machines[].settings.not": {"f:2 inventory.instances.i.roles.r.machines.a.settings.not <nil>",
			"f:3 inventory.instances.i.roles.r.machines.b.settings.not for b c <nil>"},
		// The layer that counts, not the first.
		".instances.i.roles.r.machines.a.settings.strong": {"f:10 inventory.instances.i.roles.r.machines.a.settings.strong true"},
		// Values that differ are not shown.
		".instances.i.roles.r.machines[].settings.deep.x": {"f:2 inventory.instances.i.roles.r.machines.a.settings.deep.x 5",
			"f:3 inventory.instances.i.roles.r.machines.b.settings.deep.x for b c"},
		".instances.i.roles.r.machines.a.settings.list[]": {"f:2 inventory.instances.i.roles.r.machines.a.settings.list.\"0\" 1",
			"f:2 inventory.instances.i.roles.r.machines.a.settings.list.\"1\" 2"},
		".instances.nowhere.roles.r.machines.a.settings.x": {" inventory.instances.nowhere.roles.r.machines.a.settings.x <nil>"},
		".instances.i.roles.r.machines.nobody":             {"f:4 inventory.instances.i.roles.r.machines.nobody <nil>"},
		".instances.i.roles.r.machines.d.settings.port":    nil, // which does not evaluate
		".":                        {" "},
		".machines.a, .machines.a": {"f:1 inventory.machines.a"},
		".meta":                    {" inventory.meta <nil>"},
		". as $c | .machines | keys[] as $m | .[$m] | select([$c.instances[].roles[].machines[$m]? | select(.)] == [])": nil,
	} {
		outcomes, err := RunRules(t.Context(), inv, rulesOf(t, expression))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range outcomes[0].Findings {
			place := ""
			if f.File != "" {
				place = fmt.Sprintf("%s:%d", f.File, f.Line)
			}
			line := place + " " + f.About()
			if f.Code == codes.RuleFailed {
				line += f.Message()
			}
			if len(f.Machines) > 0 {
				line += " for " + strings.Join(f.Machines, " ")
			}
			for _, v := range f.Cause.Values {
				line += fmt.Sprintf(" %v", v)
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", expression, diff)
		}
	}
}

// A setting that does not evaluate is blamed once.
func TestRulesOfWhatFails(t *testing.T) {
	inv := clan(t)
	failed := instance.NewFinding(codes.Conflict,
		instance.Subject{Instance: "i", Role: "r", Machine: "b", Machines: []string{"b", "c"},
			Setting: []string{"deep"}}, instance.Cause{})
	inv.Findings = []instance.Finding{failed}
	outcomes, err := RunRules(t.Context(), inv,
		rulesOf(t, ".instances.i.roles.r.machines[].settings.deep.x", ".instances.i.roles.r.machines[].settings.port"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(outcomes[0].Findings); n != 1 || outcomes[0].Findings[0].Machine != "a" {
		t.Errorf("%v", outcomes[0].Findings)
	}
	if n := len(outcomes[1].Findings); n != 2 {
		t.Errorf("%v", outcomes[1].Findings)
	}
}

// Where the machines do not evaluate there are none, and no rule fails for it.
func TestRulesWithoutMachines(t *testing.T) {
	inv := clan(t)
	inv.Machines, inv.Tags = nil, nil
	outcomes, err := RunRules(t.Context(), inv, rulesOf(t, ".machines[], .tags[]", ".instances[].roles[].machines.a"))
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes[0].Findings) != 0 || len(outcomes[1].Findings) != 1 {
		t.Errorf("%v", outcomes)
	}
}

func TestRulesThatFail(t *testing.T) {
	for expression, want := range map[string]string{
		".machines | length":      "invalid path",
		".instances[].module[][]": "cannot iterate over",
		"error(\"no\")":           "no",
	} {
		outcomes, err := RunRules(t.Context(), clan(t), rulesOf(t, ".machines.a", expression))
		if err != nil {
			t.Fatal(err)
		}
		if len(outcomes[0].Findings) != 1 {
			t.Error("another rule is taken along")
		}
		found := outcomes[1].Findings
		if len(found) != 1 || found[0].Code != codes.RuleFailed ||
			found[0].Position != (instance.Position{File: "p", Line: 2, Column: 42}) ||
			!strings.Contains(found[0].Message(), want) {
			t.Errorf("%s: %v", expression, found)
		}
	}
}

func TestRulesAreBounded(t *testing.T) {
	for expression, want := range map[string]string{
		"[recurse(.)] | empty":      "it takes longer than 300ms",
		"repeat(.) | empty":         "it takes longer than 300ms",
		"last(range(1e12)) | empty": "it takes longer than 300ms",
		"def f: f; f":               "it takes longer than 300ms",
		".x[range(1e9)]":            "it selects more than 100 parts",
		"reduce range(40) as $i (\"x\"; . + .) | empty": "it takes more than 64 MiB of memory",
	} {
		most := limits{selected: 100, time: 300 * time.Millisecond, memory: 64 << 20}
		if strings.Contains(want, "MiB") {
			most.time = 30 * time.Second
		} else if strings.Contains(want, "longer") {
			most.memory = 1 << 40
		}
		start := time.Now()
		_, err := rulesOf(t, expression)[0].run(t.Context(), map[string]any{}, most)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", expression, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %v", expression, took)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := RunRules(ctx, clan(t), rulesOf(t, "repeat(.) | empty")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A rule is not ended for what another one takes at the same time.
func TestRulesAreBoundedByThemselves(t *testing.T) {
	hog := "reduce range(40) as $i (\"x\"; . + .) | empty"
	slow := ".machines.a | select(last(range(300000)) > 0)"
	outcomes, err := runRules(t.Context(), clan(t), rulesOf(t, hog, slow, hog, slow),
		limits{selected: 100, time: time.Minute, memory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{codes.RuleFailed, "r1", codes.RuleFailed, "r3"} {
		if found := outcomes[i].Findings; len(found) != 1 || found[0].Code != want {
			t.Errorf("rule %d: %v", i, found)
		}
	}
}

// Rules see the document of clanctl eval.
func TestPlain(t *testing.T) {
	inv := clan(t)
	members := inv.Instances["i"].Roles["r"].Machines
	members["e"] = &instance.Member{Tags: []string{"t"}, Settings: members["b"].Settings}
	members["f"] = &instance.Member{Explicit: true, Position: &instance.Position{File: "f", Line: 3},
		Tags: []string{"t"}, Settings: members["b"].Settings}
	inv.Instances["none"] = &instance.Instance{}
	want, err := jsonvalue.Of(inv)
	if err != nil {
		t.Fatal(err)
	}
	got, err := plain(inv)
	if err != nil {
		t.Fatal(err)
	}
	// What there is none of may be null or empty.
	want.(map[string]any)["instances"].(map[string]any)["none"].(map[string]any)["roles"] = map[string]any{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRuleErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"code": "A", "message": "m", "select": "."}`:                    `p:1:22: the rule's code "A" is not made of lower-case words with hyphens between them`,
		`{"code": "unknown-tag", "message": "m", "select": "."}`:          `p:1:22: the code "unknown-tag" is one of clanctl's own`,
		`{"code": "a", "select": "."}`:                                    `p:1:13: the rule "a" has no message`,
		`{"code": "a", "message": "m"}`:                                   `p:1:13: the rule "a" has no expression`,
		`{"code": "a", "message": "m", "select": ".", "severity": "bad"}`: `p:1:70: there is no severity "bad"`,
		`{"code": "a", "message": "m", "select": ".a | | .b"}`:            `p:1:59: the rule "a": unexpected token "|"`,
		`{"code": "a", "message": "m", "select": "env.X"}`:                `p:1:53: the rule "a": there is no env in a rule, which sees the clan's document and nothing else`,
		`{"code": "a", "message": "m", "select": ".a[$ENV.X]"}`:           `p:1:53: the rule "a": there is no $ENV in a rule, which sees the clan's document and nothing else`,
		`{"code": "a", "message": "m", "select": "input"}`:                `p:1:53: the rule "a": there is no input in a rule, which sees the clan's document and nothing else`,
		`{"code": "a", "message": "m", "select": "select(now > 1)"}`:      `p:1:53: the rule "a": there is no now in a rule, which sees the clan's document and nothing else`,
		`{"code": "a", "message": "m", "select": "import \"x\" as x; ."}`: `p:1:53: the rule "a": there is no import in a rule, which sees the clan's document and nothing else`,
		`{"code": "a", "message": "m", "select": "nosuch"}`:               `p:1:53: the rule "a": function not defined: nosuch/0`,
		`{"code": "a", "message": "m", "select": "$x"}`:                   `p:1:53: the rule "a": variable not defined: $x`,
		`{"code": "a", "message": "m", "select": "."}, {"code": "a"}`:     `p:1:68: there are two rules with the code "a"`,
		`{"code": "a", "message": "m", "select": ".a) | (.b"}`:            `p:1:56: the rule "a": unexpected token ")"`,
	} {
		_, err := Parse("p", []byte(`{"rules": [ `+text+`]}`))
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n%v, want\n%s", text, err, want)
		}
	}
	if _, err := ParseRules("p", []byte(`{"rules": [], "defaults": {"strict": true}}`)); err == nil {
		t.Error("a file of rules has defaults")
	}
	rules, err := ParseRules("p",
		[]byte("{\"rules\": [{\"code\": \"a\", \"message\": \"m\", \"select\": \".a # comment\"}]}"))
	if err != nil || len(rules) != 1 || rules[0].Severity != instance.SeverityWarning {
		t.Errorf("%v %v", rules, err)
	}
}
