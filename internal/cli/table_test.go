package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
