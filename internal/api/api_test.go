package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	project = "github.com/clanctl/clanctl/"
	golden  = "../../docs/api.txt"
	// mostLines bounds what a reader of the API has to go through. Whoever adds to it raises the bound in the
	// same commit, and says why. (Package upgrade is as much as one has to know to show what it finds.)
	mostLines = 650
)

// TestAPI compares what the packages under pkg/ export with the golden file. UPDATE=1 writes it anew; read
// the difference before you commit it, and docs/compatibility.md before you take something away.
func TestAPI(t *testing.T) {
	var lines []string
	for _, pkg := range load(t) {
		lines = append(lines, describe(pkg)...)
	}
	want := "# The public API, written by make generate. See compatibility.md.\n" + strings.Join(lines, "\n") + "\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(want, "\n"); n > mostLines || n < mostLines-10 {
		t.Errorf("docs/api.txt has %d lines, and mostLines in internal/api/api_test.go is %d: set it to %d, too, "+
			"and say in the commit what the API is for that it grows by", n, mostLines, n)
	}
	got, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(got), "\n"), strings.Split(want, "\n")); diff != "" {
		t.Errorf("the public API is not the one of docs/api.txt. If that is on purpose:\n\n\tmake generate\n\n%s", diff)
	}
}

// TestAPIShowsNoInternals: users cannot name types of internal packages, and depend on the versions of other
// projects' types.
func TestAPIShowsNoInternals(t *testing.T) {
	for _, pkg := range load(t) {
		eachExported(pkg, func(what string, typ types.Type) {
			eachNamed(typ, func(name *types.TypeName) {
				from := name.Pkg()
				switch {
				case from == nil || from == pkg || standard(from.Path()):
				case strings.HasPrefix(from.Path(), project+"pkg/"):
				default:
					t.Errorf("%s shows %s.%s", what, from.Path(), name.Name())
				}
				if from == pkg && !name.Exported() {
					t.Errorf("%s shows %s, which is not exported", what, name.Name())
				}
			})
		})
	}
}

// TestNixevalIsSmall: the package for everybody has few names, imports little, and says nothing of clans or
// of the flags of a program.
func TestNixevalIsSmall(t *testing.T) {
	const path = project + "pkg/nixeval"
	all := list(t, path)
	scope := importFrom(t, all, path).Scope()
	names, methodCount := 0, 0
	for _, name := range scope.Names() {
		obj := scope.Lookup(name)
		if !obj.Exported() {
			continue
		}
		names++
		if typeName, ok := obj.(*types.TypeName); ok {
			for range methods(typeName) {
				methodCount++
			}
		}
	}
	if names > 25 || methodCount > 30 {
		t.Errorf("%d exported names and %d methods; at most 25 and 30", names, methodCount)
	}
	for _, p := range all {
		if !standard(p.ImportPath) && !strings.HasPrefix(p.ImportPath, project) &&
			!strings.HasPrefix(p.ImportPath, "golang.org/x/") {
			t.Errorf("%s comes with nixeval", p.ImportPath)
		}
	}
	// What tests import is in the go.sum of those who import the package, as far as these import it: its own
	// tests, and those below it.
	for _, p := range all {
		if !strings.HasPrefix(p.ImportPath, project) {
			continue
		}
		for _, test := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, test), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range file.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				if !standard(imported) && !strings.HasPrefix(imported, project) &&
					!strings.HasPrefix(imported, "golang.org/x/") {
					t.Errorf("%s/%s imports %s", p.ImportPath, test, imported)
				}
			}
		}
	}
	nixeval := all[slices.IndexFunc(all, func(p listed) bool { return p.ImportPath == path })]
	for _, name := range nixeval.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(nixeval.Dir, name), nil,
			parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			lit, ok := node.(*ast.BasicLit)
			if ok && lit.Kind == token.STRING {
				if text, _ := strconv.Unquote(lit.Value); !strings.HasPrefix(text, project) &&
					ofOthers.MatchString(text) {
					t.Errorf("%s is said in nixeval", lit.Value)
				}
			}
			return true
		})
	}
}

// ofOthers are words of clans, and flags of the command line in a sentence.
var ofOthers = regexp.MustCompile(`\bclan\b|\bclanctl\b|[a-z] --[a-uw-z]|--nix|--flake|--timeout`)

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Dir, Export            string
	GoFiles, TestGoFiles, XTestGoFiles []string
	DepOnly                            bool
}

