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

// rooms are all packages that are part of the program or for users, with the neighbours that each knows, and no others.
// Arrows run downward only: what stands below knows nothing of what stands above it.
var rooms = map[string][]string{
	"cmd/clanctl":       {"cmd/clanctl/early", "internal/cli"},
	"cmd/clanctl/early": {"internal/cachedir", "internal/recall", "internal/recorder", "pkg/nixeval"},
	"internal/cli": {"internal/jsonvalue", "internal/lazyregexp", "internal/codes", "internal/facts",
		"internal/hint", "internal/modulecheck", "internal/services", "docs", "internal/browser",
		"internal/cachedir", "internal/filetree", "internal/git", "internal/jq", "internal/lsp", "internal/markdown",
		"internal/mcp", "internal/natural", "internal/nearest", "internal/pager", "internal/policy", "internal/refs",
		"internal/shell", "internal/term", "internal/textview", "internal/watch", "internal/nixlang",
		"internal/recorder", "internal/sourcetree", "pkg/check", "pkg/diff", "internal/export", "internal/gogen",
		"internal/graph", "pkg/instance", "pkg/module", "pkg/nixeval", "internal/recall", "internal/report", "internal/scaffold",
		"pkg/store", "pkg/tags", "internal/view", "pkg/upgrade", "pkg/why", "pkg/reach"},

	// Over the inventory.
	"pkg/check": {"internal/codes", "internal/facts", "internal/services", "internal/nearest",
		"pkg/instance", "pkg/module", "pkg/reach"},
	"pkg/diff": {"internal/jsonvalue", "internal/codes", "internal/facts", "internal/textview", "internal/nixlang",
		"internal/permachine", "pkg/instance"},
	"internal/fix": {"internal/codes", "internal/facts", "internal/jsonvalue", "internal/nixlang", "internal/policy",
		"pkg/instance"},
	"internal/lsp": {"internal/codes", "internal/facts", "internal/fix", "internal/jsonvalue",
		"internal/nixlang", "internal/policy", "internal/refs", "internal/services", "internal/textview", "pkg/instance",
		"pkg/why"},
	"internal/mcp":  {},
	"internal/refs": {"internal/facts", "internal/nixlang", "pkg/instance"},
	"internal/export": {"internal/lazyregexp", "internal/jsonvalue", "internal/shell", "internal/view",
		"pkg/instance", "pkg/reach"},
	"internal/gogen": {"internal/jsonvalue", "internal/services", "internal/term", "internal/nixlang"},
	"internal/graph": {"internal/natural", "internal/palette", "internal/term", "internal/textview", "internal/permachine",
		"pkg/instance", "internal/view",
		"pkg/reach"},
	"internal/modulecheck": {"internal/codes", "internal/nearest", "internal/services", "pkg/instance"},
	"internal/policy": {"internal/jsonvalue", "internal/codes", "internal/facts", "internal/jq",
		"internal/lazyregexp", "internal/nearest", "internal/nixlang", "internal/permachine", "pkg/instance", "pkg/why"},
	"internal/report": {"internal/jsonvalue", "internal/facts", "internal/palette", "internal/services",
		"internal/shell", "internal/textview", "internal/nixlang", "internal/permachine", "pkg/instance", "pkg/reach",
		"pkg/why"},
	"internal/scaffold": {"internal/hint", "internal/lazyregexp", "internal/nixlang"},
	"pkg/reach":         {"internal/codes", "internal/facts", "internal/jsonvalue", "internal/nixlang", "pkg/instance"},
	"pkg/store": {"internal/jsonvalue", "internal/codes", "internal/facts", "internal/hint", "internal/services",
		"internal/filetree", "internal/git", "internal/nearest", "internal/shell", "internal/nixlang", "pkg/check",
		"pkg/diff", "internal/permachine", "pkg/instance", "pkg/module"},
	"internal/pager":    {"internal/lazyregexp"},
	"pkg/typed":         {"internal/hint", "internal/nearest", "pkg/instance"},
	"internal/textview": {"internal/codes", "internal/facts", "internal/jsonvalue", "internal/term", "pkg/instance"},
	"internal/view": {"internal/hint", "internal/codes", "internal/facts", "internal/nixlang", "internal/services",
		"internal/natural", "internal/nearest", "internal/permachine", "pkg/instance", "pkg/module", "pkg/tags"},
	"pkg/upgrade": {"internal/codes", "internal/facts", "internal/jsonvalue", "internal/lazyregexp",
		"internal/nearest", "internal/services", "internal/textview", "internal/nixlang", "pkg/diff", "internal/permachine",
		"pkg/instance",
		"pkg/why"},
	"pkg/why": {"internal/hint", "internal/jsonvalue", "internal/codes", "internal/facts", "internal/services",
		"internal/nearest", "internal/nixlang", "internal/permachine", "pkg/instance"},

	"pkg/instance": {"internal/jsonvalue", "internal/codes", "internal/facts", "internal/hint", "internal/services",
		"internal/filetree", "internal/git", "internal/lazyregexp", "internal/nearest", "internal/nixlang",
		"internal/reader", "internal/shell", "internal/sourcetree", "internal/watch", "internal/members", "pkg/module",
		"pkg/nixeval", "pkg/tags"},
	"internal/permachine": {"internal/facts", "pkg/instance"},
	"pkg/module":          {},
	"internal/facts":      {"internal/jsonvalue", "internal/filetree", "internal/services", "pkg/module", "pkg/nixeval"},
	"internal/services": {"internal/codes", "internal/hint", "internal/jsonvalue", "internal/lazyregexp", "internal/nearest",
		"pkg/module"},
	"pkg/tags": {"internal/hint", "internal/lazyregexp", "internal/nearest"},
	"internal/reader": {"internal/filetree", "internal/jsonvalue", "internal/hint", "internal/sourcetree",
		"pkg/nixeval"},
	"pkg/nixeval": {"internal/filetree", "internal/git", "internal/lazyregexp", "internal/cachedir",
		"internal/nearest", "internal/nixlang", "internal/process", "internal/question", "internal/scratch",
		"internal/recorder", "internal/sourcetree"},
	"internal/sourcetree": {"internal/filetree"},

	"pkg/nixeval/nixevaltest": {"internal/question", "pkg/nixeval"},

	"internal/cachedir":   {},
	"internal/filetree":   {"internal/git", "internal/lazyregexp", "internal/scratch"},
	"internal/git":        {"internal/process"},
	"internal/codes":      {},
	"internal/hint":       {},
	"internal/jsonvalue":  {"internal/lazyregexp", "internal/hint"},
	"internal/jq":         {},
	"internal/lazyregexp": {},
	"internal/markdown":   {"internal/term"},
	"internal/members":    {},
	"internal/natural":    {},
	"internal/palette":    {},
	"internal/browser":    {},
	"internal/nearest":    {"internal/natural"},
	"internal/nixlang":    {},
	"internal/process":    {},
	"internal/recall":     {"internal/filetree", "internal/git", "pkg/nixeval"},
	"internal/recorder":   {},
	"internal/question":   {},
	"internal/scratch":    {},
	"internal/shell":      {},
	"internal/term":       {},
	"internal/watch":      {"internal/hint", "internal/filetree"},

	// For the project itself.
	"internal/api":               {},
	"internal/bench":             {},
	"internal/filetree/treetest": {},
	"internal/invtest": {"internal/codes", "internal/facts", "internal/jsonvalue", "internal/services",
		"internal/members", "pkg/instance", "pkg/module"},
	"internal/nixtest":       {"internal/nixtest/nixes", "pkg/nixeval"},
	"internal/nixtest/nixes": {},
	"internal/packaging":     {},
	"internal/programtest":   {},
	"internal/release":       {"internal/git"},
	"internal/schematest":    {},
}

