package services

import (
	"regexp"
	"strings"
)

// The named sets of characters of POSIX, as ECMA's brackets write them.
var posixClasses = map[string]string{
	"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": ` \t`, "digit": "0-9", "lower": "a-z", "upper": "A-Z",
	"space": `\s`, "xdigit": "0-9A-Fa-f", "punct": `!-\/:-@\[-` + "`" + `{-~`, "print": " -~", "graph": "!-~",
	"cntrl": `\x00-\x1f\x7f`,
}

// ecmaPattern turns a POSIX extended regular expression that must match a whole string into one of JSON Schema's, of
// ECMA's kind and unanchored. It reports false for one that it cannot turn.
func ecmaPattern(posix string) (string, bool) {
	var b strings.Builder
	for rest := posix; rest != ""; {
		piece, length := rest[:1], 1
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			piece, length = rest[:2], 2
		case rest[0] == '.':
			piece = `[\s\S]` // POSIX means line ends, too
		case rest[0] == '[':
			if piece, length = ecmaBracket(rest); length == 0 {
				return "", false
			}
		}
		b.WriteString(piece)
		rest = rest[length:]
	}
	pattern := "^(?:" + controls.Replace(b.String()) + ")$"
	if _, err := regexp.Compile(pattern); err != nil {
		return "", false
	}
	return pattern, true
}

// Characters that are better seen.
var controls = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`)

// ecmaBracket turns the bracket expression that a pattern begins with, and tells its length; 0 if it does not end, or
// has parts that ECMA has not.
func ecmaBracket(posix string) (string, int) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if i < len(posix) && posix[i] == '^' {
		b.WriteByte('^')
		i++
	}
	for first := true; i < len(posix); first = false {
		switch c := posix[i]; {
		case c == ']' && !first:
			b.WriteByte(']')
			return b.String(), i + 1
		case strings.HasPrefix(posix[i:], "[:"):
			name, _, closed := strings.Cut(posix[i+2:], ":]")
			class, known := posixClasses[name]
			if !closed || !known {
				return "", 0
			}
			b.WriteString(class)
			i += len("[:") + len(name) + len(":]")
			continue
		case strings.HasPrefix(posix[i:], "[."), strings.HasPrefix(posix[i:], "[="):
			return "", 0
		case c == '\\', c == '[', c == ']':
			// POSIX takes these literally here.
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
		i++
	}
	return "", 0
}
