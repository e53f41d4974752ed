package module

// Failure is why a part of a module is missing. It marshals to its text.
type Failure struct {
	// Text is Nix's message, in the user's terms.
	Text string
	// Err is Nix's error; nil in a failure that was read back.
	Err error
}

func (f *Failure) Error() string { return f.Text }

// Unwrap returns Nix's error.
func (f *Failure) Unwrap() error { return f.Err }

// MarshalText returns the text.
func (f *Failure) MarshalText() ([]byte, error) { return []byte(f.Text), nil }

// UnmarshalText reads the text back.
func (f *Failure) UnmarshalText(text []byte) error {
	f.Text = string(text)
	return nil
}
