package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/textview"
)

// Of the tags of a union exactly one is set: none of them is required by itself, though what is below it may be.
func TestTagsAreNotRequired(t *testing.T) {
	str := &services.Type{Kind: services.KindString, Name: "str", Description: "string"}
	bucket := &services.Type{Kind: services.KindSubmodule, Name: "submodule", Description: "submodule",
		Interface: &services.Interface{Options: map[string]*services.Option{"bucket": {Type: str}}}}
	store := &services.Type{Kind: services.KindTagged, Name: "attrTag", Description: "attribute-tagged union",
		Interface: &services.Interface{Options: map[string]*services.Option{"path": {Type: str}, "s3": {Type: bucket}}}}
	o := &viewOutput{paint: textview.Colourless}
	o.interfaceTree(&services.Interface{Options: map[string]*services.Option{"store": {Type: store}}})
	want := `    store  attribute-tagged union  required
      store.path  string  exactly one of these
      store.s3  submodule  exactly one of these
        store.s3.bucket  string  required
`
	if diff := cmp.Diff(want, o.text.String()); diff != "" {
		t.Error(diff)
	}
}
