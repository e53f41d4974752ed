package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/natural"
)

// listing is the answer to a question about many things of one kind.
type listing[T any] struct {
	// document is the answer as JSON.
	document any
	items    []T
	name     func(T) string
	// detail writes the text about one of them, ending what comes behind the last; nil for nothing.
	detail func(T)
	ending func()
	// columns make the table, a row for each of them.
	columns []column[T]
	// none says to people that there is nothing.
	none string
}

// column is one of a table's columns. A hidden one is shown where --columns or --wide asks for it.
type column[T any] struct {
	heading
	cell func(T) cell
}

// print prints the answer as the flags want it: JSON, names, a table, or a text about each if there were names.
func (l listing[T]) print(o *viewOutput, details bool) error {
	if sortBy, reversed := strings.CutPrefix(o.sortBy, "-"); sortBy != "" {
		by := l.columns[columnNamed(l.columns, sortBy)].cell
		slices.SortStableFunc(l.items, func(a, b T) int {
			if reversed {
				a, b = b, a
			}
			return natural.Compare(strings.Join(by(a).Texts(), ", "), strings.Join(by(b).Texts(), ", "))
		})
	}
	switch {
	case o.json != nil:
		return o.json.print(l.document)
	case o.names:
		names := make([]string, len(l.items))
		for i, item := range l.items {
			names[i] = l.name(item)
		}
		return printNames(o.c, names)
	case details && !o.asTable && len(l.items) > 0:
		for i, item := range l.items {
			o.paragraph(i)
			l.detail(item)
		}
		if l.ending != nil {
			l.ending()
		}
		return o.flush()
	}
	return o.printTable(l.table(o), l.none)
}

// table has a row for each of the things.
func (l listing[T]) table(o *viewOutput) *table {
	t := &table{}
	var shown []column[T]
	for _, column := range l.columns {
		if !column.Hidden || o.wide {
			shown = append(shown, column)
		}
	}
	if len(o.columns) > 0 {
		shown = nil
		for _, name := range o.columns {
			shown = append(shown, l.columns[columnNamed(l.columns, name)])
		}
	}
	for _, column := range shown {
		t.Columns = append(t.Columns, column.heading)
	}
	for _, item := range l.items {
		row := make([]cell, len(shown))
		for i, column := range shown {
			row[i] = column.cell(item)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// columnNamed is the place of a column; a title with a blank may be written with a dash. Negative if there is none.
func columnNamed[T any](columns []column[T], name string) int {
	return slices.IndexFunc(columns, func(c column[T]) bool {
		return strings.EqualFold(c.Title, name) || strings.EqualFold(strings.ReplaceAll(c.Title, " ", "-"), name)
	})
}

// tableFlags say what is in a table.
func tableFlags[T any](columns func(*viewOutput) []column[T]) []cli.Flag {
	titles := func(comp *completion) []candidate {
		var found []candidate
		for _, column := range columns(&viewOutput{}) {
			found = append(found, candidate{text: strings.ReplaceAll(column.Title, " ", "-")})
		}
		if r, _ := utf8.DecodeRuneInString(strings.TrimLeft(comp.word, "-")); !unicode.IsUpper(r) {
			for i := range found {
				found[i].text = strings.ToLower(found[i].text)
			}
		}
		return found
	}
	return []cli.Flag{
		&cli.BoolFlag{Name: "wide", Usage: "show every column and all that is in it, however wide"},
		valueFlag{&cli.StringFlag{Name: "columns", Usage: "show the columns `A,B` only"}, listOf(titles)},
		valueFlag{&cli.StringFlag{Name: "sort", Usage: "sort by `COLUMN`, or the other way round by -COLUMN"},
			func(comp *completion) []candidate {
				if strings.HasPrefix(comp.word, "-") {
					return behind("-", titles(comp))
				}
				return titles(comp)
			}},
	}
}

// newTableOutput is newViewOutput for a command that has these flags.
func newTableOutput[T any](c *cli.Context, columns func(*viewOutput) []column[T]) (*viewOutput, error) {
	out, err := newViewOutput(c)
	if err != nil {
		return nil, err
	}
	return out, readTableFlags(out, columns(out))
}

// readTableFlags reads these flags for a table with the columns.
func readTableFlags[T any](o *viewOutput, columns []column[T]) error {
	o.wide, o.sortBy = o.c.Bool("wide"), o.c.String("sort")
	if o.c.IsSet("columns") {
		o.columns = strings.Split(o.c.String("columns"), ",")
	}
	names := slices.Clone(o.columns)
	if o.c.IsSet("sort") {
		names = append(names, strings.TrimPrefix(o.sortBy, "-"))
	}
	for _, name := range names {
		if columnNamed(columns, name) < 0 {
			var titles []string
			for _, column := range columns {
				titles = append(titles, column.Title)
			}
			return usageError{fmt.Sprintf("the table has no column %q", name),
				"its columns are " + strings.Join(titles, ", ")}
		}
	}
	if o.asTable = o.wide || len(o.columns) > 0; o.asTable && (o.names || o.json != nil) {
		return usagef("--wide and --columns are for tables: they do not go with --names, --json and --jq")
	}
	if o.sortBy != "" && o.json != nil {
		return usagef("--sort does not go with --json and --jq")
	}
	return nil
}
