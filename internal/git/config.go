package git

import (
	"context"
	"path/filepath"
	"strings"
)

// Value is one value in git's configuration.
type Value struct {
	// File is where it is from, absolute; empty for one that is not from a file.
	File string
	// Name is in lower case, but for its middle part: "filter.LFS.clean". Value is empty for a name alone,
	// which means true.
	Name, Value string
}

// Config lists git's configuration for the repository, in the order in which it counts, with files that it includes.
func (r Repo) Config(ctx context.Context) ([]Value, error) {
	out, err := r.run(ctx, nil, "config", "--list", "--show-origin", "-z")
	if err != nil {
		return nil, err
	}
	var values []Value
	fields := lines(out)
	for i := 0; i+1 < len(fields); i += 2 {
		file, isFile := strings.CutPrefix(fields[i], "file:")
		switch {
		case !isFile:
			file = ""
		case !filepath.IsAbs(file):
			file = filepath.Join(string(r), file)
		}
		name, value, _ := strings.Cut(fields[i+1], "\n")
		values = append(values, Value{file, name, value})
	}
	return values, nil
}