// mayRun are the rooms that run other programs, and mayTouchFiles those that read or write files besides.
// (internal/scaffold tells whether a file is there.)
var (
	mayRun = []string{"internal/bench", "internal/browser", "internal/filetree/treetest", "internal/git", "internal/nixtest/nixes",
		"internal/pager", "internal/process", "internal/programtest", "internal/release", "pkg/nixeval"}
	mayTouchFiles = []string{"cmd/clanctl", "cmd/clanctl/early", "internal/cachedir", "internal/cli", "internal/filetree",
		"internal/nixtest", "internal/recall", "internal/schematest", "internal/scratch", "pkg/instance", "internal/scaffold",
		"pkg/nixeval/nixevaltest", "pkg/store"}
)

// Libraries are silent. (log/slog takes its logger from the caller.)
var forbiddenInLibraries = []string{"flag", "log", "github.com/urfave/cli/", "golang.org/x/term"}

var forbiddenCalls = regexp.MustCompile(`^(fmt\.Print(f|ln)?|os\.Exit|os\.Stdout|os\.Stderr|os\.Args)$`)

func TestImportsRunDownward(t *testing.T) {
	known := map[string]map[string]bool{}
	for _, dir := range []string{"../cmd", "../internal", "../pkg"} {
		eachFile(t, dir, func(name string, file *ast.File) {
			room := path.Dir(name)
			isProgram := strings.HasPrefix(room, "cmd/clanctl") || room == "internal/cli" || room == "internal/bench" ||
				room == "internal/release"
			neighbours, listed := rooms[room]
			if !listed {
				t.Errorf("%s is not in the list of rooms", room)
			}
			if known[room] == nil {
				known[room] = map[string]bool{}
			}
			for _, spec := range file.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				if own, ok := strings.CutPrefix(imported, project); ok {
					known[room][own] = true
					if !slices.Contains(neighbours, own) {
						t.Errorf("%s imports %s, which is not for this room to know", name, own)
					}
				}
				switch {
				case !isProgram && matches(imported, forbiddenInLibraries):
					t.Errorf("%s imports %s: libraries are silent", name, imported)
				case imported == "os/exec" && !slices.Contains(mayRun, room),
					imported == "os" && !slices.Contains(slices.Concat(mayRun, mayTouchFiles), room):
					t.Errorf("%s imports %s: not in this room", name, imported)
				}
			}
			if isProgram {
				return
			}
			ast.Inspect(file, func(node ast.Node) bool {
				if selector, ok := node.(*ast.SelectorExpr); ok {
					if x, ok := selector.X.(*ast.Ident); ok &&
						forbiddenCalls.MatchString(x.Name+"."+selector.Sel.Name) {
						t.Errorf("%s uses %s.%s: libraries are silent", name, x.Name, selector.Sel.Name)
					}
				}
				return true
			})
		})
	}
	for room, neighbours := range rooms {
		for _, neighbour := range neighbours {
			if !known[room][neighbour] {
				t.Errorf("%s does not import %s: correct this test", room, neighbour)
			}
		}
	}
}

