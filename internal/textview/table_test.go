package textview

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/google/go-cmp/cmp"
)

func sampleTable() *Table {
	return &Table{Columns: Headings("NAME", "CLASS", "RUNS"), Rows: [][]Cell{
		{NewCell("attic"), NewCell("nixos"), NewCell("backup (server)", "sshd (client, server)", "status (probe)")},
		{NewCell("家のサーバー"), NewCell("nixos"), NewCell().In(Red)},
		{NewCell("two\nlines\x1b[31m"), NewCell("darwin"),
			NewCell("a-very-long-name-that-fits-nowhere-at-all", "b").In(Red)},
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
		sampleTable().Print(&b, width, Colourless)
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
	sampleTable().Print(&b, 5, Colourless)
	if lines := strings.Count(b.String(), "\n"); lines != 4 {
		t.Errorf("%d lines: %s", lines, b.String())
	}
}

// Colour says nothing that the text does not say, and moves nothing.
func TestColour(t *testing.T) {
	var with, without bytes.Buffer
	sampleTable().Print(&with, 60, Colourful)
	sampleTable().Print(&without, 60, Colourless)
	if !strings.Contains(with.String(), "\x1b[31m-\x1b[0m") {
		t.Errorf("no colour: %q", with.String())
	}
	bare := with.String()
	for _, s := range []Style{Bold, Dim, Red, Yellow, "0"} {
		bare = strings.ReplaceAll(bare, "\x1b["+string(s)+"m", "")
	}
	if diff := cmp.Diff(without.String(), bare); diff != "" {
		t.Error(diff)
	}
}

func TestColumnsGiveWay(t *testing.T) {
	long := strings.Repeat("words ", 30)
	wide := func() *Table {
		return &Table{Columns: []Heading{{Title: "MODULE"}, {Title: "ROLES"}, {Title: "KIND", Optional: true},
			{Title: "ABOUT", Prose: true}},
			Rows: [][]Cell{{NewCell("a-long-name-of-a-module"), NewCell("client", "server", "another"),
				NewCell("Development"), NewCell(long)}}}
	}
	for width, kind := range map[int]bool{80: false, 140: true} {
		var b bytes.Buffer
		wide().Print(&b, width, Colourless)
		if strings.Contains(b.String(), "KIND") != kind || strings.Count(b.String(), "words") < width/2/6-1 {
			t.Errorf("on %d columns:\n%s", width, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if displaywidth.String(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("on %d columns: %s", width, line)
			}
		}
	}
}

// What few rows have is shown before what many have, in the order of the cell; a column of other lists keeps its order.
func TestRareItemsFirst(t *testing.T) {
	table := func(shared *string) *Table {
		t := &Table{Columns: []Heading{{Title: "NAME"}, {Title: "RUNS", Shared: shared}}}
		for _, name := range []string{"a", "b", "c"} {
			t.Rows = append(t.Rows, []Cell{NewCell(name), CellOf(Item{Text: "backup", Part: "client"},
				Item{Text: "monitoring", Part: "client"}, Item{Text: "zerotier", Part: "peer"})})
		}
		t.Rows[1][1] = CellOf(Item{Text: "backup", Part: "client"}, Item{Text: "certs"},
			Item{Text: "monitoring", Part: "client"}, Item{Text: "zerotier", Part: "controller"},
			Item{Text: "zerotier", Part: "peer"})
		return t
	}
	word := ""
	for _, test := range []struct {
		shared *string
		want   string
	}{
		{&word, `NAME  RUNS
a     backup (client), +2
b     certs, zerotier (controller, peer), +2
c     backup (client), +2
`},
		{nil, `NAME  RUNS
a     backup (client), +2
b     backup (client), certs, +2
c     backup (client), +2
`},
	} {
		var b bytes.Buffer
		table(test.shared).Print(&b, 44, Colourless)
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Error(diff)
		}
	}
}

// Prose gives way to lists, which keep one whole item where they can.
func TestProseGivesWay(t *testing.T) {
	table := &Table{Columns: []Heading{{Title: "MODULE"}, {Title: "INPUT"}, {Title: "ROLES"},
		{Title: "ABOUT", Prose: true}},
		Rows: [][]Cell{
			{NewCell("zerotier"), NewCell("services"), NewCell("controller", "moon", "peer", "another-one"),
				NewCell(strings.Repeat("words ", 20))},
			{NewCell("sshd"), NewCell("self"), NewCell("client"), NewCell("short")},
		}}
	for width, want := range map[int]string{
		80: `MODULE    INPUT     ROLES                             ABOUT
zerotier  services  controller, moon, peer, +1        words words words words w…
sshd      self      client                            short
`,
		60: `MODULE    INPUT     ROLES               ABOUT
zerotier  services  controller, +3      words words words w…
sshd      self      client              short
`,
	} {
		var b bytes.Buffer
		table.Print(&b, width, Colourless)
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("on %d columns: %s", width, diff)
		}
	}
}

// Of a last column that wraps nothing is cut.
func TestWrappedColumn(t *testing.T) {
	table := &Table{Columns: []Heading{{Title: "CODE"}, {Title: "MEANING", Wrap: true}},
		Rows: [][]Cell{{NewCell("a"), NewCell("one two three four five six")}, {NewCell("b"), NewCell("short")}}}
	for width, want := range map[int]string{
		30: "CODE  MEANING\na     one two three four five\n      six\nb     short\n",
		20: "CODE  MEANING\na     one two three…\nb     short\n",
		0:  "CODE  MEANING\na     one two three four five six\nb     short\n",
	} {
		var b bytes.Buffer
		table.Print(&b, width, Colourless)
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("on %d columns: %s", width, diff)
		}
	}
}
