package internal_test

import (
	"go/ast"
	"path"
	"regexp"
	"strings"
	"testing"
)

// docLink is a link of a Go comment to something with a name: [Load], [Inventory.Machines], [*nixeval.Error],
// [instance.Member.Tags].
var docLink = regexp.MustCompile(`\[(\*[a-z]\w*|\*?(?:[a-z]\w*\.)?[A-Z]\w*(?:\.[A-Z]\w*)?)\]`)

var codeInComment = regexp.MustCompile(`(?m)^[\t ].*`)

// TestDocLinks: what a comment refers to is there. What belongs to a package outside of the project is not looked up.
func TestDocLinks(t *testing.T) {
	names := map[string]map[string]bool{} // by package
	type link struct{ file, text string }
	var links []link
	for _, dir := range []string{"../cmd", "../internal", "../pkg"} {
		eachFile(t, dir, func(name string, file *ast.File) {
			of := names[path.Dir(name)]
			if of == nil {
				of = map[string]bool{}
				names[path.Dir(name)] = of
			}
			declared(file, of)
			for _, group := range file.Comments {
				for _, match := range docLink.FindAllStringSubmatch(codeInComment.ReplaceAllString(group.Text(), ""),
					-1) {
					links = append(links, link{name, strings.TrimPrefix(match[1], "*")})
				}
			}
		})
	}
	dirs := map[string]string{}
	for dir := range names {
		dirs[path.Base(dir)] = dir
	}
	for _, l := range links {
		of, name := names[path.Dir(l.file)], l.text
		if strings.HasPrefix(l.file, "pkg/") && name[0] >= 'a' && !strings.Contains(name, ".") {
			t.Errorf("%s refers to [%s], which users of the package cannot see", l.file, l.text)
		}
		if pkg, rest, dotted := strings.Cut(name, "."); dotted && pkg == strings.ToLower(pkg) {
			if of, name = names[dirs[pkg]], rest; of == nil {
				continue
			}
			if strings.HasPrefix(l.file, "pkg/") && strings.HasPrefix(dirs[pkg], "internal/") {
				t.Errorf("%s refers to [%s], which users of the package cannot see", l.file, l.text)
			}
		}
		if !of[name] {
			t.Errorf("%s refers to [%s], which is not there", l.file, l.text)
		}
	}
}

// declared adds what a file declares: NAME, and TYPE.NAME for methods and fields.
func declared(file *ast.File, names map[string]bool) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = typeName(d.Recv.List[0].Type) + "." + name
			}
			names[name] = true
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range s.Names {
						names[name.Name] = true
					}
				case *ast.TypeSpec:
					names[s.Name.Name] = true
					if of, is := s.Type.(*ast.StructType); is {
						for _, field := range of.Fields.List {
							if len(field.Names) == 0 {
								names[s.Name.Name+"."+typeName(field.Type)] = true
							}
							for _, name := range field.Names {
								names[s.Name.Name+"."+name.Name] = true
							}
						}
					}
				}
			}
		}
	}
}

// typeName is the name of a type, without its package, its star and its parameters.
func typeName(of ast.Expr) string {
	switch t := of.(type) {
	case *ast.StarExpr:
		return typeName(t.X)
	case *ast.IndexExpr:
		return typeName(t.X)
	case *ast.SelectorExpr:
		return t.Sel.Name
	case *ast.Ident:
		return t.Name
	}
	return ""
}
