package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// bash hands over the line as it was typed, up to the cursor, and puts what it gets back into the line as it is: names
// are quoted here, so that none of them is code. zsh and fish do both themselves.

// completeBashWord is the word that asks for candidates in bash's way: followed by the line and by $COMP_WORDBREAKS.
const completeBashWord = "__complete-bash"

// completeBash prints what may stand in the place of the line's last piece: what bash replaces begins behind the last
// break.
func completeBash(ctx context.Context, args []string, stdout io.Writer) {
	if len(args) != 2 {
		return
	}
	line := typed(args[0], args[1])
	if len(line.words) < 2 {
		return
	}
	found := complete(ctx, line.words[1:])
	if len(found) == 1 && strings.HasSuffix(found[0].text, "=") {
		fmt.Fprintln(stdout, "\tmore")
	}
	for _, candidate := range found {
		rest, ok := strings.CutPrefix(candidate.text, line.kept)
		// what "!" stands for, no backslash keeps away
		inHistory := line.open == '"' && strings.Contains(rest, "!")
		switch {
		case candidate.text == anyFile, candidate.text == anyDirectory:
			fmt.Fprintln(stdout, candidate.text)
		case ok && !inHistory:
			fmt.Fprintln(stdout, line.quoted(rest))
		}
	}
}

// typedLine is a line of a shell as far as it was typed.
type typedLine struct {
	words []string // without their quotes; the last one is the one to complete
	kept  string   // the beginning of the last word that bash leaves as it is
	open  rune     // the quote in which the line ends, or 0
}

// typed reads a line as bash does, where it holds nothing but names: blanks, quotes and backslashes. Nothing is
// expanded.
func typed(text, breaks string) typedLine {
	var line typedLine
	var word strings.Builder
	inWord, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && line.open != '\'':
			inWord, escaped = true, true
		case line.open != 0 && r != line.open:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			if inWord = true; line.open == 0 {
				line.open = r
			} else {
				line.open = 0
			}
			line.kept = word.String()
		case r == ' ' || r == '\t':
			if inWord {
				line.words = append(line.words, word.String())
			}
			word.Reset()
			inWord, line.kept = false, ""
		default:
			inWord = true
			isBreak := strings.ContainsRune(breaks, r)
			if isBreak && r == '@' { // which readline leaves to what is completed (rl_special_prefixes)
				line.kept = word.String()
			}
			word.WriteRune(r)
			if isBreak && r != '@' {
				line.kept = word.String()
			}
		}
	}
	line.words = append(line.words, word.String())
	return line
}

// quoted is a text that bash takes for itself, whatever is in it, where the line ends.
func (l typedLine) quoted(text string) string {
	switch l.open {
	case '\'':
		return l.closed(strings.ReplaceAll(text, `'`, `'\''`))
	case '"':
		return l.closed(strings.NewReplacer(`\`, `\\`, `$`, `\$`, "`", "\\`", `"`, `\"`).Replace(text))
	}
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 &&
			!strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// closed ends the quote of a text that ends with the same sign, which bash takes for the end and adds none.
func (l typedLine) closed(text string) string {
	if end := string(l.open); strings.HasSuffix(text, end) {
		return text + end
	}
	return text
}
