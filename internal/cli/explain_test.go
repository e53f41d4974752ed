package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/instance"
)

// TestTableOfCodes compares the table in docs/findings.md with the codes that there are; UPDATE=1 writes it anew.
func TestTableOfCodes(t *testing.T) {
	const file, heading = "../../docs/findings.md", "\n## All codes\n\n"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), heading)
	_, after, more := strings.Cut(rest, "\n## ")
	if !found || !more {
		t.Fatalf("%s has no section %q", file, heading)
	}
	var table strings.Builder
	table.WriteString("| code | severity | |\n|---|---|---|\n")
	for _, info := range instance.Codes() {
		severity := string(info.Severity)
		if info.Partial {
			severity += ", partial"
		}
		fmt.Fprintf(&table, "| [%s](#%[1]s) | %s | %s |\n", info.Code, severity, info.Title)
	}
	want := before + heading + table.String() + "\n## " + after
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("the table in %s is not what the code says (UPDATE=1 writes it anew): %s", file, diff)
	}
}

// TestExplainKnowsEveryCode: each code has a page, which ends where the next one begins.
func TestExplainKnowsEveryCode(t *testing.T) {
	for _, info := range instance.Codes() {
		page := findingPage(info.Code)
		if !strings.Contains(strings.ReplaceAll(page, "\n", " "), info.Title) || strings.Contains(page, "\n##") {
			t.Errorf("the page on %s is %q", info.Code, page)
		}
	}
}
