package gogen

import (
	"fmt"
	"go/token"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-openapi/swag/mangling"
)

var mangler = mangling.NewNameMangler()

// identifier makes an exported Go name of any text.
func identifier(text string) string {
	name := mangler.ToGoName(text)
	if !token.IsExported(name) {
		name = "X" + name
	}
	if token.IsIdentifier(name) {
		return name
	}
	// Letters and digits are all that a name may have.
	return "X" + strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, name)
}

// names are those that are taken in one scope.
type names map[string]bool

func newNames(taken ...string) names {
	n := names{}
	for _, name := range taken {
		n[name] = true
	}
	return n
}

// take returns the name, or, where it is taken already, the name with the first number that makes it another.
func (n names) take(name string) string {
	free := name
	for i := 2; n[free]; i++ {
		free = name + strconv.Itoa(i)
	}
	n[free] = true
	return free
}

// inJSONTag reports whether a name can stand in a `json` tag for all decoders: they disagree on punctuation.
func inJSONTag(name string) bool {
	if name == "" || name == "-" {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.'
	}) < 0
}

func quoted(name string) string { return inline(fmt.Sprintf("%q", name)) }
