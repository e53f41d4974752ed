package why

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestOrigins(t *testing.T) {
	ref := instance.Scope{Instance: "i", Role: "r", Machine: "m"}
	inv := layered(t, `{"who":"machine","list":["machine"]}`,
		`{"who":{"_type":"override","priority":1000,"content":"role"},"list":["role"],"short":"text","files":{"a":{"path":"/a"}}}`,
		`{"list":["tag"]}`)
	role := inv.Instances["i"].Roles["r"]
	member := role.Machines["m"]
	// optional is an option with a default, as JSON.
	optional := func(value string) *services.Option {
		return &services.Option{Type: services.NewType("unspecified", ""), HasDefault: true,
			Default: json.RawMessage(value)}
	}
	required := func() *services.Option { return &services.Option{Type: services.NewType("unspecified", "")} }
	file := services.NewType("submodule", "")
	file.Interface = &services.Interface{Options: map[string]*services.Option{"path": required(),
		"mode": optional(`"0600"`), "owner": optional(`"root"`)}}
	files := services.NewType("attrsOf", "")
	files.Elem = file
	filesOption := optional(`{}`)
	filesOption.Type = files
	facts.OfRole(role).Interface = &services.Interface{Options: map[string]*services.Option{
		"who": optional(`"nobody"`), "files": filesOption, "port": optional(`22`),
		"short": {Options: map[string]*services.Option{"name": required()}},
		"own":   required(), "nothing": required(), "set": optional(`{"a":1,"b":2}`), "list": optional(`[]`),
	}}
	facts.OfRole(role).Own = map[string][]facts.OwnDefinition{"m": {{Path: []string{"own"}, Priority: 100,
		Definition: facts.Definition{File: "module.nix", JSON: []byte(`{"deep":true}`)}}}}
	var err error
	member.Settings, err = instance.NewSettings(invtest.Parse(`{"who":"machine","list":["tag","machine","role"],"port":22,"short":{"name":"text"},
		"files":{"a":{"path":"/a","mode":"0600","owner":"computed"}},"own":{"deep":true},"nothing":[],"free":1,"set":{"a":1,"b":3}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range Origins(inv, ref) {
		line := fmt.Sprintf("%s = %s: %s", nixlang.PathString(o.Path), text(o.Value), o.From)
		for _, d := range o.Definitions {
			line += fmt.Sprintf("; %s %t", strings.TrimSpace(d.Layer+" "+d.Name), d.Counts)
		}
		if o.option != nil {
			line += fmt.Sprintf(" (%s)", strings.Join(o.Path[:o.depth], "."))
		}
		got = append(got, line)
	}
	want := []string{
		`files.a.mode = "0600": default (files.a.mode)`,
		`files.a.owner = "computed": module (files.a.owner)`,
		`files.a.path = "/a": layers; role true (files.a.path)`,
		`free = 1: module`,
		`list = ["tag","machine","role"]: layers; tag b true; tag a true; machine m true; role true (list)`,
		`nothing = []: default (nothing)`,
		`own.deep = true: layers; module module.nix true (own)`,
		`port = 22: default (port)`,
		`set.a = 1: default (set)`,
		`set.b = 3: module (set)`,
		`short.name = "text": layers; role true (short.name)`,
		`who = "machine": layers; machine m true; role false (who)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	facts.OfRole(role).Interface, facts.OfRole(role).Own = nil, nil
	for _, o := range Origins(inv, ref) {
		if len(o.Definitions) == 0 && o.From != codes.SourceUnknown {
			t.Errorf("%v is said to be from %s, and nothing is known of the role's options", o.Path, o.From)
		}
	}
	member.Settings = nil
	for _, of := range []instance.Scope{ref, {Instance: "i", Role: "r", Machine: "n"}, {Instance: "i", Role: "s", Machine: "m"},
		{Instance: "j", Role: "r", Machine: "m"}} {
		if o := Origins(inv, of); o != nil {
			t.Errorf("origins of settings that do not evaluate, or of no member: %v", o)
		}
	}
}
