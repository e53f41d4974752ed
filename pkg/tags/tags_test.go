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
	want := []Member{
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
