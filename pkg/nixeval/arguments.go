package nixeval

import (
	"maps"
	"slices"
	"strings"
)

// targetInput is the input of the program flake that is overridden with the flake to read.
const targetInput = "target"

// arguments builds the command line, without the program's name. Nothing of the user's is spliced into Nix code: the flake
// and the overrides are flags' values, the arguments enter as a quoted JSON string.
func (e *Evaluator) arguments(program string, ref Ref, argsJSON []byte) []string {
	args := []string{
		"eval", "--json",
		"--extra-experimental-features", "nix-command flakes",
		"--no-write-lock-file", "--no-eval-cache",
		"--log-format", "internal-json", "--show-trace",
		"--option", "allow-import-from-derivation", "false",
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{{e.Offline, "--offline"}, {e.Refresh, "--refresh"}, {e.Impure, "--impure"}} {
		if flag.on {
			args = append(args, flag.name)
		}
	}
	if e.Offline {
		args = append(args, "--option", "download-attempts", "1") // all of them would fail
	}
	for _, o := range e.Options {
		if secret(o) {
			continue // see withSecrets
		}
		args = append(args, "--option", o.Name, o.Value)
	}
	args = append(args, "--override-input", targetInput, ref.URL)
	for _, input := range slices.Sorted(maps.Keys(e.OverrideInputs)) {
		args = append(args, "--override-input", targetInput+"/"+input, absoluteRef(e.OverrideInputs[input]))
	}
	return append(args, "path:"+escapePath(program)+"#apply", "--apply", "apply: apply (builtins.fromJSON "+Quote(string(argsJSON))+")")
}

// Quote writes s as a Nix string literal. Any string that Nix can hold comes back unchanged (Nix strings have no NUL).
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '$':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			// A bare carriage return in Nix source would be read as a newline.
			b.WriteString(`\r`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// ShellJoin writes a command line for a POSIX shell, ready to paste.
func ShellJoin(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		if word != "" && strings.IndexFunc(word, func(r rune) bool { return !shellSafe(r) }) < 0 {
			words[i] = word
		} else {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

func shellSafe(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
}
