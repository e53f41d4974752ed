package cli

import (
	"bytes"
	"strings"
	"testing"
)

// What a command says besides its answer is cut where it is too long, and that is said.
func TestBounded(t *testing.T) {
	var b bounded
	for range 7 {
		if n, err := b.Write(bytes.Repeat([]byte("x"), 10_000)); n != 10_000 || err != nil {
			t.Fatalf("%d bytes are written: %v", n, err)
		}
	}
	want := strings.Repeat("x", maxToolAnswer) + "\n(10000 more bytes are left out)"
	if got := b.String(); got != want {
		t.Errorf("it ends with %q", got[min(len(got), maxToolAnswer):])
	}
}
