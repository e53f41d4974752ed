package policy_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestBaseline(t *testing.T) {
	inv := &instance.Inventory{}
	var file bytes.Buffer
	known := []instance.Finding{finding(codes.Conflict, "a.nix", 1, "a", "b"),
		finding(codes.UnusedTag, "a.nix", 2), finding(codes.UnknownRole, "a.nix", 3)}
	if err := policy.WriteBaseline(&file, known); err != nil {
		t.Fatal(err)
	}
	b, err := policy.ReadBaseline(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	// Of more machines than before, those that are new.
	f, isNew := b.New(inv, finding(codes.Conflict, "other.nix", 9, "b", "c", "a"))
	if !isNew || f.Machine != "c" || !slices.Equal(f.Machines, []string{"c"}) {
		t.Errorf("%v %q %q", isNew, f.Machine, f.Machines)
	}
	// Each stands for one.
	if _, isNew := b.New(inv, finding(codes.UnusedTag, "a.nix", 2)); isNew {
		t.Error("a known finding is new")
	}
	if _, isNew := b.New(inv, finding(codes.UnusedTag, "a.nix", 2)); !isNew {
		t.Error("the second one is known")
	}
	// What became worse is new.
	worse := finding(codes.UnknownRole, "a.nix", 3)
	worse.Severity = instance.SeverityNote
	if _, isNew := b.New(inv, worse); !isNew {
		t.Error("one of another severity is known")
	}
	if gone := b.Gone(); gone != 1 {
		t.Errorf("%d are gone", gone)
	}
	for _, text := range []string{"", "{}", "[]", `{"findings": [], "schemaVersion": 2}`, `{"schemaVersion": 1}`} {
		if _, err := policy.ReadBaseline([]byte(text)); err == nil {
			t.Errorf("%q is a baseline", text)
		}
	}
}
