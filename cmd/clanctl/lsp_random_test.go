package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// Whatever is typed, the server goes on, every place that it names is right in the text as it is then, and nothing is left of it. The edits
// are drawn from CLANCTL_SEED, a number; CLANCTL_CLANS names clans of real clan-core to be edited as well (in the editor only).
func TestEditorRandomEdits(t *testing.T) {
	nixes.Slow(t)
	seed, _ := strconv.ParseUint(os.Getenv("CLANCTL_SEED"), 10, 64)
	t.Logf("CLANCTL_SEED=%d", seed)
	onHomelab(t, func(t *testing.T, nix, dir string) {
		editAtRandom(t, nix, filepath.Join(dir, "inventory.nix"), seed)
	})
	for _, dir := range filepath.SplitList(os.Getenv("CLANCTL_CLANS")) {
		for _, name := range []string{"inventory.nix", "clan.nix", "flake.nix"} {
			if path := filepath.Join(dir, name); exists(path) {
				t.Run(filepath.Base(dir), func(t *testing.T) { editAtRandom(t, nixes.Programs(t)[0], path, seed) })
				break
			}
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func editAtRandom(t *testing.T, nix, path string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 24))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	original := string(content)
	e := startEditor(t, nix)
	e.open(path)
	e.settle(path, original)
	text := original
	for i := range 1000 {
		switch {
		case i%100 == 99:
			text = original
			e.change(path, text)
			e.settle(path, text)
			if names := e.names(path); names == 0 {
				t.Errorf("after %d edits nothing is known of the file", i)
			}
		default:
			text = strings.ToValidUTF8(mutated(random, text), "")
			e.change(path, text)
			if i%20 == 9 { // and it is read
				e.settle(path, text)
			}
		}
		e.askAll(random, path, text)
	}
	e.finish()
	for _, process := range processesOf(e.home) {
		t.Errorf("left is %s", process)
	}
}

// mutated is a text with a small change, as people make them, or by their cats.
func mutated(random *rand.Rand, text string) string {
	if len(text) == 0 {
		return "{ }"
	}
	at := random.IntN(len(text))
	end := min(len(text), at+random.IntN(12))
	line := strings.LastIndex(text[:at], "\n") + 1
	next := len(text)
	if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
		next = at + n + 1
	}
	words := []string{"{", "}", "[", "]", ";", "=", ".", "\"", "''", "${", "#", "/*", "*/", "\n", "\r\n", "ä😀", " roles.", "settings = { ", "let ", "in ", "x"}
	switch random.IntN(7) {
	case 0:
		return text[:at] + text[end:]
	case 1:
		return text[:line] + text[next:]
	case 2:
		return text[:next] + text[line:next] + text[next:]
	case 3:
		other := random.IntN(len(text))
		return text[:at] + text[min(other, len(text)):min(len(text), other+20)] + text[at:]
	}
	return text[:at] + words[random.IntN(len(words))] + text[at:]
}

// settle waits until the newest text was read, and looks where the findings are.
func (e *editor) settle(path, text string) {
	e.Helper()
	for p := range e.news {
		if p.URI != "file://"+path || p.Version != e.version {
			continue
		}
		for _, d := range p.Diagnostics {
			e.part(text, "a finding", d.Range)
		}
		return
	}
}

// part is a part of the text, which must have it.
func (e *editor) part(text, what string, r textRange) string {
	e.Helper()
	lines := strings.SplitAfter(text, "\n")
	for _, p := range []textPosition{r.Start, r.End} {
		if p.Line >= len(lines) || p.Character > len(lines[p.Line]) {
			e.Fatalf("%s is at %+v of %d lines", what, r, len(lines))
		}
	}
	return text[offsetIn(text, r.Start):offsetIn(text, r.End)]
}

func (e *editor) names(path string) int {
	var symbols []any
	e.call("textDocument/documentSymbol", map[string]any{"textDocument": documentOf(path)}, &symbols)
	return len(symbols)
}

// askAll asks about a place, and checks every place in the answers.
func (e *editor) askAll(random *rand.Rand, path, text string) {
	e.Helper()
	offset := 0
	if len(text) > 0 {
		offset = random.IntN(len(text))
	}
	for offset > 0 && !utf8.RuneStart(text[offset]) {
		offset--
	}
	at := positionIn(text, offset)
	params := asking(path, at)
	part := func(what string, r textRange) string { return e.part(text, what, r) }
	if hover := e.hover(path, at); hover != nil {
		name := strings.Trim(part("hover", hover.Range), `"`)
		title, _, _ := strings.Cut(hover.Contents.Value, "\n")
		if !strings.Contains(strings.ReplaceAll(title, `\`, ""), name) && !strings.HasPrefix(title, "module ") {
			e.Errorf("hover on %q is about %s", name, title)
		}
		// All places of a name are that name.
		for _, r := range e.references(path, at) {
			if r.URI == "file://"+path {
				if other := strings.Trim(part("a reference", r.Range), `"`); other != name {
					e.Errorf("a reference of %q is %q", name, other)
				}
			}
		}
	}
	var items []completionItem
	e.call("textDocument/completion", params, &items)
	for _, item := range items {
		part("completion", item.TextEdit.Range)
		if r := item.TextEdit.Range; r.Start.Line != at.Line || r.Start.Character > at.Character || r.End.Line != at.Line || r.End.Character < at.Character {
			e.Errorf("completion at %+v replaces %+v", at, r)
		}
	}
	var symbols []struct {
		Name           string    `json:"name"`
		SelectionRange textRange `json:"selectionRange"`
		Range          textRange `json:"range"`
	}
	e.call("textDocument/documentSymbol", params, &symbols)
	for _, s := range symbols {
		part("a symbol", s.Range)
		if name := strings.Trim(part("a symbol", s.SelectionRange), `"`); name != s.Name {
			e.Errorf("the symbol %q is %q", s.Name, name)
		}
	}
	var lenses []struct {
		Range textRange `json:"range"`
	}
	e.call("textDocument/codeLens", params, &lenses)
	for _, l := range lenses {
		part("a lens", l.Range)
	}
	var actions []action
	e.call("textDocument/codeAction", map[string]any{"textDocument": documentOf(path), "range": textRange{at, at}, "context": map[string]any{"diagnostics": []any{}}}, &actions)
	for _, a := range actions {
		for _, edit := range a.edits("file://" + path) {
			part("a fix", edit.Range)
		}
	}
}

// processesOf are the processes with a home directory, where the system tells.
func processesOf(home string) []string {
	var found []string
	entries, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, entry := range entries {
		environment, err := os.ReadFile(entry)
		if err != nil || !slices.Contains(strings.Split(string(environment), "\x00"), "HOME="+home) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(entry), "cmdline"))
		found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}