// TestRooms holds the list itself against the design: only the model asks the reader, and few rooms know how Nix is
// run.
func TestRooms(t *testing.T) {
	for neighbour, allowed := range map[string][]string{
		"internal/reader": {"pkg/instance"},
		"pkg/nixeval": {"cmd/clanctl/early", "internal/cli", "internal/facts", "internal/nixtest", "internal/reader",
			"internal/recall", "pkg/instance", "pkg/nixeval/nixevaltest"},
	} {
		for room, neighbours := range rooms {
			if slices.Contains(neighbours, neighbour) && !slices.Contains(allowed, room) {
				t.Errorf("%s knows %s", room, neighbour)
			}
		}
	}
}

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
				// which measures it
				if lit, ok := node.(*ast.BasicLit); ok && lit.Kind == token.STRING && room != "internal/git" &&
					room != "internal/bench" {
					if text, _ := strconv.Unquote(lit.Value); path.Base(text) == "git" &&
						!strings.HasPrefix(text, project) {
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

// TestFindingsAreExplained compares the table of codes with the constants, their uses, and the headings of
// docs/findings.md.
func TestFindingsAreExplained(t *testing.T) {
	constants, used := map[string]string{}, map[string]bool{}
	look := func(name string, file *ast.File) {
		ast.Inspect(file, func(node ast.Node) bool {
			if n, ok := node.(*ast.SelectorExpr); ok && name != "pkg/instance/codes.go" {
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "codes" {
					used[n.Sel.Name] = true
				}
			}
			return true
		})
	}
	eachFile(t, "../pkg", look)
	eachFile(t, "policy", look)
	eachFile(t, "modulecheck", look)
	eachFile(t, "codes", func(name string, file *ast.File) {
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.ValueSpec); ok && path.Base(name) == "codes.go" {
				constants[spec.Names[0].Name], _ = strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			}
			return true
		})
	})
	var table, headings []string
	for _, info := range instance.Codes() {
		table = append(table, info.Code)
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
			t.Errorf("neither pkg/ nor internal/policy nor internal/modulecheck uses %s", name)
		}
	}
}

// eachFile parses the Go files below a directory, without tests and what they read. Names are relative to the top of
// the project.
func eachFile(t *testing.T, dir string, f func(name string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "testdata" {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
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
