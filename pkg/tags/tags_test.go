package tags

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var fleet = NewIndex(map[string][]string{
	"laptop": {"mobile", "all", "all"},
	"server": {"all", "backup"},
	"bare":   nil,
})

func TestMembers(t *testing.T) {
	got := fleet.Members([]string{"bare", "laptop", "ghost", "bare"}, []string{"mobile", "all", "nobody", "all"})
	want := []Membership{
		{Machine: "bare", Explicit: true},
		{Machine: "ghost", Explicit: true}, // as in clan, a name is a member even without a machine
		{Machine: "laptop", Explicit: true, Tags: []string{"all", "mobile"}},
		{Machine: "server", Tags: []string{"all"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := fleet.Members(nil, nil); len(got) != 0 {
		t.Errorf("nobody was asked for, got %v", got)
	}
}

// However the members come together, they are in order.
func TestMembersAreSorted(t *testing.T) {
	x := NewIndex(map[string][]string{"a": {"last"}, "b": {"first"}, "c": {"first", "last"}})
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
		for _, m := range x.Members(c.machines, c.tags) {
			got = append(got, m.Machine)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%v and %v: %v, want %v", c.machines, c.tags, got, c.want)
		}
	}
}

func TestIndex(t *testing.T) {
	if diff := cmp.Diff([]string{"bare", "laptop", "server"}, fleet.Machines()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"all", "backup", "mobile"}, fleet.Tags()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"laptop", "server"}, fleet.Carriers("all")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"all", "mobile"}, fleet.TagsOf("laptop")); diff != "" {
		t.Error(diff)
	}
	if fleet.Has("ghost") || !fleet.Has("bare") {
		t.Error("Has is wrong")
	}
}

func BenchmarkMembers(b *testing.B) {
	machines := map[string][]string{}
	for i := range 1000 {
		machines[fmt.Sprintf("m%04d", i)] = []string{"all", fmt.Sprintf("rack%d", i%20)}
	}
	index := NewIndex(machines)
	b.ReportAllocs()
	for b.Loop() {
		index.Members([]string{"m0001"}, []string{"all", "rack3"})
	}
}
