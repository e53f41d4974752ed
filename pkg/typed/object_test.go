package typed_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/typed"
)

// odd has all that an object's fields can be.
type odd struct {
	Plain    string         `json:"plain"`
	Quoted   []string       `json:"-" setting:"a \"b\""`
	Tag      *string        `json:"tag,omitzero"`
	Optional *int           `json:"-" setting:"x y" settings:"optional"`
	Unknown  string         // no setting
	Freeform map[string]int `json:"-" settings:"freeform"`
}

// exact has no room for other settings.
type exact struct {
	Plain string `json:"plain"`
}

func TestObject(t *testing.T) {
	tag, one := "t", 1
	for text, want := range map[string]odd{
		`{"a \"b\"":[],"plain":"p"}`: {Plain: "p", Quoted: []string{},
			Freeform: map[string]int{}},
		`{"a \"b\"":["q"],"n":2,"plain":"p","tag":"t","x y":1}`: {Plain: "p", Quoted: []string{"q"}, Tag: &tag,
			Optional: &one, Freeform: map[string]int{"n": 2}},
		`{"Unknown":3,"a \"b\"":["q"],"freeform":4,"plain":"p"}`: {Plain: "p", Quoted: []string{"q"},
			Freeform: map[string]int{"Unknown": 3, "freeform": 4}},
	} {
		var got odd
		if err := typed.UnmarshalObject([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		if again, err := typed.MarshalObject(got); err != nil || string(again) != text {
			t.Errorf("%s is encoded as %s, %v", text, again, err)
		}
	}
	kept := odd{Plain: "kept"}
	if err := typed.UnmarshalObject([]byte(" null "), &kept); err != nil || kept.Plain != "kept" {
		t.Errorf("null is decoded as %+v, %v", kept, err)
	}
}

func TestObjectThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: "", `{"plain": 1}`: `"plain": `,
		`{"z": 1, "b": 1}`: `"b": unknown object member name in *typed_test.exact`,
	} {
		err := typed.UnmarshalObject([]byte(text), new(exact))
		if err == nil || len(want) > len(err.Error()) || err.Error()[:len(want)] != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if err := typed.UnmarshalObject([]byte(`{"k": "no number"}`), new(odd)); err == nil || err.Error()[:5] != `"k": ` {
		t.Errorf("a freeform setting of another type: %v", err)
	}
}

func TestErrors(t *testing.T) {
	inst := backup(t, map[string]string{"a": `{"new": 1}`, "c": ""})
	_, err := typed.Members[client](inst, "client")
	var got []string
	for _, one := range err.(interface{ WrappedErrors() []error }).WrappedErrors() {
		got = append(got, one.(interface{ Hint() string }).Hint())
	}
	want := []string{"the service has changed since the type was made: generate it again",
		"the inventory's findings say why"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = typed.Members[client](inst, "client", "x", "y")
	if want := `the instance is of the service "@me/backup", not "x", "y"`; err == nil || err.Error() != want {
		t.Errorf("%v, not %s", err, want)
	}
	if _, err = typed.Members[client](nil, "client"); err == nil ||
		err.Error() != "the inventory has no such instance" {
		t.Error(err)
	}
}

func TestPathAsText(t *testing.T) {
	for text, want := range map[string]string{`"/x"`: "/x", `""`: "", `{"$derivation": "hello"}`: "hello"} {
		var path typed.Path
		if err := json.Unmarshal([]byte(text), &path); err != nil || path.String() != want {
			t.Errorf("%s is %q, %v", text, path, err)
		}
	}
}
