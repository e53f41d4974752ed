package nixes

import (
	"strings"
	"testing"
)

// Where slow tests run, the others have one Nix: they have been tried with each.
func TestPrograms(t *testing.T) {
	t.Setenv("CLANCTL_TEST_NIX", "old:new")
	for _, test := range []struct {
		env, want string
		slow      bool
	}{{"", "old new", false}, {"", "old new", true}, {"1", "new", false}, {"1", "old new", true}} {
		t.Setenv(slowEnv, test.env)
		slow.Clear()
		if test.slow && WithSlow(t) != (test.env != "") {
			t.Errorf("WithSlow with %q is %t", test.env, test.env == "")
		}
		if got := strings.Join(Programs(t), " "); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
