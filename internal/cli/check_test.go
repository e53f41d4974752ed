package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/instance"
)

// sample is a report with all kinds of places and of text.
func sample() *report {
	odd := "50% of\r\n\x1b[31mmachines: a,b"
	machines := 0
	return &report{Checked: &checked{Machines: &machines}, source: &sourceTree{root: "/clan", dir: "/clan/sub dir"},
		Findings: []instance.Finding{
			{Code: codes.SettingFailed, Severity: instance.SeverityWarning,
				Position: instance.Position{File: "a b,c:d%.nix", Line: 2, Column: 3},
				Subject:  instance.Subject{Instance: "sshd", Role: "server"},
				Cause:    instance.Cause{Nix: odd, Hint: "did you mean \"laptop\"?"}},
			{Code: codes.ModuleFailed, Severity: instance.SeverityError, Cause: instance.Cause{Nix: "no"},
				Position: instance.Position{File: "<nixpkgs>/lib.nix", Line: 7, Column: 1}},
			{Code: codes.NixWarning, Severity: instance.SeverityWarning, Cause: instance.Cause{Nix: "old"}},
			{Code: codes.SettingFailed, Severity: instance.SeverityNote, Cause: instance.Cause{Nix: "no"},
				Position: instance.Position{File: "inventory.json"}},
		}}
}

func TestSARIF(t *testing.T) {
	schema := sarifSchema(t)
	for name, r := range map[string]*report{"sample": sample(), "empty": {source: &sourceTree{}}} {
		var text bytes.Buffer
		if err := writeJSON(&text, sarifOf(r)); err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var read sarifLog
		if err := json.Unmarshal(text.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		var places []string
		for _, result := range read.Runs[0].Results {
			if rule := read.Runs[0].Tool.Driver.Rules[result.RuleIndex]; rule.ID != result.RuleID {
				t.Errorf("rule %d is %s, not %s", result.RuleIndex, rule.ID, result.RuleID)
			}
			places = append(places, result.Locations[0].Physical.Artifact.URI)
		}
		want := map[string][]string{"sample": {"./a%20b,c:d%25.nix", "sub%20dir/flake.nix", "sub%20dir/flake.nix",
			"inventory.json"}}[name]
		if diff := cmp.Diff(want, places); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// sarifSchema is the schema of SARIF 2.1.0, as OASIS publishes it.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	text, err := os.Open("testdata/sarif-2.1.0.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	doc, err := jsonschema.UnmarshalJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestAnnotations(t *testing.T) {
	var out bytes.Buffer
	if err := printAnnotations(&out, sample()); err != nil {
		t.Fatal(err)
	}
	want := `::error title=module-failed::<nixpkgs>/lib.nix:7:1: no%0Ahint: clanctl explain module-failed
::warning file=a b%2Cc%3Ad%25.nix,line=2,col=3,title=setting-failed::inventory.instances.sshd.roles.server: 50%25 of\x0d%0A\x1b[31mmachines: a,b%0Ahint: did you mean "laptop"?
::warning title=nix-warning::old%0Ahint: clanctl explain nix-warning
::notice file=inventory.json,title=setting-failed::no%0Ahint: clanctl explain setting-failed
checked an empty clan: nothing found
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
