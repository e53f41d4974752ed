package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

func TestProgress(t *testing.T) {
	var quick bytes.Buffer
	p := startProgress(&quick, time.Hour)
	p.event(nixeval.Event{Activity: "copying"})
	p.stop()
	if quick.Len() != 0 {
		t.Errorf("an answer that came soon left %q", quick.String())
	}
	var slow bytes.Buffer
	p = startProgress(&slow, time.Millisecond)
	p.event(nixeval.Event{Activity: "fetching \x1b[31m" + strings.Repeat("x", 200)})
	time.Sleep(50 * time.Millisecond)
	p.stop()
	got := slow.String()
	if !strings.HasPrefix(got, eraseLine+`nix: fetching \x1b[31mxxx`) || !strings.HasSuffix(got, "..."+eraseLine) {
		t.Errorf("got %q", got)
	}
}
