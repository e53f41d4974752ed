package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/view"
)

func TestWrap(t *testing.T) {
	items := []string{"one", "two", "three", "four"}
	if diff := cmp.Diff("one, two, three, four", wrap(items, 3, 0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("one, two,\n   three,\n   four", wrap(items, 3, 13)); diff != "" {
		t.Error(diff)
	}
}

func TestRoleNames(t *testing.T) {
	got := roleNames([]view.RoleRef{{Instance: "a", Role: "x"}, {Instance: "a", Role: "y"}, {Instance: "b", Role: "x"}})
	if diff := cmp.Diff([]string{"a (x, y)", "b (x)"}, got); diff != "" {
		t.Error(diff)
	}
}
