// Package shell writes command lines for people to paste.
package shell

import "strings"

// Join writes a command line for a POSIX shell, ready to paste.
func Join(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		if word != "" && strings.IndexFunc(word, func(r rune) bool { return !safe(r) }) < 0 {
			words[i] = word
		} else {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

func safe(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
}
