package upgrade

// Summary is what the texts begin with.
func (r *Report) Summary() string { return r.summary() }
