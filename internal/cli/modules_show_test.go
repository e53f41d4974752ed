package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/module"
)

// Of the tags of a union exactly one is set: none of them is required by itself, though what is below it may be.
func TestTagsAreNotRequired(t *testing.T) {
	str := &module.Type{Kind: module.KindString, Name: "str", Description: "string"}
	bucket := &module.Type{Kind: module.KindSubmodule, Name: "submodule", Description: "submodule",
		Interface: &module.Interface{Options: map[string]*module.Option{"bucket": {Type: str}}}}
	store := &module.Type{Kind: module.KindTagged, Name: "attrTag", Description: "attribute-tagged union",
		Interface: &module.Interface{Options: map[string]*module.Option{"path": {Type: str}, "s3": {Type: bucket}}}}
	o := &viewOutput{paint: colourless}
	o.interfaceTree(&module.Interface{Options: map[string]*module.Option{"store": {Type: store}}})
	want := `    store  attribute-tagged union  required
      store.path  string  exactly one of these
      store.s3  submodule  exactly one of these
        store.s3.bucket  string  required
`
	if diff := cmp.Diff(want, o.text.String()); diff != "" {
		t.Error(diff)
	}
}
