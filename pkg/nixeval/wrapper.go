package nixeval

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// readProgram is the text of a program that is a script; empty for a binary one.
func readProgram(path string) (script string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 4)
	if _, err := io.ReadFull(f, head); err != nil {
		return "", fmt.Errorf("%s is no program", path)
	}
	// ELF; Mach-O, of one and of several machines
	for _, magic := range []string{"\x7fELF", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"} {
		if string(head) == magic {
			return "", nil
		}
	}
	if !bytes.HasPrefix(head, []byte("#!")) {
		return "", fmt.Errorf("%s is neither a binary program nor a script", path)
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxScript))
	if err == nil && len(rest) == maxScript {
		err = fmt.Errorf("%s is a script that is too long to be understood", path)
	}
	return string(head) + string(rest), err
}

const maxScript = 64 << 10

// wrapper is a script that sets variables and calls a program with the arguments that it got: all that it does hangs on
// its text and on the files that it names.
type wrapper struct {
	program string
	paths   []string
}

// What follows is looked at each time that clanctl starts, where regular expressions would cost more than all else.

// isShell reports whether the first line of a script calls a shell, by its path or by env.
func isShell(text string) bool {
	line, _, whole := strings.Cut(text, "\n")
	line, isScript := strings.CutPrefix(line, "#!")
	words := strings.Split(strings.TrimPrefix(line, " "), " ")
	program := func(names ...string) bool {
		if len(words) == 0 || strings.Contains(words[0], "/") && !filepath.IsAbs(words[0]) ||
			!slices.Contains(names, words[0][strings.LastIndex(words[0], "/")+1:]) {
			return false
		}
		words = words[1:]
		return true
	}
	program("env")
	shell := program("sh", "bash", "dash")
	if len(words) == 1 && (words[0] == "-e" || words[0] == "-u" || words[0] == "-eu" || words[0] == "-ue") {
		words = nil
	}
	return whole && isScript && shell && len(words) == 0
}

const nameSigns = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"

// plainPrefix is the beginning of a text in which no sign means anything to a shell.
func plainPrefix(text string) string {
	return strings.TrimSuffix(text, strings.TrimLeft(text, nameSigns+"./:=,+@%-"))
}

// namePrefix is the name of a variable that a text begins with; empty if there is none.
func namePrefix(text string) string {
	name := strings.TrimSuffix(text, strings.TrimLeft(text, nameSigns))
	if name != "" && name[0] <= '9' {
		return ""
	}
	return name
}

// variable is the name of the variable that a text begins with the use of, and the rest of the text; false if it does
// not.
func variable(text string) (name, rest string, ok bool) {
	text = text[1:]
	inner, braced := strings.CutPrefix(text, "{")
	if name = namePrefix(inner); name == "" {
		return "", "", false
	}
	rest, ok = inner[len(name):], true
	if braced {
		rest, ok = strings.CutPrefix(rest, "}")
	}
	return name, rest, ok
}

var errScript = errors.New("it does more than set variables and exec a program")

// parseWrapper understands assignments, exports and one exec, in words without any sign that a shell expands but
// variables that the script itself has set.
func parseWrapper(text string) (*wrapper, error) {
	if !isShell(text) {
		return nil, errScript
	}
	w := &wrapper{}
	values := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || line == "set -e" || line == "set -eu" {
			continue
		}
		if w.program != "" {
			return nil, errScript // after its end
		}
		command, rest, _ := strings.Cut(line, " ")
		switch {
		case command == "exec":
			words, err := shellWords(rest, values)
			if err != nil {
				return nil, err
			}
			if len(words) > 2 && words[0] == "-a" {
				words = words[2:]
			}
			if len(words) < 2 || words[len(words)-1] != allArguments || !filepath.IsAbs(words[0]) {
				return nil, errScript
			}
			w.program = words[0]
			for _, word := range words[:len(words)-1] {
				w.name(word)
			}
		case command == "export" && values[rest] != "":
		default:
			if command == "export" {
				line = rest
			}
			name := namePrefix(line)
			text, assigned := strings.CutPrefix(line[len(name):], "=")
			if name == "" || !assigned {
				return nil, errScript
			}
			words, err := shellWords(text, values)
			if err != nil || len(words) > 1 {
				return nil, errScript
			}
			value := strings.Join(words, "")
			if values[name] = value; name != "PATH" {
				w.name(value)
			}
		}
	}
	if w.program == "" {
		return nil, errScript
	}
	return w, nil
}

// name adds the files that a word names.
func (w *wrapper) name(word string) {
	for _, part := range strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(":=,", r) }) {
		if filepath.IsAbs(part) {
			w.paths = append(w.paths, part)
		}
	}
}

// allArguments stands for "$@", which is a word of its own.
const allArguments = "\x00@"

// shellWords splits words as a shell does.
func shellWords(text string, values map[string]string) ([]string, error) {
	var words []string
	for text = strings.TrimLeft(text, " \t"); text != ""; text = strings.TrimLeft(text, " \t") {
		if rest, ok := strings.CutPrefix(text, `"$@"`); ok && (rest == "" || rest[0] == ' ') {
			words, text = append(words, allArguments), rest
			continue
		}
		word := ""
		for quoted := false; text != "" && (quoted || text[0] != ' ' && text[0] != '\t'); {
			switch {
			case text[0] == '"':
				quoted, text = !quoted, text[1:]
			case text[0] == '$':
				name, rest, ok := variable(text)
				value, set := values[name]
				if !ok || !set || !quoted && (value == "" || plainPrefix(value) != value) {
					return nil, errScript
				}
				word, text = word+value, rest
			case text[0] == '\'' && !quoted:
				inside, rest, ok := strings.Cut(text[1:], "'")
				if !ok {
					return nil, errScript
				}
				word, text = word+inside, rest
			case quoted && !strings.ContainsRune("\\`\n", rune(text[0])):
				word, text = word+text[:1], text[1:]
			default:
				match := plainPrefix(text)
				if quoted || match == "" {
					return nil, errScript
				}
				word, text = word+match, text[len(match):]
			}
			if quoted && text == "" {
				return nil, errScript
			}
		}
		words = append(words, word)
	}
	return words, nil
}
