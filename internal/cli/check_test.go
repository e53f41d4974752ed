package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
)

// sample is a report with all kinds of places and of text.
func sample() *report {
	odd := "50% of\r\n\x1b[31mmachines: a,b"
	machines := 0
	return &report{Checked: &checked{Machines: &machines}, source: &sourceTree{root: "/clan", dir: "/clan/sub dir"}, Findings: []instance.Finding{
		{Code: instance.CodeSettingFailed, Severity: instance.SeverityWarning, Position: instance.Position{File: "a b,c:d%.nix", Line: 2, Column: 3},
			Subject: instance.Subject{Instance: "sshd", Role: "server"}, Cause: instance.Cause{Nix: odd, Hint: "did you mean \"laptop\"?"}},
		{Code: instance.CodeModuleFailed, Severity: instance.SeverityError, Cause: instance.Cause{Nix: "no"}, Position: instance.Position{File: "<nixpkgs>/lib.nix", Line: 7, Column: 1}},
		{Code: instance.CodeNixWarning, Severity: instance.SeverityWarning, Cause: instance.Cause{Nix: "old"}},
		{Code: instance.CodeSettingFailed, Severity: instance.SeverityNote, Cause: instance.Cause{Nix: "no"}, Position: instance.Position{File: "inventory.json"}},
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
		want := map[string][]string{"sample": {"./a%20b,c:d%25.nix", "sub%20dir/flake.nix", "sub%20dir/flake.nix", "inventory.json"}}[name]
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

func TestWrapWords(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  string
	}{
		{"one two three four five six seven", 20, "one two three four\n  five six seven"},
		{"  one two three four five", 20, "  one two three four\n    five"},
		{"as long as it likes to be, where nobody counts", 0, "as long as it likes to be, where nobody counts"},
		{"averylongwordthatfitsnowhereatall next", 20, "averylongwordthatfitsnowhereatall\n  next"},
	} {
		if got := wrapWords(c.line, c.width); got != c.want {
			t.Errorf("wrapWords(%q, %d) = %q, want %q", c.line, c.width, got, c.want)
		}
	}
}

// A finding as text is what its String method says, the line of the file aside, and its page where it has no hint.
func TestFindingPrinter(t *testing.T) {
	for _, f := range sample().Findings {
		var out bytes.Buffer
		(&findingPrinter{out: &out, paint: colourless}).print(f)
		want := term.Escape(f.String()) + "\n"
		if f.Hint() == "" {
			want += "  hint: clanctl explain " + string(f.Code) + "\n"
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		line          string
		column, width int
		before, after string
	}{
		{"a = 1;", 5, 20, "a = ", "1;"},
		{"\ta = 1;", 2, 20, "    ", "a = 1;"},
		{"zwölf = 1;", 10, 20, "zwölf = ", "1;"},
		{"🦊 = 1;", 8, 20, "🦊 = ", "1;"},
		{"\x1b[31m = 1;", 9, 20, `\x1b[31m = `, "1;"},
		{"0123456789012345678901234567890123456789", 30, 20, "...2345678", "9012345..."},
		{"short", 99, 20, "short", ""},
		{"ö", 2, 20, "", "ö"},
	} {
		before, after := cut(c.line, c.column, c.width)
		if before != c.before || after != c.after {
			t.Errorf("cut(%q, %d, %d) = %q, %q, want %q, %q", c.line, c.column, c.width, before, after, c.before, c.after)
		}
	}
}
