package cli

import "fmt"

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
