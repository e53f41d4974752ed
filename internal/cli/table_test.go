package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/view"
)

func sampleTable() *table {
	return &table{header: []string{"NAME", "CLASS", "RUNS"}, rows: [][]cell{
		{newCell("attic"), newCell("nixos"), newCell("backup (server)", "sshd (client, server)", "status (probe)")},
		{newCell("家のサーバー"), newCell("nixos"), newCell().in(red)},
		{newCell("two\nlines\x1b[31m"), newCell("darwin"), newCell("a-very-long-name-that-fits-nowhere-at-all", "b").in(red)},
	}}
}

func TestTable(t *testing.T) {
	for width, want := range map[int]string{
		0: `NAME                CLASS   RUNS
attic               nixos   backup (server), sshd (client, server), status (probe)
家のサーバー        nixos   -
two\nlines\x1b[31m  darwin  a-very-long-name-that-fits-nowhere-at-all, b
`,
		60: `NAME                CLASS   RUNS
attic               nixos   backup (server), +2
家のサーバー        nixos   -
two\nlines\x1b[31m  darwin  a-very-long-name-that-fits-…, +1
`,
		40: `NAME             CLASS   RUNS
attic            nixos   backup (se…, +2
家のサーバー     nixos   -
two\nlines\x1b…  darwin  a-very-lon…, +1
`,
	} {
		var b bytes.Buffer
		sampleTable().print(&b, width, colourless)
		got := b.String()
		for line := range strings.Lines(got) {
			if w := displaywidth.String(strings.TrimSuffix(line, "\n")); width > 0 && w > width {
				t.Errorf("width %d, but a line of %d: %s", width, w, line)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("width %d: %s", width, diff)
		}
	}
	// Too narrow for any table: still every row.
	var b bytes.Buffer
	sampleTable().print(&b, 5, colourless)
	if lines := strings.Count(b.String(), "\n"); lines != 4 {
		t.Errorf("%d lines: %s", lines, b.String())
	}
}

// Colour says nothing that the text does not say, and moves nothing.
func TestColour(t *testing.T) {
	var with, without bytes.Buffer
	sampleTable().print(&with, 60, colourful)
	sampleTable().print(&without, 60, colourless)
	if !strings.Contains(with.String(), "\x1b[31m-\x1b[0m") {
		t.Errorf("no colour: %q", with.String())
	}
	bare := with.String()
	for _, s := range []style{bold, dim, red, yellow, "0"} {
		bare = strings.ReplaceAll(bare, "\x1b["+string(s)+"m", "")
	}
	if diff := cmp.Diff(without.String(), bare); diff != "" {
		t.Error(diff)
	}
}

func TestWrap(t *testing.T) {
	items := []string{"one", "two", "three", "four"}
	if diff := cmp.Diff("one, two, three, four", wrap(items, 3, 0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("one, two,\n   three,\n   four", wrap(items, 3, 13)); diff != "" {
		t.Error(diff)
	}
}

func TestRoleNames(t *testing.T) {
	got := roleNames([]view.RoleRef{{Instance: "a", Role: "x"}, {Instance: "a", Role: "y"}, {Instance: "b", Role: "x"}})
	if diff := cmp.Diff([]string{"a (x, y)", "b (x)"}, got); diff != "" {
		t.Error(diff)
	}
}
