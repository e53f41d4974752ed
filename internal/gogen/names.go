package gogen

import (
	"fmt"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// identifier makes an exported Go name of any text: its words, of letters and digits, each with a capital, or
// in capitals where it is an initialism.
func identifier(text string) string {
	var name strings.Builder
	for _, word := range words(text) {
		if upper := strings.ToUpper(word); slices.Contains(initialisms, upper) {
			name.WriteString(upper)
		} else {
			first, size := utf8.DecodeRuneInString(word)
			name.WriteString(string(unicode.ToUpper(first)) + word[size:])
		}
	}
	if !token.IsExported(name.String()) {
		return "X" + name.String()
	}
	return name.String()
}

// words end where something else than letters and digits follows, or a capital a letter that is none:
// repo-url, repoUrl.
func words(text string) []string {
	var all []string
	text = strings.ToValidUTF8(text, " ")
	begin, before := 0, ' '
	for i, r := range text + " " {
		isWord := unicode.IsLetter(r) || unicode.IsDigit(r)
		if !isWord || unicode.IsUpper(r) && !unicode.IsUpper(before) {
			if begin < i {
				all = append(all, text[begin:i])
			}
			begin = i
		}
		if !isWord {
			begin = i + utf8.RuneLen(r)
		}
		before = r
	}
	return all
}

// Those that the Go project has a list of.
var initialisms = strings.Fields("ACL API ASCII CPU CSS DNS EOF GUID HTML HTTP HTTPS ID IP JSON LHS QPS RAM RHS RPC SLA SMTP SQL SSH TCP TLS TTL " +
	"UDP UI UID UUID URI URL UTF8 VM XML XMPP XSRF XSS")

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
