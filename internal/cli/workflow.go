package cli

import (
	"bytes"
	"io"
	"os"

	"github.com/clanctl/clanctl/internal/recall"
)

// commandGuard keeps what passes from being a workflow command. There are two forms (actions/runner, ActionCommand.cs):
// a line that begins with ::, white space aside, and ##[ anywhere. The last character of each is written as JSON
// escapes it, so that JSON stays what it is.
type commandGuard struct {
	w io.Writer
	// inside: something of the line was printed; colon: and it was one colon. hashes counts those right before.
	inside, colon bool
	hashes        int
}

func (g *commandGuard) Write(p []byte) (int, error) {
	if _, err := g.w.Write(g.escape(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (g *commandGuard) escape(p []byte) []byte {
	if bytes.IndexByte(p, ':') < 0 && bytes.IndexByte(p, '[') < 0 && bytes.IndexByte(p, '#') < 0 &&
		bytes.IndexByte(p, '\n') < 0 {
		g.note(p)
		return p
	}
	out := make([]byte, 0, len(p)+16)
	for i, b := range p {
		switch {
		case b == ':' && g.colon:
			out = append(out, `\u003a`...)
		case b == '[' && g.hashes > 1:
			out = append(out, `\u005b`...)
		default:
			out = append(out, b)
		}
		g.note(p[i : i+1])
	}
	return out
}

// note remembers what was written. White space is whatever could be some: blanks, control characters, all that is not
// ASCII.
func (g *commandGuard) note(p []byte) {
	for _, b := range p {
		switch {
		case b == '\n' || b == '\r':
			*g = commandGuard{w: g.w}
			continue
		case b <= ' ' || b >= 0x7f:
			g.colon, g.inside = false, g.inside || g.colon
		default:
			g.colon = b == ':' && !g.inside
			g.inside = true
		}
		if b == '#' {
			g.hashes++
		} else {
			g.hashes = 0
		}
	}
}

// isCommand reports whether a text would be a command, or has one in it.
func isCommand(text string) bool {
	g := commandGuard{}
	return len(g.escape([]byte(text))) != len(text)
}

// guarded is a stream's writer, with a guard where a runner may read it. A file is read by nobody.
func guarded(w io.Writer) io.Writer {
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err != nil || info.Mode().IsRegular() {
			return w
		}
	}
	if !recall.InWorkflow() {
		return w
	}
	return &commandGuard{w: w}
}
