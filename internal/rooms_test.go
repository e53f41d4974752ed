// Package internal_test holds what must be true of the project's sources as a whole.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/pkg/instance"
)

const project = "github.com/clanctl/clanctl/"

// helpers are rooms that know nothing of clans, Nix or trees, and may be used in any room.
var helpers = []string{"internal/markdown", "internal/nearest", "internal/term"}

// mayImport says for each room which others it may know, besides the helpers. A room below pkg/ that is not listed is one more capability
// over the inventory; one below internal/ knows no other.
var mayImport = map[string][]string{
	"pkg/nixeval":       {"internal/git", "internal/filetree", "internal/process", "internal/scratch"},
	"pkg/tags":          {},
	"pkg/module":        {"pkg/tags"},
	"pkg/instance":      {"pkg/module", "pkg/tags", "pkg/nixeval", "internal/git", "internal/filetree"},
	"pkg/store":         {"pkg/", "internal/git"},
	"capability":        {"pkg/"},
	"internal/filetree": {"internal/git", "internal/scratch"},
	"internal/git":      {"internal/process"},
	"internal/markdown": {"internal/term"},
	"internal/release":  {"internal/git"},
}

// Packages that run programs, read flags or draw are for the rooms that are made for it.
var forbidden = map[string][]string{
	"capability":        {project + "pkg/nixeval", "os/exec"},
	"pkg/store":         {project + "pkg/nixeval", "os/exec"},
	"pkg/instance":      {"os/exec"},
	"pkg/module":        {"os/exec"},
	"pkg/tags":          {"os/exec", "os", "io"},
	"internal/filetree": {"os/exec"},
}

// Libraries are silent. (log/slog takes its logger from the caller.)
var forbiddenInLibraries = []string{"flag", "log", "github.com/urfave/cli/", "golang.org/x/term"}

var forbiddenCalls = regexp.MustCompile(`^(fmt\.Print(f|ln)?|os\.Exit|os\.Stdout|os\.Stderr|os\.Args)$`)

func TestImportsRunDownward(t *testing.T) {
	eachFile(t, "../pkg", func(name string, file *ast.File) {
		dir := path.Dir(name)
		room := dir
		if _, known := mayImport[room]; !known {
			room = "capability"
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if own, ok := strings.CutPrefix(imported, project); ok && !matches(own, slices.Concat(helpers, mayImport[room])) {
				t.Errorf("%s imports %s: that runs upward", name, imported)
			}
			if matches(imported, slices.Concat(forbidden[room], forbiddenInLibraries)) {
				t.Errorf("%s imports %s: not in this room", name, imported)
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if x, ok := selector.X.(*ast.Ident); ok && forbiddenCalls.MatchString(x.Name+"."+selector.Sel.Name) {
					t.Errorf("%s uses %s.%s: libraries are silent", name, x.Name, selector.Sel.Name)
				}
			}
			return true
		})
	})
	for room := range mayImport {
		if _, err := os.Stat("../" + room); err != nil && room != "capability" {
			t.Errorf("there is no room %s: correct this test", room)
		}
	}
	eachFile(t, "../internal", func(name string, file *ast.File) {
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			own, ok := strings.CutPrefix(imported, project)
			if room := path.Dir(name); ok && !matches(own, mayImport[room]) || matches(imported, forbidden[room]) {
				t.Errorf("%s imports %s: that runs upward, or aside", name, imported)
			}
		}
	})
}

// mayRun are the rooms that run other programs.
var mayRun = []string{"internal/process", "internal/git", "internal/bench", "internal/release", "pkg/nixeval"}

// TestOneWayToRunGit: what internal/git promises holds only if nobody else runs git.
func TestOneWayToRunGit(t *testing.T) {
	for _, dir := range []string{"../cmd", "../internal", "../pkg", "../examples"} {
		eachFile(t, dir, func(name string, file *ast.File) {
			room := path.Dir(name)
			if imports(file, "testing") || !imports(file, "os/exec", "syscall", "golang.org/x/sys/unix") {
				return
			}
			if imports(file, "os/exec") && !slices.Contains(mayRun, room) {
				t.Errorf("%s imports os/exec: only %v run programs", name, mayRun)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				if lit, ok := node.(*ast.BasicLit); ok && lit.Kind == token.STRING && room != "internal/git" {
					if text, _ := strconv.Unquote(lit.Value); path.Base(text) == "git" && !strings.HasPrefix(text, project) {
						t.Errorf("%s: is %s to be run? Only internal/git may", name, lit.Value)
					}
				}
				return true
			})
		})
	}
}

func imports(file *ast.File, paths ...string) bool {
	return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool {
		imported, _ := strconv.Unquote(spec.Path.Value)
		return slices.Contains(paths, imported)
	})
}

// TestFindingsAreExplained compares the table of codes with the constants, their uses, and the headings of docs/findings.md.
func TestFindingsAreExplained(t *testing.T) {
	constants, used := map[string]string{}, map[string]bool{}
	eachFile(t, "../pkg", func(name string, file *ast.File) {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.ValueSpec: // CodeConflict Code = "conflict"
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "Code" && len(n.Values) == 1 {
					constants[n.Names[0].Name], _ = strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
				}
			case *ast.Ident:
				used[n.Name] = used[n.Name] || name != "pkg/instance/codes.go"
			}
			return true
		})
	})
	var table, headings []string
	for _, info := range instance.Codes() {
		table = append(table, string(info.Code))
	}
	manual, err := os.ReadFile("../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, heading := range regexp.MustCompile(`(?m)^### (.*)$`).FindAllStringSubmatch(string(manual), -1) {
		headings = append(headings, heading[1])
	}
	if !slices.Equal(table, headings) {
		t.Errorf("docs/findings.md explains %v, the table of codes has %v", headings, table)
	}
	if declared := slices.Sorted(maps.Values(constants)); !slices.Equal(declared, slices.Sorted(slices.Values(table))) {
		t.Errorf("constants are %v, the table of codes has %v", declared, table)
	}
	for name := range constants {
		if !used[name] {
			t.Errorf("nothing under pkg/ uses %s", name)
		}
	}
}

// eachFile parses the Go files below a directory, without tests. Names are relative to the top of the project.
func eachFile(t *testing.T, dir string, f func(name string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err == nil {
			f(strings.TrimPrefix(filepath.ToSlash(file), "../"), parsed)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// matches reports whether a pattern is the name itself or, if it ends in a slash, the beginning of it.
func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return name == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(name, pattern)
	})
}
