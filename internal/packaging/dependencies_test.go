package packaging

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// TestDependencies: the table in CONTRIBUTING.md names what go.mod, tools.mod and the module of the browser
// tests require, and nothing else.
func TestDependencies(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "CONTRIBUTING.md"))
	if err != nil {
		t.Skip("SKIP: there is no CONTRIBUTING.md here")
	}
	_, table, _ := strings.Cut(string(text), "\n## Dependencies\n")
	listed := map[string]bool{}
	for row := range strings.Lines(table) {
		modules, _, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		for _, name := range regexp.MustCompile("`([^`]+/[^`]+)`").FindAllStringSubmatch(modules, -1) {
			listed[name[1]] = false
		}
	}
	require := func(module string) {
		name := strings.TrimPrefix(module, "github.com/")
		if _, ok := listed[name]; !ok {
			t.Errorf("the table of dependencies in CONTRIBUTING.md does not say what %s is for", name)
		}
		listed[name] = true
	}
	for _, name := range []string{"go.mod", "tools.mod", "internal/report/browsertest/go.mod"} {
		text, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			t.Fatal(err)
		}
		file, err := modfile.Parse(name, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range file.Require {
			if !r.Indirect && r.Mod.Path != "github.com/clanctl/clanctl" {
				require(r.Mod.Path)
			}
		}
		for _, tool := range file.Tool {
			for _, r := range file.Require {
				if strings.HasPrefix(tool.Path, r.Mod.Path+"/") {
					require(r.Mod.Path)
				}
			}
		}
	}
	for name, required := range listed {
		if !required {
			t.Errorf("the table of dependencies in CONTRIBUTING.md names %s, which nothing requires", name)
		}
	}
}
