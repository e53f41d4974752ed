package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func TestProgress(t *testing.T) {
	var quick bytes.Buffer
	p := startProgress(&quick, 80, time.Hour)
	p.event(nixeval.Event{ID: 1, Activity: "copying"})
	p.stop()
	if quick.Len() != 0 {
		t.Errorf("an answer that came soon left %q", quick.String())
	}
	var slow bytes.Buffer
	p = startProgress(&slow, 40, time.Hour)
	p.event(nixeval.Event{ID: 1, Activity: "fetching \x1b[31m" + strings.Repeat("x", 200)})
	p.show()
	p.stop()
	want := eraseLine + `nix (0 s): fetching \x1b[31mxxxxxxxx...` + eraseLine
	if got := slow.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is shown is what Nix is doing now, not what it did before, and what is left.
func TestProgressIsOfNow(t *testing.T) {
	p := &progress{}
	for i, test := range []struct {
		event nixeval.Event
		parts facts.Progress
		want  string
	}{
		{event: nixeval.Event{Text: "some message"}, want: "evaluating"},
		{event: nixeval.Event{ID: 1, Activity: "copying a"}, want: "copying a"},
		{event: nixeval.Event{ID: 2, Kind: "download", Activity: "downloading b"}, want: "downloading b"},
		{event: nixeval.Event{ID: 2, Kind: "download", Activity: "downloading b", Done: 1 << 20, Expected: 3 << 19}, want: "downloading b (1.0 of 1.5 MiB)"},
		{event: nixeval.Event{ID: 1, Activity: "copying a", Finished: true}, want: "downloading b (1.0 of 1.5 MiB)"},
		{event: nixeval.Event{ID: 2, Activity: "downloading b", Finished: true}, want: "evaluating"},
		{event: nixeval.Event{ID: 2, Activity: "downloading b", Finished: true}, parts: facts.Progress{LeftOut: 2}, want: "without 2 parts that fail: evaluating"},
		{parts: facts.Progress{LeftOut: 1}, want: "without 1 part that fails: evaluating"},
		{parts: facts.Progress{LeftOut: 2, Left: 17}, want: "17 parts to explain: evaluating"},
		{event: nixeval.Event{ID: 3, Kind: "builds", Activity: "builds"}, want: "evaluating"},
		{event: nixeval.Event{ID: 3, Kind: "builds", Activity: "building", Done: 1, Expected: 4}, want: "building (1 of 4)"},
	} {
		p.event(test.event)
		p.part(test.parts)
		if got := p.text(3 * time.Second); got != "nix (3 s): "+test.want {
			t.Errorf("%d: %s, want %s", i, got, test.want)
		}
	}
}

// An interrupt is answered at once, however long Nix takes to end.
func TestStopping(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	began, nix := filepath.Join(dir, "began"), filepath.Join(dir, "nix")
	if err := os.WriteFile(nix, []byte("#!/bin/sh\ntouch "+began+"\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("SKIP: no terminal to test with: %v", err)
	}
	defer screen.Close()
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(screen)
		shown <- string(text)
	}()
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(began); err == nil {
				interrupt()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	code := Run(ctx, []string{"clanctl", "eval", "--nix", nix, "--flake", "../../examples/homelab"}, io.Discard, terminal)
	terminal.Close()
	text := <-shown
	if code != exitInterrupted || !strings.HasSuffix(text, eraseLine+"clanctl: stopping\r\nclanctl: interrupted\r\n") {
		t.Errorf("exit code %d, shown is %q", code, text)
	}
}