// list compiles packages and returns them and all that they import.
func list(t *testing.T, patterns ...string) []listed {
	t.Helper()
	args := append([]string{"list", "-deps", "-export",
		"-json=ImportPath,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,DepOnly"}, patterns...)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = "../..", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// importFrom returns the types of a package that was listed.
func importFrom(t *testing.T, all []listed, path string) *types.Package {
	t.Helper()
	open := func(path string) (io.ReadCloser, error) {
		i := slices.IndexFunc(all, func(p listed) bool { return p.ImportPath == path })
		if i < 0 {
			return nil, fmt.Errorf("%s is not listed", path)
		}
		return os.Open(all[i].Export)
	}
	pkg, err := importer.ForCompiler(token.NewFileSet(), "gc", open).Import(path)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func load(t *testing.T) []*types.Package {
	t.Helper()
	all := list(t, "./pkg/...")
	var public []*types.Package
	for _, p := range all {
		if !p.DepOnly {
			public = append(public, importFrom(t, all, p.ImportPath))
		}
	}
	if len(public) == 0 {
		t.Fatal("there is no package")
	}
	slices.SortFunc(public, func(a, b *types.Package) int { return strings.Compare(a.Path(), b.Path()) })
	return public
}

// describe lists what a package exports, each thing on a line of its own that can be read without the others.
func describe(pkg *types.Package) []string {
	short := strings.TrimPrefix(pkg.Path(), project)
	qualify := func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return other.Name()
	}
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, short+": "+fmt.Sprintf(format, args...)) }
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		typeName, isType := obj.(*types.TypeName)
		if !isType {
			text := types.ObjectString(obj, qualify)
			if c, ok := obj.(*types.Const); ok {
				text += " = " + c.Val().ExactString()
			}
			add("%s", text)
			continue
		}
		switch under := typeName.Type().Underlying().(type) {
		case *types.Struct:
			if typeName.IsAlias() {
				add("%s", types.ObjectString(obj, qualify))
				continue
			}
			add("type %s struct", types.TypeString(typeName.Type(), qualify))
			for i := range under.NumFields() {
				field := under.Field(i)
				if !field.Exported() {
					continue
				}
				line := fmt.Sprintf("type %s struct, %s %s", name, field.Name(),
					types.TypeString(field.Type(), qualify))
				if tag := under.Tag(i); tag != "" {
					line += " `" + tag + "`"
				}
				add("%s", line)
			}
		default:
			add("%s", types.ObjectString(obj, qualify))
		}
		for method := range methods(typeName) {
			add("%s", types.ObjectString(method, qualify))
		}
	}
	slices.Sort(lines)
	return lines
}

// methods are the exported ones that are declared on a type. Those of an interface are part of the type itself.
func methods(name *types.TypeName) func(yield func(*types.Func) bool) {
	return func(yield func(*types.Func) bool) {
		named, ok := name.Type().(*types.Named)
		if !ok || name.IsAlias() {
			return
		}
		for method := range named.Methods() {
			if method.Exported() && !yield(method) {
				return
			}
		}
	}
}

// eachExported calls f for the type of everything that a package exports, with words for it.
func eachExported(pkg *types.Package, f func(what string, typ types.Type)) {
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		what := strings.TrimPrefix(pkg.Path(), project) + "." + name
		typeName, isType := obj.(*types.TypeName)
		if !isType {
			f(what, obj.Type())
			continue
		}
		if under, ok := typeName.Type().Underlying().(*types.Struct); ok {
			for field := range under.Fields() {
				if field.Exported() {
					f(what+"."+field.Name(), field.Type())
				}
			}
		} else {
			f(what, typeName.Type().Underlying())
		}
		for method := range methods(typeName) {
			f(what+"."+method.Name(), method.Type())
		}
	}
}

// eachNamed calls f for every named type that a type is made of.
func eachNamed(typ types.Type, f func(*types.TypeName)) {
	switch t := typ.(type) {
	case *types.Named:
		f(t.Obj())
		for arg := range t.TypeArgs().Types() {
			eachNamed(arg, f)
		}
	case *types.Alias:
		f(t.Obj())
		eachNamed(types.Unalias(t), f)
	case *types.Pointer:
		eachNamed(t.Elem(), f)
	case *types.Slice:
		eachNamed(t.Elem(), f)
	case *types.Array:
		eachNamed(t.Elem(), f)
	case *types.Chan:
		eachNamed(t.Elem(), f)
	case *types.Map:
		eachNamed(t.Key(), f)
		eachNamed(t.Elem(), f)
	case *types.Signature:
		for v := range t.Params().Variables() {
			eachNamed(v.Type(), f)
		}
		for v := range t.Results().Variables() {
			eachNamed(v.Type(), f)
		}
	case *types.Struct:
		for field := range t.Fields() {
			eachNamed(field.Type(), f)
		}
	case *types.Interface:
		for method := range t.Methods() {
			eachNamed(method.Type(), f)
		}
	}
}

// standard reports whether a package is of Go's own library: its path has no host.
func standard(path string) bool {
	host, _, _ := strings.Cut(path, "/")
	return !strings.Contains(host, ".")
}

// TestLinksToPackages: what the manual links to is exported.
func TestLinksToPackages(t *testing.T) {
	exported := map[string]*types.Scope{}
	for _, pkg := range load(t) {
		exported[strings.TrimPrefix(pkg.Path(), project)] = pkg.Scope()
	}
	pages, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, page := range append(append(pages, more...), "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range packageLink.FindAllStringSubmatch(string(text), -1) {
			links++
			if scope := exported[link[1]]; scope == nil || scope.Lookup(link[2]) == nil {
				t.Errorf("%s links to %s.%s, which is not there", page, link[1], link[2])
			}
		}
	}
	if links == 0 {
		t.Error("no page links to a package")
	}
}

var packageLink = regexp.MustCompile(`pkg\.go\.dev/github\.com/clanctl/clanctl/(pkg/\w+)#(\w+)`)
