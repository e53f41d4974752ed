package cli

import (
	"fmt"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// The exit codes, as documented.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitInterrupted = 130
)

// usageError is a command line that makes no sense.
type usageError struct{ message, hint string }

func (e usageError) Error() string { return e.message }
func (e usageError) Hint() string  { return e.hint }

func usagef(format string, args ...any) error {
	return usageError{message: fmt.Sprintf(format, args...)}
}

// exitStatus ends clanctl with a code; everything there is to say was said.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// badFlag says of a value that a flag cannot take which form it wants.
func badFlag(err error) error {
	found := flagValue.FindStringSubmatch(err.Error())
	if found == nil {
		return usageError{err.Error(), ""}
	}
	form := map[string]string{"timeout": "a duration, such as 30s or 2m"}[found[2]]
	if form == "" {
		form = "a number"
	}
	return usageError{fmt.Sprintf("--%s takes %s, not %s", found[2], form, found[1]), ""}
}

// flagValue is how package flag says it.
var flagValue = lazyregexp.New(`^invalid value (".*") for flag -+([a-z-]+): parse error$`)
