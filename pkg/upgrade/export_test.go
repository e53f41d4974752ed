package upgrade

// Summary is what the texts begin with.
func (r *Report) Summary() string { return r.summary() }

// Text is the edit as people write it in Nix.
func (e Edit) Text() string { return e.text() }
