package cli

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// runnerCommand reports whether a runner takes a line for a command: actions/runner, TryParseV2 and TryParse of
// ActionCommand.cs, but for which commands there are; and Forgejo's, which trims nothing.
func runnerCommand(line string) bool {
	if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "::") && strings.Contains(trimmed[2:], "::") {
		return true
	}
	_, rest, found := strings.Cut(line, "##[")
	return found && strings.Contains(rest, "]")
}

func TestCommandGuard(t *testing.T) {
	for text, want := range map[string]string{
		"::set-env name=A::b":           `:\u003aset-env name=A::b`,
		"  \t::stop-commands::x\n":      "  \t:\\u003astop-commands::x\n",
		"a\n::x::y\r::x::y":             "a\n:\\u003ax::y\r:\\u003ax::y",
		"\u00a0::x::y":                  "\u00a0:\\u003ax::y",
		":::x::":                        `:\u003a:x::`,
		"a ##[add-mask]b":               `a ##\u005badd-mask]b`,
		"###[x]":                        `###\u005bx]`,
		"a::b::c, ##, #[ and : :: no":   "a::b::c, ##, #[ and : :: no",
		": :x::":                        ": :x::",
		`{"a": "::x::y"}`:               `{"a": "::x::y"}`,
		"error: inventory [code]\n  :a": "error: inventory [code]\n  :a",
	} {
		var out bytes.Buffer
		if _, err := (&commandGuard{w: &out}).Write([]byte(text)); err != nil || out.String() != want {
			t.Errorf("%q is %q, want %q", text, out.String(), want)
		}
		if isCommand(text) != (text != want) {
			t.Errorf("isCommand(%q) = %t", text, isCommand(text))
		}
	}
}

// However it is cut into writes, nothing of it is a command, and the rest is as it was.
func TestCommandGuardRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{":", "::", "#", "##", "[", "##[", "]", "\n", "\r", " ", "\t", "\u2003", "a", "\x00"}
	for range 20000 {
		var out, text bytes.Buffer
		g := &commandGuard{w: &out}
		for range random.IntN(12) {
			piece := alphabet[random.IntN(len(alphabet))]
			text.WriteString(piece)
			if _, err := g.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
		}
		for line := range strings.FieldsFuncSeq(out.String(), func(r rune) bool { return r == '\n' || r == '\r' }) {
			if runnerCommand(line) {
				t.Fatalf("%q passes as %q", text.String(), out.String())
			}
		}
		if back := strings.NewReplacer(`\u003a`, ":", `\u005b`, "[").Replace(out.String()); back != text.String() {
			t.Fatalf("%q comes back as %q", text.String(), back)
		}
	}
}

// JSON means the same behind the guard.
func TestCommandGuardJSON(t *testing.T) {
	text, err := json.MarshalIndent(map[string]any{"::a::": []string{"##[b]", "::c::d\n::e::"}}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var want, got any
	if _, err := (&commandGuard{w: &out}).Write(text); err != nil {
		t.Fatal(err)
	}
	if json.Unmarshal(text, &want) != nil || json.Unmarshal(out.Bytes(), &got) != nil {
		t.Fatalf("%s", out.String())
	}
	if a, b := want.(map[string]any), got.(map[string]any); a["::a::"].([]any)[0] != b["::a::"].([]any)[0] ||
		bytes.Contains(out.Bytes(), []byte("##[")) {
		t.Errorf("%s", out.String())
	}
}
