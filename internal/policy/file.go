package policy

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tailscale/hujson"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Name is the name of the file in a flake's directory that holds the clan's policy.
const Name = ".clanctl.json"

// File is a clan's policy.
type File struct {
	// Defaults are those of flags.
	Defaults Defaults
	// Ignores are by path.
	Ignores Ignores
	Rules   []*Rule
}

// Codes are those of the rules.
func (f *File) Codes() []string {
	var codes []string
	for _, r := range f.Rules {
		codes = append(codes, r.Code)
	}
	return codes
}

// Defaults are those of flags of check. There are but few, none of which can make a command do more than
// look: a checkout must not decide what is run, where output goes, or what Nix may do.
type Defaults struct {
	// Baseline is relative to the file.
	Baseline string            `json:"baseline"`
	Severity instance.Severity `json:"severity"`
	Strict   bool              `json:"strict"`
}

// fileJSON is the file's form.
type fileJSON struct {
	// Schema is for editors.
	Schema   string   `json:"$schema"`
	Defaults Defaults `json:"defaults"`
	Ignore   []struct {
		Code   string `json:"code"`
		Path   string `json:"path"`
		Reason string `json:"reason"`
	} `json:"ignore"`
	Rules []ruleJSON `json:"rules"`
}

// FileError says what is wrong with a policy file, and where.
type FileError struct {
	instance.Position
	Reason, Advice string
}

func (e *FileError) Error() string { return e.Position.String() + ": " + e.Reason }

// Hint says what to do.
func (e *FileError) Hint() string { return e.Advice }

// Parse reads a policy file: JSON with comments and trailing commas. The error is a [*FileError].
func Parse(name string, text []byte) (*File, error) {
	p := parser{name: name, text: text}
	var file fileJSON
	if err := p.decode(&file); err != nil {
		return nil, err
	}
	f := &File{Defaults: file.Defaults}
	if d := f.Defaults; d.Baseline != "" && !filepath.IsLocal(filepath.FromSlash(d.Baseline)) {
		return nil, p.fail("/defaults/baseline", "the baseline must be a file in the flake's directory or below it", "")
	} else if d.Severity != "" && !slices.Contains(Severities(), d.Severity) {
		return nil,
			p.fail("/defaults/severity", fmt.Sprintf("there is no severity %q", d.Severity),
				"it is error, warning or note")
	}
	for i, entry := range file.Ignore {
		at := fmt.Sprintf("/ignore/%d", i)
		ignore := &Ignore{Code: entry.Code, Reason: strings.TrimSpace(entry.Reason), Position: p.at(at), byPath: true}
		if entry.Path != "" {
			var err error
			if ignore.path, err = nixlang.ParsePath(entry.Path); err != nil {
				return nil, p.fail(at+"/path", err.Error(), "")
			}
			if ignore.path[0] != "inventory" && ignore.path[0] != "clan" {
				return nil, p.fail(at+"/path", fmt.Sprintf("the path %q does not begin with inventory", entry.Path),
					"write it as findings show it, such as inventory.instances.sshd.roles.server; * stands for any name, and no path for all findings with the code")
			}
		}
		f.Ignores = append(f.Ignores, ignore)
	}
	for i, entry := range file.Rules {
		rule, err := p.rule(fmt.Sprintf("/rules/%d", i), entry, f.Rules)
		if err != nil {
			return nil, err
		}
		f.Rules = append(f.Rules, rule)
	}
	return f, nil
}

// ParseRules reads a file that holds rules and nothing else. The error is a [*FileError].
func ParseRules(name string, text []byte) ([]*Rule, error) {
	f, err := Parse(name, text)
	if err != nil {
		return nil, err
	}
	if len(f.Rules) == 0 || len(f.Ignores) > 0 || f.Defaults != (Defaults{}) {
		return nil,
			&FileError{instance.Position{File: name, Line: 1, Column: 1}, "it must hold rules, and nothing else",
				`{ "rules": [ { "code": "...", "message": "...", "select": "..." } ] }`}
	}
	return f.Rules, nil
}

// parser reads one file.
type parser struct {
	name string
	text []byte
	root hujson.Value
}

// decode reads the whole file, and nothing that has no field.
func (p *parser) decode(into any) error {
	root, err := hujson.Parse(bytes.Clone(p.text))
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "hujson: ")
		var line, column int
		if _, err := fmt.Sscanf(reason, "line %d, column %d: ", &line, &column); err != nil {
			line, column = 1, 1
		} else {
			_, reason, _ = strings.Cut(reason, ": ")
		}
		return &FileError{instance.Position{File: p.name, Line: line, Column: column}, reason,
			"it is JSON, with comments and trailing commas"}
	}
	p.root = root
	plain := root.Clone()
	plain.Standardize() // without a change of offsets
	err = json.Unmarshal(plain.Pack(), into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		name := semantic.JSONPointer.LastToken()
		failed := p.fail(string(semantic.JSONPointer), fmt.Sprintf("there is nothing called %q here", name), "")
		known := names(reflect.TypeOf(into).Elem(), semantic.JSONPointer.Parent())
		failed.Advice = nearest.Hint(nearest.Of(name, known), known, "there is ", "")
		return failed
	case errors.As(err, &semantic):
		return p.fail(string(semantic.JSONPointer),
			fmt.Sprintf("a JSON %s does not belong here", kindName(semantic.JSONKind)), "")
	case errors.As(err, &syntactic):
		return p.fail(string(syntactic.JSONPointer), syntactic.Err.Error(), "")
	}
	return p.fail("", err.Error(), "")
}

// names are those that an object may have, by its place in a document of a type.
func names(of reflect.Type, at jsontext.Pointer) []string {
	for token := range at.Tokens() {
		switch of.Kind() {
		case reflect.Slice:
			of = of.Elem()
		case reflect.Struct:
			for i := range of.NumField() {
				if of.Field(i).Tag.Get("json") == token {
					of = of.Field(i).Type
					break
				}
			}
		}
	}
	var found []string
	if of.Kind() == reflect.Struct {
		for i := range of.NumField() {
			found = append(found, of.Field(i).Tag.Get("json"))
		}
	}
	return found
}

func kindName(kind jsontext.Kind) string {
	return map[jsontext.Kind]string{'t': "boolean", 'f': "boolean", '"': "string", '0': "number", '{': "object",
		'[': "array", 'n': "null"}[kind]
}

func (p *parser) fail(pointer, reason, advice string) *FileError {
	return &FileError{p.at(pointer), reason, advice}
}

// at is the place of a value by its JSON pointer.
func (p *parser) at(pointer string) instance.Position {
	at := instance.Position{File: p.name, Line: 1, Column: 1}
	if value := p.root.Find(pointer); value != nil {
		at.Line, at.Column = jsonvalue.Line(p.text, value.StartOffset)
	}
	return at
}

// literal is a value as it is written.
func (p *parser) literal(pointer string) string {
	if value := p.root.Find(pointer); value != nil {
		return string(p.text[value.StartOffset:value.EndOffset])
	}
	return ""
}

// Severities are all that there are, the worst first.
func Severities() []instance.Severity {
	return []instance.Severity{instance.SeverityError, instance.SeverityWarning, instance.SeverityNote}
}
