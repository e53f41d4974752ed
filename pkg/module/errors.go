package module

// EvalError is why a part of a module cannot be described. It marshals to its message.
type EvalError struct {
	// Message is Nix's, in the user's terms.
	Message string
	// Err is Nix's error.
	Err error
}

func (e *EvalError) Error() string { return e.Message }

// Unwrap returns Nix's error.
func (e *EvalError) Unwrap() error { return e.Err }

// MarshalText returns the message.
func (e *EvalError) MarshalText() ([]byte, error) { return []byte(e.Message), nil }

// UnmarshalText reads the message back.
func (e *EvalError) UnmarshalText(text []byte) error {
	e.Message = string(text)
	return nil
}
