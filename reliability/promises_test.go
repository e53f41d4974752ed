package reliability

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every promise of SECURITY.md names a fault that is tried here or a test that exists, and so does docs/reliability.md.
func TestPromisesHaveTests(t *testing.T) {
	tests := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range function.FindAllStringSubmatch(string(text), -1) {
			tests[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	exists := func(name string) bool {
		name = strings.TrimSuffix(name, "...")
		return tests[name] || slices.ContainsFunc(areas, func(a area) bool {
			return slices.ContainsFunc(a.faults, func(f fault) bool {
				return strings.HasPrefix(f.name, strings.TrimSpace(name))
			})
		})
	}
	security, err := os.ReadFile("../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, promises, _ := strings.Cut(string(security), "| promise | test |")
	promises, _, _ = strings.Cut(promises, "\n## ")
	rows := 0
	for line := range strings.Lines(promises) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 2 {
			continue
		}
		rows++
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			if !exists(name[1]) {
				t.Errorf("SECURITY.md names a test that there is not: %s", name[1])
			}
		}
		if !strings.ContainsAny(cells[1], "`") && !strings.Contains(cells[1], "rows") {
			t.Errorf("this promise has no test: %s", line)
		}
	}
	if rows < 10 {
		t.Errorf("found only %d promises", rows)
	}
	page, err := os.ReadFile("../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(page), -1) {
		if !tests[name[1]] {
			t.Errorf("docs/reliability.md names a test that there is not: %s", name[1])
		}
	}
}
