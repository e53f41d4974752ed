package pager

import (
	"io"
	"testing"
)

func TestProgramGetsNoHyperlinks(t *testing.T) {
	link := "\x1b]8;;file://host/a\x1b\\a:1\x1b]8;;\x1b\\"
	for _, size := range []int{1, 2, 3, 5, 100} {
		in, out := io.Pipe()
		p := &Pager{in: out}
		go func() {
			for text := "x \x1b[1m" + link + "\x1b[0m y\n"; text != ""; {
				n := min(size, len(text))
				_, _ = p.hand([]byte(text[:n]))
				text = text[n:]
			}
			out.Close()
		}()
		if got, err := io.ReadAll(in); err != nil || string(got) != "x \x1b[1ma:1\x1b[0m y\n" {
			t.Errorf("in pieces of %d: %q, %v", size, got, err)
		}
	}
}
