package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Settings that cease to evaluate are not removed, and those that begin to are not added.
func TestRowsOfSettingsAsAWhole(t *testing.T) {
	var got []entry
	roleRows(InstanceChange{Name: "x", Change: Changed}, RoleChange{Name: "r", Change: Changed, Settings: []Value{
		{Change: Removed, Machines: []string{"a"}},
		{Change: Added, Machines: []string{"b"}},
	}}, func(r entry) { got = append(got, r) })
	evaluate, not := []string{"evaluate"}, []string{"do not evaluate"}
	want := []entry{
		{change: Changed, where: "x r", what: "settings", old: evaluate, new: not, machines: []string{"a"}},
		{change: Changed, where: "x r", what: "settings", old: not, new: evaluate, machines: []string{"b"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); diff != "" {
		t.Error(diff)
	}
}
