package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/diff"
)

// Settings that cease to evaluate are not removed, and those that begin to are not added.
func TestRowsOfSettingsAsAWhole(t *testing.T) {
	var got []diffRow
	roleRows(diff.InstanceChange{Name: "x", Change: diff.Changed}, diff.RoleChange{Name: "r", Change: diff.Changed, Settings: []diff.Value{
		{Change: diff.Removed, Machines: []string{"a"}},
		{Change: diff.Added, Machines: []string{"b"}},
	}}, func(r diffRow) { got = append(got, r) })
	evaluate, not := []string{"evaluate"}, []string{"do not evaluate"}
	want := []diffRow{
		{change: diff.Changed, where: "x r", what: "settings", old: evaluate, new: not, machines: []string{"a"}},
		{change: diff.Changed, where: "x r", what: "settings", old: not, new: evaluate, machines: []string{"b"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(diffRow{})); diff != "" {
		t.Error(diff)
	}
}
