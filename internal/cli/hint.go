package cli

import (
	"errors"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// hintOf finds the hint that an error carries, wherever it is wrapped.
func hintOf(err error) string {
	var nixErr *nixeval.Error
	if errors.As(err, &nixErr) {
		return nixErr.Hint
	}
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) {
		return hinter.Hint()
	}
	return ""
}

// hintedError is an error with a way out.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Hint() string  { return e.hint }
func (e hintedError) Unwrap() error { return e.error }
