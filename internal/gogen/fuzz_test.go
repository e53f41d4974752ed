package gogen

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/pkg/module"
)

// Whatever a module calls its parts and says of them: Go that parses, in which the text is no code and no directive.
func FuzzGenerate(f *testing.F) {
	f.Add("backup", "client", "every", "how often\n//go:embed x", `"daily"`)
	f.Add("a\nfunc init() { panic(1) }", "*/", "`", "+build ignore", "[1]")
	f.Add("", "-", ",omitempty", "\u202e\x00\xff", "{")
	f.Fuzz(func(t *testing.T, service, role, option, text, value string) {
		str := &module.Type{Kind: module.KindString, Name: text, Description: text}
		plain, _ := json.Marshal(value)
		inner := &module.Interface{Options: map[string]*module.Option{option: {Type: str, DefaultText: text, HasDefault: true}}}
		options := map[string]*module.Option{
			option:        {Type: str, Description: text, HasDefault: true, Default: plain},
			option + role: {Type: &module.Type{Kind: module.KindEnum, Values: []json.RawMessage{plain}}, ExampleText: text},
			option + "-s": {Type: &module.Type{Kind: module.KindSubmodule, Interface: inner}},
			option + "-t": {Type: &module.Type{Kind: module.KindTagged, Interface: inner}},
			option + "-u": {Type: &module.Type{Kind: module.KindUnion, Alternatives: []*module.Type{str, {Kind: module.KindInt}}}},
			text:          {Err: &module.Failure{Text: text}},
			value:         {Options: inner.Options},
		}
		code, err := Generate(&module.Service{Input: text, Name: service, Readme: text, Manifest: &module.Manifest{Name: value, Description: text},
			Roles: map[string]*module.Role{role: {Description: text, Interface: &module.Interface{Options: options}}, role + "2": {Err: &module.Failure{Text: text}}}}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", code, parser.ParseComments)
		if err != nil {
			t.Fatalf("%v\n%s", err, code)
		}
		for _, decl := range file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && (function.Name.Name == "init" || function.Name.Name == "main") {
				t.Fatalf("it has a func %s:\n%s", function.Name.Name, code)
			}
		}
		for _, group := range file.Comments {
			for _, comment := range group.List {
				if strings.HasPrefix(comment.Text, "//go:") || strings.HasPrefix(comment.Text, "//line") || strings.HasPrefix(comment.Text, "// +build") || !strings.HasPrefix(comment.Text, "//") {
					t.Fatalf("a directive: %s", comment.Text)
				}
			}
		}
	})
}
