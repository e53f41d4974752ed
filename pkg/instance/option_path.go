package instance

import (
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// PathString writes the path of a setting as Nix does: names that are no identifiers are quoted.
func PathString(path []string) string { return optionPath(path...) }

// ParsePath reads a path as PathString writes it: names separated by dots, quoted where they hold dots themselves.
func ParsePath(path string) []string { return splitOptionPath(path) }

// optionPath writes an option's path as Nix does: names that are no identifiers are quoted.
func optionPath(names ...string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		if isIdentifier(name) {
			parts[i] = name
		} else {
			parts[i] = nixeval.Quote(name)
		}
	}
	return strings.Join(parts, ".")
}

func isIdentifier(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-' && r != '\'') {
			return false
		}
	}
	return s != ""
}

// splitOptionPath undoes optionPath.
func splitOptionPath(path string) []string {
	var names []string
	for len(path) > 0 {
		if path[0] == '"' {
			end := 1
			for end < len(path) && path[end] != '"' {
				if path[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(path) {
				return append(names, path)
			}
			name, err := strconv.Unquote(strings.ReplaceAll(path[:end+1], `\$`, `$`))
			if err != nil {
				name = path[1:end]
			}
			names = append(names, name)
			path = strings.TrimPrefix(path[end+1:], ".")
			continue
		}
		name, rest, _ := strings.Cut(path, ".")
		names, path = append(names, name), rest
	}
	return names
}
