package lazyregexp_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

func TestRegexp(t *testing.T) {
	digits := lazyregexp.New(`(\d)\d`)
	if !digits.MatchString("12") || digits.FindStringSubmatch("x34")[1] != "3" ||
		len(digits.FindAllStringSubmatch("12 34", -1)) != 2 ||
		digits.ReplaceAllString("12", "$1") != "1" || digits.ReplaceAllStringFunc("12", strings.ToUpper) != "12" {
		t.Error("not what regexp does")
	}
}

// All expressions of the project can be compiled, also those that no test happens to use.
func TestExpressions(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".go" {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		constants := map[string]ast.Expr{}
		ast.Inspect(parsed, func(node ast.Node) bool {
			if spec, is := node.(*ast.ValueSpec); is && len(spec.Names) == len(spec.Values) {
				for i, name := range spec.Names {
					constants[name.Name] = spec.Values[i]
				}
			}
			call, is := node.(*ast.CallExpr)
			if !is || len(call.Args) != 1 {
				return true
			}
			if of, is := call.Fun.(*ast.SelectorExpr); !is || of.Sel.Name != "New" || !isName(of.X, "lazyregexp") {
				return true
			}
			found++
			if expr, constant := text(call.Args[0], constants); !constant {
				t.Errorf("%s: the expression is not a constant", file)
			} else if _, err := regexp.Compile(expr); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			return true
		})
		return nil
	})
	if err != nil || found < 10 {
		t.Errorf("found %d expressions: %v", found, err)
	}
}

func isName(expr ast.Expr, name string) bool {
	ident, is := expr.(*ast.Ident)
	return is && ident.Name == name
}

// text is a string literal, a constant of the same file, or several of these with + between them.
func text(expr ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.Ident:
		return text(constants[e.Name], constants)
	case *ast.BinaryExpr:
		left, ok := text(e.X, constants)
		right, alsoOK := text(e.Y, constants)
		return left + right, ok && alsoOK
	}
	return "", false
}
