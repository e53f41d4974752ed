package why

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/instance"
)

func TestOrigins(t *testing.T) {
	inv := layered(t, `{"who":"machine","list":["machine"]}`,
		`{"who":{"_type":"override","priority":1000,"content":"role"},"list":["role"],"short":"text","files":{"a":{"path":"/a"}}}`, `{"list":["tag"]}`)
	role := inv.Instances["i"].Roles["r"]
	member := role.Machines["m"]
	option := func(path string, value any, has bool) instance.DeclaredOption {
		return instance.DeclaredOption{Path: strings.Split(path, "."), OptionInfo: instance.OptionInfo{Default: value, HasDefault: has}}
	}
	role.Options = []instance.DeclaredOption{
		option("who", "nobody", true), option("files", map[string]any{}, true), option("files.<name>.path", nil, false),
		option("files.<name>.mode", "0600", true), option("files.<name>.owner", "root", true), option("port", data(t, "22"), true),
		option("short", nil, false), option("short.name", nil, false), option("own", nil, false), option("nothing", nil, false),
		option("set", data(t, `{"a":1,"b":2}`), true),
	}
	member.Own = []instance.OwnDefinition{{Path: []string{"own"}, Priority: 100,
		Definition: instance.Definition{File: "module.nix", Value: data(t, `{"deep":true}`)}}}
	var err error
	member.Settings, err = instance.NewSettings(data(t, `{"who":"machine","list":["tag","machine","role"],"port":22,"short":{"name":"text"},
		"files":{"a":{"path":"/a","mode":"0600","owner":"computed"}},"own":{"deep":true},"nothing":[],"free":1,"set":{"a":1,"b":3}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range Origins(inv, "i", role, member) {
		line := fmt.Sprintf("%s = %s: %s", instance.PathString(o.Path), text(o.Value), o.From)
		for _, d := range o.Definitions {
			line += fmt.Sprintf("; %s %t", strings.TrimSpace(d.Layer+" "+d.Name), d.Counts)
		}
		if o.Option != nil {
			line += " (" + strings.Join(o.Option.Path, ".") + ")"
		}
		got = append(got, line)
	}
	want := []string{
		`files.a.mode = "0600": default (files.<name>.mode)`,
		`files.a.owner = "computed": module (files.<name>.owner)`,
		`files.a.path = "/a": layers; role true (files.<name>.path)`,
		`free = 1: module`,
		`list = ["tag","machine","role"]: layers; tag b true; tag a true; machine m true; role true`,
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

	role.Options, member.Own = nil, nil
	for _, o := range Origins(inv, "i", role, member) {
		if len(o.Definitions) == 0 && o.From != SourceUnknown {
			t.Errorf("%v is said to be from %s, and nothing is known of the role's options", o.Path, o.From)
		}
	}
	member.Settings = nil
	if o := Origins(inv, "i", role, member); o != nil {
		t.Errorf("origins of settings that do not evaluate: %v", o)
	}
}
