package nixeval

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

// Nix's log, in pieces of any size: nothing panics, memory stays bounded, no colour code is left, and how the text is
// cut does not matter.
func FuzzLog(f *testing.F) {
	for _, seed := range []string{
		`@nix {"action":"msg","column":9,"file":"/nix/store/x-source/a.nix:2:9","level":0,"line":2,"msg":"\u001b[31;1merror:\u001b[0m boo","raw_msg":"boo"}`,
		`@nix {"action":"start","id":1,"level":4,"text":"copying \u001b]8;;x\u0007x"}` +
			"\nplain\n@nix {\n@nix [1]\n@nix {\"level\":\"0\"}",
		"@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"trace: nixeval-source /nix/store/x\"}\n@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"trace: nixeval-inputs {}\"}\n",
	} {
		f.Add([]byte(seed), 7)
	}
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		whole, pieces := &logReader{}, &logReader{onEvent: func(Event) {}}
		if n, err := whole.Write(text); n != len(text) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		size = max(1, size%4096)
		for rest := text; len(rest) > 0; {
			n := min(size, len(rest))
			_, _ = pieces.Write(rest[:n])
			rest = rest[n:]
		}
		whole.flush()
		pieces.flush()
		if len(whole.events) != len(pieces.events) || whole.source != pieces.source || whole.inputs != pieces.inputs ||
			string(whole.tail) != string(pieces.tail) {
			t.Fatalf("cut into pieces of %d it means something else: %v and %v", size, whole.events, pieces.events)
		}
		if len(whole.tail) > maxTail || len(whole.events) > maxEvents {
			t.Fatalf("%d bytes, %d events", len(whole.tail), len(whole.events))
		}
		for _, event := range whole.events {
			if strings.Contains(event.Text, "\x1b[0m") {
				t.Fatalf("a colour code is left in %q", event.Text)
			}
			_, _ = event.Warning()
		}
	})
}

// What Nix tells of the inputs, lock files in it included: what is reported local is absolute, and nothing panics.
func FuzzInputs(f *testing.F) {
	for _, seed := range []string{lockedInputs, "{}", "null", `{"children":{"a":null},"inputs":{"a":null}}`,
		`{"kind":"regular","lock":"{}"}`} {
		f.Add(seed, "path:/x")
	}
	f.Fuzz(func(t *testing.T, text, ref string) {
		_ = isFixedRef(ref)
		attrs, ok := parseRef(ref)
		if ok && attrs.text("type") == "" {
			t.Fatalf("%q is of no type", ref)
		}
		inputs, err := parseInputs(text)
		if err != nil {
			return
		}
		for _, tree := range pinningOf(inputs, map[string]string{"a": ref}, nil).trees {
			if !filepath.IsAbs(tree.Root) {
				t.Fatalf("%q is local", tree.Root)
			}
		}
	})
}

// Flake references: either an error, or something that can be put on a command line; and a path stays the path that it
// is.
func FuzzResolveRef(f *testing.F) {
	for _, seed := range []string{"", ".", "..", "/", "./x?dir=y", "path:.", "path:/a%20b?dir=c", "git+file:///x?rev=1",
		"github:a/b", "a#b", "--impure", "\x00", "/\xff", "path:%", "git+file:?", "file://%zz", "./a b?c#d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := ResolveRef(text)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		if strings.IndexByte(ref.URL, 0) >= 0 {
			t.Fatalf("%q became %q", text, ref.URL)
		}
		if ref.Root != "" && !filepath.IsAbs(ref.Root) {
			t.Fatalf("%q is in %q", text, ref.Root)
		}
		if (ref.Root == "") != (ref.Dir == "") {
			t.Fatalf("%q: %+v", text, ref)
		}
	})
}

// A kept answer that anything may stand in.
func FuzzKeptAnswer(f *testing.F) {
	f.Add([]byte("{}\n1"))
	f.Add([]byte(`{"inputs":[{"root":"/nowhere","sum":"AA=="}],"events":[{"Level":1,"Text":"x"}],"source":"/nix/store/x"}` +
		"\n{}"))
	f.Add([]byte(`{"inputs":[{"root":"","git":true}]}` + "\n"))
	s, err := openCacheFiles(filepath.Join(f.TempDir(), "s"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if _, err := s.put("answer", "key", payload); err != nil {
			t.Fatal(err)
		}
		a := &attempt{files: s, key: "key"}
		if kept, ok := a.lookUp(t.Context()); ok && len(kept.Inputs) > 0 {
			t.Fatalf("%v cannot be known to be unchanged", kept.Inputs)
		}
	})
}

// Texts of errors, with the paths in them: no path outside of the flake is given as one inside.
func FuzzSources(f *testing.F) {
	const store, input = "/nix/store/6f9lhm0rlr0lwh1mj3kci7xhxzp6mrmp-source",
		"/nix/store/8hjk720y2iln4ff8ls4zy4gm7hdg5q66-source"
	f.Add("at " + store + "/a/b.nix:3:4")
	f.Add(input + "/../../x and `" + store + "/../y'")
	f.Add("/x" + store + "/.. " + store + " " + store + "/")
	f.Fuzz(func(t *testing.T, text string) {
		s := Sources{Root: "/clan", known: sourcetree.Known{Store: store, Dirs: []string{"sub"},
			Inputs: map[string]string{"in": input}}}
		_ = s.Rewrite(text)
		local, known := s.Local(text)
		if rest, of := strings.CutPrefix(local, "<in>/"); known && of {
			local = rest
		}
		if known && !filepath.IsLocal(local) {
			t.Fatalf("%q is said to be %q", text, local)
		}
		_ = (&Error{Message: text, Trace: text, At: Position{File: text}, Sources: s, Kind: ErrEvaluation}).Error()
	})
}

// Quoting: what Nix's grammar makes of the quoted string is the string. That the grammar is Nix's is
// TestQuoteAgainstNix's to show.
func FuzzQuote(f *testing.F) {
	for _, seed := range quoteSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, rest := unquote(nixlang.Quote(s)); got != s || rest != "" {
			t.Fatalf("%q is quoted as %s, which is %q and %q", s, nixlang.Quote(s), got, rest)
		}
		text, err := json.Marshal(s)
		if err != nil || !utf8.ValidString(nixlang.Quote(string(text))) {
			t.Fatalf("as an argument: %v", err)
		}
	})
}

// unquote reads a string literal as Nix's lexer does; it stops at an antiquotation, which would be code.
func unquote(text string) (s, rest string) {
	if text == "" || text[0] != '"' {
		return "", text
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:]
		case text[i] == '$' && i+1 < len(text) && text[i+1] == '{':
			return b.String(), text[i:]
		case text[i] == '\r': // and a newline behind it
			b.WriteByte('\n')
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
		case text[i] == '\\' && i+1 < len(text):
			i++
			switch text[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), "no end"
}
