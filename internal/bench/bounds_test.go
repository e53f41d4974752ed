package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBounds(t *testing.T) {
	known := bounds{"small": {"eval": {Warm: 0.1, Cold: 1.5}, "tags": {Warm: 0.1, Cold: 1}}}
	measured := bounds{
		"small": {"eval": {Warm: 0.11, Cold: 1.9}, "tags": {Warm: 0.13, Cold: 1.1}, "new": {Warm: 9, Cold: 9}},
		"other": {"eval": {Warm: 9, Cold: 9}},
	}
	want := "small, eval, cold: 1.90 of bare Nix, not 1.50\nsmall, tags, warm: 0.13 of bare Nix, not 0.10"
	if diff := cmp.Diff(want, strings.Join(known.beyond(measured), "\n")); diff != "" {
		t.Error(diff)
	}
	file := filepath.Join(t.TempDir(), "bounds.json")
	if err := known.write(file, bounds{"other": measured["other"]}); err != nil {
		t.Fatal(err)
	}
	got, err := readBounds(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bounds{"small": known["small"], "other": measured["other"]}, got); diff != "" {
		t.Error(diff)
	}
}
