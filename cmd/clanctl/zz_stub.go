package main

import (
	"io"

	"github.com/clanctl/clanctl/pkg/diff"
)

const green style = "32"

func printDiff(w io.Writer, width int, paint painter, d *diff.Difference) error {
	return writeJSON(w, d)
}
