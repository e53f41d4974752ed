package check

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/instance"
)

// TestManual holds the page on findings against the table: every code in its place, with its severity and title.
func TestManual(t *testing.T) {
	page, err := os.ReadFile("../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Code     string
		Severity instance.Severity
		Partial  bool
		Title    string
	}
	var want, got []row
	for _, info := range instance.Codes() {
		want = append(want, row{info.Code, info.Severity, info.Partial, info.Title})
	}
	for _, section := range regexp.MustCompile(`(?m)^### (.+)\n((?:.+\n)+)`).FindAllStringSubmatch(string(page), -1) {
		severity, text, _ := strings.Cut(strings.ReplaceAll(section[2], "\n", " "), ". ")
		severity, partial := strings.CutSuffix(severity, ", partial")
		title, _, _ := strings.Cut(strings.TrimSpace(text)+" ", ". ")
		got = append(got,
			row{section[1], instance.Severity(strings.ToLower(severity)), partial,
				strings.TrimRight(title, ". ") + "."})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/findings.md differs from the table of codes:\n%s", diff)
	}
}

// unitTested are the codes that no clan of testdata has: they take clan-core of some months of 2025, or git.
// Findings about ignores are not found by this package.
var unitTested = []string{codes.DeprecatedServices, codes.UntrackedFile, codes.UnusedIgnore,
	codes.InvalidIgnore, codes.RuleFailed}

// TestEveryCodeHasAClan looks for each code in the clans of testdata.
func TestEveryCodeHasAClan(t *testing.T) {
	have := slices.Clone(unitTested)
	clans, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, clan := range clans {
		want, _ := write(t, clan, t.TempDir(), false)
		for _, p := range want {
			have = append(have, p.Code)
		}
	}
	var want []string
	for _, info := range instance.Codes() {
		want = append(want, info.Code)
	}
	slices.Sort(have)
	have = slices.Compact(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}
