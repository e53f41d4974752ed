package gogen

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// Whatever a module calls its parts and says of them: Go that parses, in which the text is no code and no directive.
func FuzzGenerate(f *testing.F) {
	f.Add("backup", "client", "every", "how often\n//go:embed x", `"daily"`)
	f.Add("a\nfunc init() { panic(1) }", "*/", "`", "+build ignore", "[1]")
	f.Add("", "-", ",omitempty", "\u202e\x00\xff", "{")
	f.Fuzz(func(t *testing.T, service, role, option, text, value string) {
		str := &services.Type{Kind: services.KindString, Name: text, Description: text}
		plain, _ := json.Marshal(value)
		inner := &services.Interface{Options: map[string]*services.Option{option: {Type: str, DefaultText: text,
			HasDefault: true}}}
		options := map[string]*services.Option{
			option: {Type: str, Description: text, HasDefault: true, Default: plain},
			option +
				role: {Type: &services.Type{Kind: services.KindEnum, Values: []json.RawMessage{plain}},
				ExampleText: text},
			option + "-s": {Type: &services.Type{Kind: services.KindSubmodule, Interface: inner}},
			option + "-t": {Type: &services.Type{Kind: services.KindTagged, Interface: inner}},
			option +
				"-u": {Type: &services.Type{Kind: services.KindUnion,
				Alternatives: []*services.Type{str, {Kind: services.KindInt}}}},
			text:  {Err: &services.Failure{Text: text}},
			value: {Options: inner.Options},
		}
		code, err := Generate(&services.Service{Input: text, Name: service, Readme: text,
			Manifest: &module.Manifest{Name: value, Description: text},
			Roles: map[string]*services.Role{role: {Description: text,
				Interface: &services.Interface{Options: options}}, role + "2": {Err: &services.Failure{Text: text}}}},
			Config{})
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", code, parser.ParseComments)
		if err != nil {
			t.Fatalf("%v\n%s", err, code)
		}
		for _, decl := range file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok &&
				(function.Name.Name == "init" || function.Name.Name == "main") {
				t.Fatalf("it has a func %s:\n%s", function.Name.Name, code)
			}
		}
		for _, group := range file.Comments {
			for _, comment := range group.List {
				if strings.HasPrefix(comment.Text, "//go:") || strings.HasPrefix(comment.Text, "//line") ||
					strings.HasPrefix(comment.Text, "// +build") || !strings.HasPrefix(comment.Text, "//") {
					t.Fatalf("a directive: %s", comment.Text)
				}
			}
		}
	})
}
