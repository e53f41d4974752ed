package natural

import (
	"maps"
	"slices"
	"testing"
)

func TestKeys(t *testing.T) {
	want := []string{"", "10", "a", "m", "m01", "m1", "m2", "m2b", "m10", "m10.2", "m10.11", "m99999999999999999999",
		"m100000000000000000000", "web-2", "web-10", "é"}
	names := map[string]bool{}
	for _, name := range want {
		names[name] = true
	}
	if got := Keys(names); !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	for name := range maps.Keys(names) {
		if Compare(name, name) != 0 ||
			slices.ContainsFunc(want, func(other string) bool {
				return Compare(name, other) != -Compare(other, name)
			}) {
			t.Errorf("%q has no place", name)
		}
	}
}
