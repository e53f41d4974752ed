package check

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/modulecheck"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// The clans in testdata have what is wrong with them written at the ends of their lines:
//
//	#! CODE     the line is wrong; it is not in the cured clan, nor is one marked "#! -"
//	#!? CODE    the same, but nobody can tell where
//	#+          the line is in the cured clan only
var marked = regexp.MustCompile(` #(!\??|\+)(?: (\S+))?$`)

// place is where a code is expected, or was found.
type place struct {
	Code string
	File string
	Line int
}

// write copies a clan, sick or cured, and returns what is wrong with it, and the codes that are marked in it either
// way.
func write(t *testing.T, from, to string, cured bool) (want []place, marks map[string]bool) {
	t.Helper()
	marks = map[string]bool{}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		var kept []string
		for lines := bufio.NewScanner(file); lines.Scan(); {
			line := lines.Text()
			if match := marked.FindStringSubmatch(line); match != nil {
				marks[match[2]] = true
				if cured != (match[1] == "+") {
					continue
				}
				line = strings.TrimSuffix(line, match[0])
				switch {
				case match[1] == "!?":
					want = append(want, place{Code: match[2]})
				case match[1] == "!" && match[2] != "-":
					want = append(want, place{match[2], name, len(kept) + 1})
				}
			}
			kept = append(kept, line)
		}
		return os.WriteFile(filepath.Join(to, name), []byte(strings.Join(kept, "\n")+"\n"), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return want, marks
}

// findings are all that is found in a clan, or that stands for it.
func findings(t *testing.T, evaluator nixeval.Evaluator, dir string) []instance.Finding {
	t.Helper()
	inv, err := instance.Load(t.Context(), nixtest.Ref(t, "path:"+dir),
		instance.Config{Evaluator: evaluator, Need: instance.NeedChecks})
	if inv != nil {
		return All(inv)
	}
	var nixErr *nixeval.Error
	if !errors.As(err, &nixErr) {
		t.Fatal(err)
	}
	return []instance.Finding{instance.FlakeFailed(nixErr)}
}

// moduleFindings are what is found in a flake's own modules.
func moduleFindings(t *testing.T, evaluator nixeval.Evaluator, dir string) []instance.Finding {
	t.Helper()
	config := instance.Config{Evaluator: evaluator, Need: facts.NeedModules}
	facts.Ask(&config).Modules = facts.ModuleQuery{Inputs: []string{"self"}, Interfaces: true, Written: true}
	inv, err := instance.Load(t.Context(), nixtest.Ref(t, "path:"+dir), config)
	if err != nil {
		t.Fatal(err)
	}
	return modulecheck.Run(facts.Of(inv).Modules.Catalogue.Inputs["self"])
}

type finder func(t *testing.T, evaluator nixeval.Evaluator, dir string) []instance.Finding

// compare holds what is found against what is written in a clan, sick and cured: all of it in the clans plain and
// clan-core. Each of the others is about what it marks, and about errors, so that a new finding does not concern them
// all.
func compare(t *testing.T, evaluator nixeval.Evaluator, from string, find finder, prepare func(dir string)) {
	for _, name := range []string{"sick", "cured"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			want, marks := write(t, from, dir, name == "cured")
			whole := slices.Contains([]string{"plain", "clan-core"}, filepath.Base(from))
			if prepare != nil {
				prepare(dir)
			}
			var got []place
			for _, f := range find(t, evaluator, dir) {
				if whole || marks[f.Code] || f.Severity == instance.SeverityError {
					got = append(got, place{f.Code, f.File, f.Line})
				}
			}
			byCode := cmpopts.SortSlices(func(a, b place) bool { return a.Code < b.Code })
			if diff := cmp.Diff(want, got, byCode, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryFinding(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, evaluator nixeval.Evaluator) {
		for _, name := range []string{"plain", "machines-failed", "instances-failed", "parts-failed", "malformed",
			"tags-failed", "exports", "exports-failed", "flake-failed", "failed-check"} {
			t.Run(name, func(t *testing.T) { compare(t, evaluator, filepath.Join("testdata", name), findings, nil) })
		}
		for _, name := range []string{"modules", "modules-failed"} {
			t.Run(name, func(t *testing.T) {
				compare(t, evaluator, filepath.Join("testdata", name), moduleFindings, nil)
			})
		}
	})
}
