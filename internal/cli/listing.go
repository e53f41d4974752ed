package cli

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

// column is one of a table's columns.
type column[T any] struct {
	title string
	cell  func(T) cell
}

// print prints the answer as the flags want it: JSON, names, a table, or a text about each if there were names.
func (l listing[T]) print(o *viewOutput, details bool) error {
	switch {
	case o.json != nil:
		return o.json.print(l.document)
	case o.names:
		names := make([]string, len(l.items))
		for i, item := range l.items {
			names[i] = l.name(item)
		}
		return printNames(o.c, names)
	case details:
		for i, item := range l.items {
			o.paragraph(i)
			l.detail(item)
		}
		if l.ending != nil {
			l.ending()
		}
		return o.flush()
	}
	t := &table{}
	for _, column := range l.columns {
		t.Header = append(t.Header, column.title)
	}
	for _, item := range l.items {
		row := make([]cell, len(l.columns))
		for i, column := range l.columns {
			row[i] = column.cell(item)
		}
		t.Rows = append(t.Rows, row)
	}
	return o.printTable(t, l.none)
}
