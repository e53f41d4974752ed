package cli

import (
	"bytes"
	"encoding/xml"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/instance"
)

// The documents are those of the schema, as far as there is an xmllint to tell; what is in them is counted right,
// whatever characters the clan holds.
func TestJUnit(t *testing.T) {
	strict := sample()
	strict.strict = true
	strict.Findings = append(strict.Findings, strict.Findings[0])
	failed := &report{failed: true, source: &sourceTree{}}
	failed.Findings = []instance.Finding{{Code: codes.FlakeFailed, Severity: instance.SeverityError,
		Cause: instance.Cause{Nix: "]]> & <a> \x00\x1b[31m\ufffe \xff"}}}
	for name, c := range map[string]struct {
		report *report
		want   []int // tests, failures, errors, skipped
	}{
		"sample": {sample(), []int{5, 1, 0, 3}}, "strict": {strict, []int{6, 4, 0, 1}},
		"empty": {&report{source: &sourceTree{}}, []int{1, 0, 0, 0}}, "failed": {failed, []int{1, 0, 1, 0}},
	} {
		var text bytes.Buffer
		if err := printJUnit(&text, c.report); err != nil {
			t.Fatal(err)
		}
		var read junitSuites
		if err := xml.Unmarshal(text.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		names, got := map[string]bool{},
			[]int{read.Suite.Tests, read.Suite.Failures, read.Suite.Errors, read.Suite.Skipped}
		counted := []int{len(read.Suite.Cases), 0, 0, 0}
		for _, test := range read.Suite.Cases {
			if names[test.Name] {
				t.Errorf("%s: two tests are called %s", name, test.Name)
			}
			names[test.Name] = true
			for i, result := range []*junitResult{test.Failure, test.Error, test.Skipped} {
				if result != nil {
					counted[i+1]++
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(counted, got); diff != "" {
			t.Errorf("%s: the numbers are not those of the tests: %s", name, diff)
		}
		validateXML(t, filepath.Join("testdata", "junit.xsd"), text.Bytes())
	}
}

func validateXML(t *testing.T, schema string, text []byte) {
	t.Helper()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Log("SKIP: no xmllint to validate with")
		return
	}
	cmd := exec.Command(xmllint, "--noout", "--schema", schema, "-")
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s%s", out, text)
	}
}
