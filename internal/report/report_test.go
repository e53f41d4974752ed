package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// fleet is a clan of so many machines in so many instances, all of them in the role "client" of each, and the first in "server".
func fleet(t testing.TB, machines, instances int) *instance.Inventory {
	t.Helper()
	settings, err := instance.NewSettings(map[string]any{"port": 22, "list": []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	inv := &instance.Inventory{Meta: map[string]any{"name": "fleet"}, Flake: instance.Flake{Ref: "."}, Findings: []instance.Finding{},
		Machines: map[string]*instance.Machine{}, Instances: map[string]*instance.Instance{}, Tags: map[string][]string{}}
	for i := range machines {
		name := fmt.Sprint("m", i)
		tags := []string{"all", fmt.Sprint("rack", i%10)}
		inv.Machines[name] = &instance.Machine{Class: "nixos", Tags: tags}
		for _, tag := range tags {
			inv.Tags[tag] = append(inv.Tags[tag], name)
		}
	}
	for i := range instances {
		name := fmt.Sprintf("i%03d", i)
		client := &instance.Role{SettingsFrom: codes.SettingsFromClan, Tags: []string{"all"}, Machines: map[string]*instance.Member{}}
		facts.OfRole(client).Layers.Role = []facts.Definition{{File: "clan.nix", JSON: jsonvalue.Text(map[string]any{"port": 22})}}
		for machine := range inv.Machines {
			client.Machines[machine] = &instance.Member{Tags: []string{"all"}, Settings: settings}
		}
		server := &instance.Role{SettingsFrom: codes.SettingsFromClan, Tags: []string{},
			Machines: map[string]*instance.Member{"m0": {Explicit: true, Tags: []string{}, Settings: settings}}}
		inv.Instances[name] = &instance.Instance{Module: instance.Module{Name: fmt.Sprint("service", i%7), Resolved: "self"},
			Roles: map[string]*instance.Role{"client": client, "server": server}}
		facts.Of(inv).AllInstances = append(facts.Of(inv).AllInstances, name)
	}
	return inv
}

func written(t testing.TB, inv *instance.Inventory, options Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, inv, inv.Findings, options); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteIsDeterministic(t *testing.T) {
	if one, two := written(t, fleet(t, 50, 5), Options{}), written(t, fleet(t, 50, 5), Options{}); one != two {
		t.Error("the same inventory makes different pages")
	}
}

// What is equal is in the page once.
func TestPageIsSmall(t *testing.T) {
	p := newPage(fleet(t, 1000, 100), nil)
	if len(p.Blocks) != 2 || len(p.Rows) != 3 {
		t.Errorf("%d blocks of settings, %d rows; want those of the two roles only", len(p.Blocks), len(p.Rows))
	}
	for _, i := range p.Instances {
		if diff := cmp.Diff([]int{0, 1000}, i.Roles[0].Groups[0].Machines); diff != "" || len(i.Roles[0].Groups) != 1 {
			t.Fatalf("the members are not one group: %s", diff)
		}
	}
	small, large := len(written(t, fleet(t, 1000, 1), Options{})), len(written(t, fleet(t, 1000, 100), Options{}))
	if perInstance := (large - small) / 99; perInstance > 500 {
		t.Errorf("%d bytes for each instance of 1000 machines", perInstance)
	}
}

func TestRuns(t *testing.T) {
	var runs []int
	for _, i := range []int{1, 2, 3, 7, 9, 10} {
		runs = addToRuns(runs, i)
	}
	if diff := cmp.Diff([]int{1, 3, 7, 1, 9, 2}, runs); diff != "" {
		t.Error(diff)
	}
}

// A member without settings shows what is written for the setting that fails, and which finding says why.
func TestProblems(t *testing.T) {
	inv := fleet(t, 2, 1)
	role := inv.Instances["i000"].Roles["client"]
	for _, m := range role.Machines {
		m.Settings = nil
	}
	findings := []instance.Finding{{Code: instance.CodeConflict, Subject: instance.Subject{Instance: "i000", Role: "client", Machine: "m0", Machines: []string{"m0", "m1"},
		Setting: []string{"port"}}, Severity: instance.SeverityWarning, Definitions: []instance.SettingDefinition{{Layer: "role", Value: 1}, {Layer: "tag", Name: "all", Value: 2}}}}
	p := newPage(inv, findings)
	for _, group := range p.Instances[0].Roles[0].Groups {
		if group.Block < 0 {
			t.Fatal("no settings at all")
		}
		row := p.Rows[p.Blocks[group.Block][0]]
		if row.From != "problem" || row.Path != "port" || len(row.Definitions) != 2 || row.Finding != 0 || row.Value != nil {
			t.Errorf("%+v", row)
		}
	}
}

var (
	theScript = regexp.MustCompile(`(?s)<script>(.*)</script>\n</body>`)
	theStyle  = regexp.MustCompile(`(?s)<style>(.*)</style>`)
	theData   = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)
)

// hostile are names that would break out of somewhere, if they could.
var hostile = []string{
	`<script>pwned=1</script>`, `</script><script>pwned=1</script>`, `<!--<script>`, `"><img src=x onerror=pwned=1>`, `' onmouseover='pwned=1`,
	`javascript:pwned=1`, "line\u2028separator\u2029", "a\nb\tc", `${7*7}{{7*7}}`, `__proto__`, `constructor`, `toString`, `a/b?c#d%2f&e=1`, `%`, ` `,
	"\u202eright-to-left", strings.Repeat("long", 60),
}

func hostileFleet(t testing.TB) *instance.Inventory {
	inv := fleet(t, 0, 0)
	inv.Meta = map[string]any{"name": hostile[1], "description": hostile[3]}
	settings, err := instance.NewSettings(map[string]any{hostile[1]: hostile[1], hostile[3]: []string{hostile[2]}, "__proto__": 1, "javascript:pwned=1": "javascript:pwned=1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range hostile {
		inv.Machines[name] = &instance.Machine{Class: name, Description: name, Icon: name, Tags: []string{name}, Deploy: map[string]any{name: name},
			Position: &instance.Position{File: name, Line: 1}}
		inv.Tags[name] = []string{name}
		role := &instance.Role{SettingsFrom: codes.SettingsFromClan, Tags: []string{name}, Machines: map[string]*instance.Member{}}
		facts.OfRole(role).Layers.Role = []facts.Definition{{File: name, JSON: jsonvalue.Text(map[string]any{hostile[1]: hostile[1]})}}
		facts.OfRole(role).Interface = &services.Interface{Options: map[string]*services.Option{hostile[1]: {Type: services.NewType(name, name), Description: name, DefaultText: name,
			HasDefault: true, Declarations: []services.Position{{File: name}}}}}
		for _, machine := range hostile {
			role.Machines[machine] = &instance.Member{Explicit: true, Tags: []string{name}, Settings: settings}
		}
		inv.Instances[name] = &instance.Instance{Module: instance.Module{Name: name, Resolved: name}, Roles: map[string]*instance.Role{name: role}}
		facts.Of(inv).AllInstances = append(facts.Of(inv).AllInstances, name)
		inv.Findings = append(inv.Findings, instance.Finding{Code: instance.CodeConflict, Severity: instance.SeverityError, Cause: instance.Cause{Nix: name, Hint: name},
			Subject: instance.Subject{Instance: name, Role: name, Machine: name, Setting: []string{name}}, Position: instance.Position{File: name, Line: 3}, Definitions: []instance.SettingDefinition{{Layer: "tag", Name: name, Value: name}}})
	}
	slices.Sort(facts.Of(inv).AllInstances)
	return inv
}

// Nothing that comes from the flake can end the element that it is in, and the policy names exactly the page's own code.
func TestNothingBreaksOut(t *testing.T) {
	page := written(t, hostileFleet(t), Options{})
	data := theData.FindStringSubmatch(page)
	if data == nil {
		t.Fatal("the page has no data")
	}
	if i := strings.IndexAny(data[1], "<>&\u2028\u2029"); i >= 0 {
		t.Errorf("the data have %q", data[1][i])
	}
	var decoded struct{ Machines []struct{ N string } }
	if err := json.Unmarshal([]byte(data[1]), &decoded); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range decoded.Machines {
		names = append(names, m.N)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(hostile)), names); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d script elements", n)
	}
	for _, part := range []*regexp.Regexp{theScript, theStyle} {
		sum := sha256.Sum256([]byte(part.FindStringSubmatch(page)[1]))
		hash := "&#39;sha256-" + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;") + "&#39;"
		if !strings.Contains(page, hash) {
			t.Errorf("the policy does not allow %s", part)
		}
	}
}
