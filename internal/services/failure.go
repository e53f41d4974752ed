package services

// Failure is why a part of a module could not be read. In JSON it is its text. Nil is none, and says nothing.
type Failure struct {
	Text string
	// Err is the error behind it, which errors.As finds: Nix's. It is not in JSON.
	Err error
}

func (f *Failure) Error() string {
	if f == nil {
		return ""
	}
	return f.Text
}

// Unwrap returns the error behind it.
func (f *Failure) Unwrap() error {
	if f == nil {
		return nil
	}
	return f.Err
}

// MarshalText writes the text.
func (f *Failure) MarshalText() ([]byte, error) { return []byte(f.Error()), nil }

// UnmarshalText reads the text.
func (f *Failure) UnmarshalText(text []byte) error {
	f.Text = string(text)
	return nil
}
