package members

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var fleet = Carriers(map[string][]string{
	"laptop": {"mobile", "all", "all"},
	"server": {"all", "backup"},
	"bare":   nil,
})

func TestMembers(t *testing.T) {
	got := Of(fleet, []string{"bare", "laptop", "ghost", "bare"}, []string{"mobile", "all", "nobody", "all"})
	want := []Member{
		{Machine: "bare", Explicit: true},
		{Machine: "ghost", Explicit: true}, // as in clan, a name is a member even without a machine
		{Machine: "laptop", Explicit: true, Tags: []string{"all", "mobile"}},
		{Machine: "server", Tags: []string{"all"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Of(fleet, nil, nil); len(got) != 0 {
		t.Errorf("nobody was asked for, got %v", got)
	}
}

// However the members come together, they are in order.
func TestMembersAreSorted(t *testing.T) {
	carriers := Carriers(map[string][]string{"a": {"last"}, "b": {"first"}, "c": {"first", "last"}})
	for _, c := range []struct {
		machines, tags []string
		want           string
	}{
		{nil, []string{"first", "last"}, "[a b c]"},
		{nil, []string{"last", "nobody", "first"}, "[a b c]"},
		{nil, []string{"first"}, "[b c]"},
		{[]string{"d", "a"}, nil, "[a d]"},
		{[]string{"z", "b"}, []string{"last"}, "[a b c z]"},
	} {
		var got []string
		for _, m := range Of(carriers, c.machines, c.tags) {
			got = append(got, m.Machine)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%v and %v: %v, want %v", c.machines, c.tags, got, c.want)
		}
	}
}

func TestCarriers(t *testing.T) {
	want := map[string][]string{"all": {"laptop", "server"}, "backup": {"server"}, "mobile": {"laptop"}}
	if diff := cmp.Diff(want, fleet); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkMembers(b *testing.B) {
	machines := map[string][]string{}
	for i := range 1000 {
		machines[fmt.Sprintf("m%04d", i)] = []string{"all", fmt.Sprintf("rack%d", i%20)}
	}
	carriers := Carriers(machines)
	b.ReportAllocs()
	for b.Loop() {
		Of(carriers, []string{"m0001"}, []string{"all", "rack3"})
	}
}
