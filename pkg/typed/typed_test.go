package typed_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/typed"
)

// client is as clanctl gen go would write it.
type client struct {
	Dest  map[string]dest `json:"dest"`
	Every *string         `json:"every"`
	When  when            `json:"when"`
	Tag   tagged          `json:"tag"`
}

type dest struct {
	Repo string `json:"repo"`
	// Freeform settings are never missing.
	Freeform map[string]int `json:"-" settings:"freeform"`
	Odd      []string       `json:"-" setting:"a \"b\""`
}

func (d *dest) UnmarshalJSON(data []byte) error { return typed.UnmarshalObject(data, d) }
func (d dest) MarshalJSON() ([]byte, error)     { return typed.MarshalObject(d) }

type when struct {
	String *string
	List   []dest
}

func (w *when) UnmarshalJSON(data []byte) error {
	return typed.UnmarshalUnion(data, &w.String, &w.List)
}
func (w when) MarshalJSON() ([]byte, error) { return typed.MarshalUnion(w.String, w.List) }

type tagged struct {
	A *string `json:"a,omitzero"`
	B *int    `json:"b,omitzero"`
}

func backup(t testing.TB, members map[string]string) *instance.Instance {
	t.Helper()
	role := &instance.Role{Machines: map[string]*instance.Member{}}
	for machine, text := range members {
		member := &instance.Member{}
		if text != "" {
			var err error
			if member.Settings, err = instance.NewSettings(json.RawMessage(text)); err != nil {
				t.Fatal(err)
			}
		}
		role.Machines[machine] = member
	}
	return &instance.Instance{
		Roles:  map[string]*instance.Role{"client": role},
		Module: instance.Module{Name: "@me/backup", Manifest: &module.Manifest{Name: "backup"}},
	}
}

func TestMissing(t *testing.T) {
	for text, want := range map[string]string{
		`{"dest": {}, "every": null, "when": "now", "tag": {"a": "x"}}`: "",
		`{"dest": {}, "when": "now", "tag": {"b": 1}}`:                  "every",
		`{}`: "dest, every, tag, when",
		`{"dest": {"x": {"repo": "r", "a \"b\"": []}, "y": {"k": 1}}, "every": null, "when": "", "tag": {}}`: `dest/y/a "b", dest/y/repo`,
		`{"dest": {}, "every": null, "when": [{"repo": "r"}], "tag": {}}`:                                    `when/0/a "b"`,
	} {
		members, err := typed.Members[client](backup(t, map[string]string{"m": text}), "client")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, path := range members[0].Missing {
			got = append(got, strings.Join(path, "/"))
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// A member has one "settings" as JSON, not a second one by another spelling.
func TestMemberAsJSON(t *testing.T) {
	members, err := typed.Members[struct {
		Every string `json:"every"`
		Quota int    `json:"quota"`
	}](backup(t, map[string]string{"m": `{"every": "d"}`}), "client")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(members[0])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"explicit":false,"tags":null,"settings":{"every":"d","quota":0},"missing":[["quota"]]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestMembersThatFail(t *testing.T) {
	inst := backup(t, map[string]string{"a": `{"every": 1}`, "b": `{"every": "d"}`, "c": "", "d": `{"new": 1}`})
	members, err := typed.Members[client](inst, "client", "backup")
	if len(members) != 1 || members[0].Machine != "b" || *members[0].Settings.Every != "d" {
		t.Errorf("got %+v", members)
	}
	var all *multierror.Error
	if !errors.As(err, &all) || len(all.Errors) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, want := range []string{"a: setting every: ", "c: no settings", "d: setting new: no such field"} {
		if !strings.Contains(all.Errors[i].Error(), want) {
			t.Errorf("got %v, want %s", all.Errors[i], want)
		}
	}
	if !errors.Is(err, instance.ErrNoSettings) {
		t.Errorf("the error inside is not found: %v", err)
	}
}

func TestInstances(t *testing.T) {
	inst := backup(t, nil)
	for _, service := range [][]string{nil, {"backup"}, {"@me/backup"}, {"other", "backup"}} {
		if _, err := typed.Members[client](inst, "client", service...); err != nil {
			t.Errorf("%v: %v", service, err)
		}
	}
	if members, err := typed.Members[client](inst, "server"); members != nil || err != nil {
		t.Errorf("a role that is not mentioned has members %v, error %v", members, err)
	}
	for _, inst := range []*instance.Instance{inst, nil} {
		_, err := typed.Members[client](inst, "client", "other")
		if several := (*multierror.Error)(nil); err == nil || errors.As(err, &several) {
			t.Errorf("got %v", err)
		}
	}
}

func TestPath(t *testing.T) {
	for text, want := range map[string]typed.Path{`"/x"`: {Path: "/x"}, `""`: {},
		`{"$derivation":"hello"}`: {Derivation: "hello"}} {
		var got typed.Path
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is decoded as %+v, %v", text, got, err)
		}
		if again, err := json.Marshal(got); err != nil || string(again) != text {
			t.Errorf("%+v is encoded as %s, %v", got, again, err)
		}
	}
	for _, bad := range []string{`1`, `[]`, `{"$derivation": 1}`, `{"$derivation": "x", "y": 1}`} {
		if err := new(typed.Path).UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s is a path", bad)
		}
	}
}

func TestUnion(t *testing.T) {
	text := "now"
	for want, value := range map[string]when{`"now"`: {String: &text}, `[]`: {List: []dest{}}} {
		got, err := json.Marshal(value)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
		again := when{String: &text, List: []dest{{}}}
		if err := json.Unmarshal(got, &again); err != nil || (again.String == nil) == (again.List == nil) {
			t.Errorf("%s is decoded as %+v, %v", got, again, err)
		}
	}
	for _, bad := range []when{{}, {String: &text, List: []dest{}}} {
		if got, err := json.Marshal(bad); err == nil {
			t.Errorf("%+v is encoded as %s", bad, got)
		}
	}
	for _, bad := range []string{`1`, `{}`, `null`, `[1]`, `[{"new": "x"}]`} {
		var value when
		if err := value.UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s is decoded as %+v", bad, value)
		}
	}
}
