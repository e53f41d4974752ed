package textview

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// CompactJSON is a value as JSON on one line, for people: "?" where there is none.
func CompactJSON(value any) string {
	text, err := jsonvalue.Marshal(value)
	if err != nil {
		return "?"
	}
	return string(text)
}

// DecodeJSON is JSON as a value, its numbers as they are.
func DecodeJSON(text json.RawMessage) any {
	v, err := jsonvalue.Decode(text)
	if err != nil {
		return string(text)
	}
	return v
}

// Shortened is a text cut where it has more characters.
func Shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return text
}

// Count is a number of things: "1 machine", "2 machines".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Counted writes numbers with their nouns, without those that are zero: "1 error, 2 warnings".
func Counted(numbersAndNouns ...any) string {
	var parts []string
	for i := 0; i < len(numbersAndNouns); i += 2 {
		if n := numbersAndNouns[i].(int); n != 0 {
			parts = append(parts, Count(n, numbersAndNouns[i+1].(string)))
		}
	}
	return strings.Join(parts, ", ")
}

// MembershipReason says what makes a machine a member of a role.
func MembershipReason(explicit bool, tags []string) string {
	var reasons []string
	if explicit {
		reasons = append(reasons, "name")
	}
	switch len(tags) {
	case 0:
	case 1:
		reasons = append(reasons, "tag "+tags[0])
	default:
		reasons = append(reasons, "tags "+strings.Join(tags, ", "))
	}
	return "by " + strings.Join(reasons, " and ")
}
