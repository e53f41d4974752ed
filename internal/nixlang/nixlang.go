// Package nixlang writes and reads the few things of the Nix language that programs put together: strings,
// and paths of attributes.
package nixlang

import (
	"fmt"
	"strings"
)

// IsJSON reports whether a file is one in JSON, by its name; the others are in Nix.
func IsJSON(file string) bool { return strings.HasSuffix(file, ".json") }

// Quote writes s as a Nix string literal. Any string that Nix can hold comes back unchanged (Nix strings have no NUL).
func Quote(s string) string { return `"` + escapes.Replace(s) + `"` }

// A bare carriage return in Nix source would be read as a newline.
var escapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, `$`, `\$`, "\n", `\n`, "\r", `\r`)

// PathString writes a path of attributes as Nix does: names that are not identifiers are quoted.
func PathString(path []string) string {
	parts := make([]string, len(path))
	for i, name := range path {
		parts[i] = name
		if !isIdentifier(name) {
			parts[i] = Quote(name)
		}
	}
	return strings.Join(parts, ".")
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if !inIdentifier(r, i == 0) {
			return false
		}
	}
	return s != ""
}

func inIdentifier(r rune, first bool) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || !first &&
		(r >= '0' && r <= '9' || r == '-' || r == '\'')
}

// functionBody stands in the path of an option for what a function returns; Nix does not quote it.
const functionBody = "<function body>"

// ParsePath reads a path as PathString, or a person, writes it: names separated by dots, quoted where they
// hold dots themselves. The empty path has no names.
func ParsePath(path string) ([]string, error) {
	fault := func(why string) ([]string, error) { return nil, fmt.Errorf("%s is not a path: %s", path, why) }
	var names []string
	rest := path
	for rest != "" {
		name, after, _ := strings.Cut(rest, ".")
		switch {
		case rest[0] == '"':
			var ok bool
			if name, rest, ok = unquote(rest); !ok {
				return fault("a quote is not closed, or something is interpolated")
			}
			if rest != "" && rest[0] != '.' {
				return fault("after a name in quotes comes a dot")
			}
			after = strings.TrimPrefix(rest, ".")
		case name == "":
			return fault(`there is a dot too many; a name that is empty is written ""`)
		case name != functionBody && strings.ContainsAny(name, "\"${} \t\n"):
			return fault(fmt.Sprintf("the name %s needs quotes: %q", name, name))
		default:
			rest = rest[len(name):]
		}
		if rest == "." {
			return fault("there is a dot too many")
		}
		names, rest = append(names, name), after
	}
	return names, nil
}

// unquote reads a string literal without interpolation at the beginning of a text.
func unquote(text string) (value, after string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
			switch text[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(text[i])
			}
		case '$':
			if strings.HasPrefix(text[i:], "${") {
				return "", "", false
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}
