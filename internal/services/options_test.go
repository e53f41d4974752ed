package services_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/clanctl/clanctl/internal/services"
)

// What a type contains itself in may be a map or a list: there is nothing to name below one of its values.
func TestOptionsOfRecursiveTypes(t *testing.T) {
	leaf := &services.Option{Type: &services.Type{Kind: services.KindInt}}
	for _, kind := range []services.Kind{services.KindMap, services.KindList} {
		// { x = nested; }, where nested is a map or a list of integers, of submodules and of itself
		nested := &services.Type{Kind: kind, Elem: &services.Type{Kind: services.KindUnion, Alternatives: []*services.Type{
			{Kind: services.KindInt}, {Kind: kind, Up: 2},
			{Kind: services.KindSubmodule, Interface: &services.Interface{Options: map[string]*services.Option{"leaf": leaf}}},
		}}}
		in := &services.Interface{Options: map[string]*services.Option{"x": {Type: nested}}}
		for _, path := range [][]string{{}, {"x"}, {"x", "0"}, {"x", "0", "1"}, {"x", "0", "1", "2"}} {
			want := []string{"leaf"}
			if len(path) < 2 {
				want = []string{"x"}[len(path):]
			}
			if got := slices.Sorted(maps.Keys(in.OptionsAt(path))); !slices.Equal(got, want) {
				t.Errorf("%v: below %q is %q, not %q", kind, path, got, want)
			}
		}
	}
}

// A type that is an alternative of itself is looked into once.
func TestOptionsOfOwnAlternative(t *testing.T) {
	own := &services.Type{Kind: services.KindNullable, Elem: &services.Type{Kind: services.KindUnion,
		Alternatives: []*services.Type{{Kind: services.KindInt}, {Kind: services.KindNullable, Up: 2}}}}
	in := &services.Interface{Options: map[string]*services.Option{"x": {Type: own}}}
	if got := in.OptionsAt([]string{"x"}); len(got) > 0 {
		t.Errorf("below is %v", got)
	}
	if option, depth := in.OptionAt([]string{"x", "y", "z"}); option == nil || depth != 1 {
		t.Errorf("the option is %v, of %d names", option, depth)
	}
}
