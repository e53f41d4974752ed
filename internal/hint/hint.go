// Package hint is about errors that come with what to do about them.
package hint

import (
	"errors"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Error is an error and what to do about it.
type Error struct {
	Text, Advice string
	// Err is what errors.Is finds in it.
	Err error
}

func (e *Error) Error() string { return e.Text }

// Hint says what to do.
func (e *Error) Hint() string { return e.Advice }

// Unwrap returns what is behind it.
func (e *Error) Unwrap() error { return e.Err }

// With is an error with what to do about it.
func With(err error, advice string) *Error {
	return &Error{Text: err.Error(), Advice: advice, Err: err}
}

// Join puts errors together, each with its hint, for all are worth telling, once; nil if there are none.
func Join(errs ...error) error {
	var all *multierror.Error
	told := map[string]bool{}
	for _, err := range errs {
		if err != nil && !told[withHint(err)] {
			told[withHint(err)] = true
			all = multierror.Append(all, err)
		}
	}
	switch {
	case all.ErrorOrNil() == nil:
		return nil
	case len(all.Errors) == 1:
		return all.Errors[0]
	}
	all.ErrorFormat = func(errs []error) string {
		lines := make([]string, len(errs))
		for i, err := range errs {
			lines[i] = withHint(err)
		}
		return strings.Join(lines, "\n")
	}
	return &severalError{all}
}

// Each does the same to all, and puts the errors together as [Join] does.
func Each[T any](all []T, do func(T) error) error {
	errs := make([]error, len(all))
	for i, one := range all {
		errs[i] = do(one)
	}
	return Join(errs...)
}

func withHint(err error) string {
	var hinter interface{ Hint() string }
	text := err.Error()
	switch {
	case !errors.As(err, &hinter) || hinter.Hint() == "":
		return text
	case strings.Contains(text, "\n"):
		return strings.ReplaceAll(text+"\nhint: "+hinter.Hint(), "\n", "\n  ")
	}
	return text + ": " + hinter.Hint()
}

// severalError has no hint of its own.
type severalError struct{ all *multierror.Error }

func (e *severalError) Error() string   { return e.all.Error() }
func (e *severalError) Hint() string    { return "" }
func (e *severalError) Unwrap() []error { return e.all.Errors }
