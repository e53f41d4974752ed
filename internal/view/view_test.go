package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/tags"
)

func clan() invtest.Clan {
	type roles = map[string]invtest.Role
	return invtest.Clan{
		Machines: map[string][]string{"attic": {"storage"}, "cabin": {"storage", "far"}, "cellar": nil,
			"studio": {"far"}},
		Macs: []string{"studio"},
		Tags: map[string][]string{"backup": {"cellar", "studio", "ghost"}, "idle": {}},
		Instances: map[string]invtest.Instance{
			"nightly": {Module: "self#borg", Roles: roles{
				"client": {Machines: []string{"cellar"}, Tags: []string{"backup", "far", "storage"},
					Settings: map[string]map[string]any{"role": {"at": 3}, "machine cellar": {"more": true},
						"tag far": {"far": true}}},
				"server": {Machines: []string{"attic"}},
			}},
			"keys":  {Module: "self#@x/ssh", Roles: roles{"peer": {Tags: []string{"all"}}}},
			"empty": {Module: "self#borg", Roles: roles{"server": {}}},
			"none":  {Module: "self#borg"},
		},
	}
}

// fleet is the clan, with the places of what is written.
func fleet() *instance.Inventory {
	inv := clan().Inventory()
	inv.Machines["cellar"].Description, inv.Machines["cellar"].Deploy = "below", map[string]any{"targetHost": "c"}
	for _, name := range []string{"nightly", "empty", "none"} {
		inv.Instances[name].Module.Manifest = &module.Manifest{Name: "borg", Description: "backups"}
	}
	invtest.Place(inv, 6, "machines", "cellar")
	invtest.Place(inv, 7, "tags", "backup")
	invtest.Place(inv, 8, "tags", "idle")
	return inv
}

func selector(t *testing.T, parse func(string) (*tags.Selector, error), text string) *tags.Selector {
	t.Helper()
	if text == "" {
		return nil
	}
	s, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// memberships are the answer in short.
func memberships(list *MachineList) string {
	var lines []string
	for _, m := range list.Machines {
		line := m.Name + ":"
		for _, in := range m.Memberships {
			line += fmt.Sprintf(" %s/%s", in.Instance, in.Role)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func TestMachines(t *testing.T) {
	inv := fleet()
	for _, test := range []struct {
		names                       []string
		on, instance, service, role string
		want                        string
	}{
		{want: "attic: keys/peer nightly/client nightly/server; cabin: keys/peer nightly/client; cellar: keys/peer nightly/client; studio: keys/peer nightly/client"},
		{names: []string{"studio", "cabin"}, want: "cabin: keys/peer nightly/client; studio: keys/peer nightly/client"},
		{on: "@storage,!cabin", want: "attic: keys/peer nightly/client nightly/server"},
		{on: "@idle", want: ""},
		{on: "@storage", names: []string{"*", "!attic"}, want: "cabin: keys/peer nightly/client"},
		{names: []string{"@storage&!attic"}, want: "cabin: keys/peer nightly/client"},
		{role: "server", want: "attic: nightly/server"},
		{service: "@x/*", on: "c*", want: "cabin: keys/peer; cellar: keys/peer"},
		{service: "borg", role: "!server", on: "@backup", want: "cellar: nightly/client; studio: nightly/client"},
		{instance: "empty,none", want: ""},
		{instance: "none", on: "attic", want: ""},
	} {
		q := Query{On: selector(t, tags.ParseSelector, test.on), Instance: selector(t, tags.ParseNames, test.instance),
			Service: selector(t, tags.ParseNames, test.service), Role: selector(t, tags.ParseNames, test.role)}
		list, err := Machines(inv, test.names, q)
		if err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		if diff := cmp.Diff(test.want, memberships(list)); diff != "" {
			t.Errorf("%+v: %s", test, diff)
		}
	}

	for want, q := range map[string]Query{
		`the clan has no machine "atic"`:      {On: selector(t, tags.ParseSelector, "atic")},
		`the clan has no tag "storag"`:        {On: selector(t, tags.ParseSelector, "@storag")},
		`the clan has no instance "nightlyy"`: {Instance: selector(t, tags.ParseNames, "nightlyy")},
		`no service of the clan matches "x*"`: {Service: selector(t, tags.ParseNames, "x*")},
		`the clan has no role "sever"`:        {Role: selector(t, tags.ParseNames, "!sever")},
	} {
		_, err := Machines(inv, nil, q)
		if err == nil || err.Error() != want {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	for _, q := range []Query{{On: selector(t, tags.ParseSelector, "@storage")},
		{Instance: selector(t, tags.ParseNames, "none")}} {
		if _, err := Machines(inv, []string{"*", "studio"}, q); err == nil ||
			err.Error() != `the flags leave out "studio"` && err.Error() != `the flags leave out "*"` {
			t.Error(err)
		}
	}
	if _, err := Machines(inv, []string{"attic", "gone"}, Query{}); err == nil ||
		err.Error() != `the clan has no machine "gone"` {
		t.Error(err)
	}
}

func TestMachineJSON(t *testing.T) {
	list, err := Machines(fleet(), []string{"cellar"}, Query{Role: selector(t, tags.ParseNames, "client")})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"findings":[],"machines":[{"class":"nixos","deploy":{"targetHost":"c"},"description":"below",` +
		`"memberships":[{"explicit":true,"instance":"nightly","module":{"description":"backups","input":"self","name":"borg","resolved":"self"},` +
		`"role":"client","settings":{"at":3,"more":true},"tags":["backup"]}],` +
		`"name":"cellar","position":{"column":3,"file":"clan.nix","line":6},"tags":["all","backup","nixos"]}]}`
	if diff := cmp.Diff(want, asJSON(t, list)); diff != "" {
		t.Error(diff)
	}
	// Without settings the rest is the same.
	inv := fleet()
	inv.Instances["nightly"].Roles["client"].Machines["cellar"].Settings, inv.Instances["nightly"].Module.Manifest = nil,
		nil
	list, err = Machines(inv, []string{"cellar"}, Query{Role: selector(t, tags.ParseNames, "client")})
	if err != nil {
		t.Fatal(err)
	}
	want = strings.NewReplacer(`"settings":{"at":3,"more":true},`, "", `"description":"backups",`, "").Replace(want)
	if diff := cmp.Diff(want, asJSON(t, list)); diff != "" {
		t.Error(diff)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// members are the answer in short: settings with their machines.
func members(list *InstanceList) string {
	var b strings.Builder
	for _, inst := range list.Instances {
		fmt.Fprintf(&b, "%s\n", inst.Name)
		for _, role := range inst.Roles {
			fmt.Fprintf(&b, "  %s", role.Name)
			for _, m := range role.Members {
				fmt.Fprintf(&b, " %s:%v%v", m.Machine, m.Explicit, m.Tags)
			}
			b.WriteByte('\n')
			for _, s := range role.Settings {
				fmt.Fprintf(&b, "    %v %s\n", s.Machines, s.Value.JSON())
			}
		}
	}
	return b.String()
}

func TestInstances(t *testing.T) {
	inv := fleet()
	list, err := Instances(inv, nil, Query{})
	if err != nil {
		t.Fatal(err)
	}
	want := `empty
  server
keys
  peer attic:false[all] cabin:false[all] cellar:false[all] studio:false[all]
    [attic cabin cellar studio] {}
nightly
  client attic:false[storage] cabin:false[far storage] cellar:true[backup] studio:false[backup far]
    [cabin studio] {"at":3,"far":true}
    [attic] {"at":3}
    [cellar] {"at":3,"more":true}
  server attic:true[]
    [attic] {}
none
`
	if diff := cmp.Diff(want, members(list)); diff != "" {
		t.Error(diff)
	}
	list, err = Instances(inv, []string{"n*t*"},
		Query{On: selector(t, tags.ParseSelector, "attic"), Role: selector(t, tags.ParseNames, "client")})
	if err != nil {
		t.Fatal(err)
	}
	want = "nightly\n  client attic:false[storage]\n    [attic] {\"at\":3}\n"
	if diff := cmp.Diff(want, members(list)); diff != "" {
		t.Error(diff)
	}
	if _, err := Instances(inv, []string{"nightly", "keys"},
		Query{Role: selector(t, tags.ParseNames, "client")}); err == nil ||
		err.Error() != `the flags leave out "keys"` {
		t.Error(err)
	}
	if _, err := Instances(inv, []string{"nightl"}, Query{}); err == nil ||
		err.Error() != `the clan has no instance "nightl"` {
		t.Error(err)
	}
}

// An instance that does not evaluate is in the list, and its findings with it; those of no instance are beside it.
func TestInstanceThatFails(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"m": nil},
		Instances: map[string]invtest.Instance{"good": {Module: "borg",
			Roles: map[string]invtest.Role{"server": {Machines: []string{"m"}}}}}}.Inventory()
	facts.Of(inv).AllInstances = []string{"bad", "good"}
	inv.Findings = []instance.Finding{instance.NewFinding(codes.InstanceFailed,
		instance.Subject{Instance: "bad"}, instance.Cause{}), {Code: "about-nothing"}}
	list, err := Instances(inv, nil, Query{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bad 1 true", "good 0 false"}, func() (got []string) {
		for _, inst := range list.Instances {
			got = append(got, fmt.Sprint(inst.Name, " ", len(inst.Findings), " ", inst.Module == nil))
		}
		return got
	}()); diff != "" {
		t.Error(diff)
	}
	if len(list.Findings) != 1 || list.Findings[0].Code != "about-nothing" {
		t.Errorf("findings of no instance: %+v", list.Findings)
	}
	// Nobody knows whether m is in it, so whoever asks for m has to hear of it; but not who asks for another instance.
	for text, want := range map[string]int{"": 2, "good": 1} {
		list, err := Machines(inv, []string{"m"}, Query{Instance: selector(t, tags.ParseNames, text)})
		if err != nil || len(list.Findings) != want {
			t.Errorf("--instance %q: %+v, %v", text, list.Findings, err)
		}
	}
}

func TestFindingsOfMachines(t *testing.T) {
	inv := fleet()
	inv.Findings = []instance.Finding{
		{Code: "cellar", Subject: instance.Subject{Machine: "cellar"}},
		{Code: "both",
			Subject: instance.Subject{Instance: "nightly", Role: "client", Machine: "cellar",
				Machines: []string{"attic", "cellar"}}},
		{Code: "server", Subject: instance.Subject{Instance: "nightly", Role: "server"}},
		{Code: "nightly", Subject: instance.Subject{Instance: "nightly"}},
		{Code: "role that failed", Subject: instance.Subject{Instance: "keys", Role: "gone"}},
		{Code: "without members", Subject: instance.Subject{Instance: "empty", Role: "server"}},
		{Code: "clan"},
	}
	list, err := Machines(inv, []string{"cellar"}, Query{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range list.Findings {
		got = append(got, f.Code)
	}
	if diff := cmp.Diff([]string{"cellar", "both", "nightly", "role that failed", "clan"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTags(t *testing.T) {
	inv := fleet()
	list, err := Tags(inv, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tag := range list.Tags {
		got = append(got, fmt.Sprint(tag.Name, " ", tag.Declared, " ", tag.Machines, " ", tag.Roles, " ", tag.Unknown))
	}
	want := []string{
		"all predefined [{predefined attic} {predefined cabin} {predefined cellar} {predefined studio}] [{keys peer}] []",
		"backup inventory [{inventory cellar} {inventory studio}] [{nightly client}] [ghost]",
		"darwin predefined [{predefined studio}] [] []",
		"far  [{machine cabin} {machine studio}] [{nightly client}] []",
		"idle inventory [] [] []",
		"nixos predefined [{predefined attic} {predefined cabin} {predefined cellar}] [] []",
		"storage  [{machine attic} {machine cabin}] [{nightly client}] []",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	list, err = Tags(inv, []string{"idle"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"findings":[],"tags":[{"declared":"inventory","machines":[],"name":"idle","position":{"column":3,"file":"clan.nix","line":8},"roles":[]}]}`,
		asJSON(t, list)); diff != "" {
		t.Error(diff)
	}
	if _, err := Tags(inv, []string{"idel"}); err == nil || err.Error() != `the clan has no tag "idel"` {
		t.Error(err)
	}
}

func TestComputedTags(t *testing.T) {
	// What a function gives has no place.
	inv := invtest.Clan{Machines: map[string][]string{"a": nil, "b": nil}, Macs: []string{"b"},
		Tags: map[string][]string{"both": {"a", "b"}, "all": {"a"}},
		Instances: map[string]invtest.Instance{"i": {Module: "borg",
			Roles: map[string]invtest.Role{"client": {Tags: []string{"both"}}}}}}.Inventory()
	list, err := Tags(inv, []string{"both", "nixos"})
	if err != nil {
		t.Fatal(err)
	}
	if list.Tags[0].Declared != FromComputed || list.Tags[1].Declared != FromPredefined {
		t.Errorf("%+v", list.Tags)
	}
	var fixed *hint.Error
	if _, err := AddTag(inv, "both", []string{"b"}); !errors.As(err, &fixed) ||
		fixed.Text != `the members of the tag "both" are computed by inventory.tags` {
		t.Error(err)
	}
	if _, err := AddTag(inv, "darwin", []string{"a"}); !errors.As(err, &fixed) ||
		fixed.Text != `the members of the tag "darwin" are predefined by clan` {
		t.Error(err)
	}
	addition, err := AddTag(inv, "new", []string{"b"})
	if err != nil || !addition.New || !cmp.Equal(addition.Computed, []string{"both"}) {
		t.Errorf("%+v, %v", addition, err)
	}
}

func TestAddTag(t *testing.T) {
	inv := fleet()
	addition, err := AddTag(inv, "far", []string{"cellar", "cabin"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"findings":[],"machines":[` +
		`{"carried":true,"machine":"cabin","roles":[]},` +
		`{"carried":false,"machine":"cellar","roles":[{"instance":"nightly","member":true,"module":{"description":"backups","input":"self","name":"borg","resolved":"self"},"role":"client","settings":true}]}],` +
		`"new":false,"tag":"far"}`
	if diff := cmp.Diff(want, asJSON(t, addition)); diff != "" {
		t.Error(diff)
	}
	if addition, err = AddTag(inv, "storag", []string{"cellar"}); err != nil || !addition.New ||
		!cmp.Equal(addition.Nearest, []string{"storage"}) {
		t.Errorf("%+v, %v", addition, err)
	}
	if _, err := AddTag(inv, "far", []string{"celar"}); err == nil || err.Error() != `the clan has no machine "celar"` {
		t.Error(err)
	}

	// What is foretold is what comes true.
	tagged := clan()
	tagged.Machines["cellar"] = []string{"storage"}
	added := tagged.Inventory()
	foretold, err := AddTag(inv, "storage", []string{"cellar"})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range foretold.Machines[0].Roles {
		member := added.Instances[role.Instance].Roles[role.Role].Machines["cellar"]
		if member == nil || !cmp.Equal(member.Tags, []string{"backup", "storage"}) {
			t.Errorf("%+v: %+v", role, member)
		}
	}
}
