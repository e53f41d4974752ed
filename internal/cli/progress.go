package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// progress shows on one line of a terminal what Nix is doing, once that takes longer than people like to wait in the
// dark.
type progress struct {
	w     io.Writer
	mutex sync.Mutex
	text  string
	shown bool
	done  chan struct{}
	ended sync.WaitGroup
}

const (
	progressEvery = 200 * time.Millisecond
	progressWidth = 79
	eraseLine     = "\r\x1b[K"
)

func startProgress(w io.Writer, after time.Duration) *progress {
	p := &progress{w: w, text: "evaluating", done: make(chan struct{})}
	p.ended.Go(func() {
		wait := time.NewTimer(after)
		defer wait.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-wait.C:
				p.show()
				wait.Reset(progressEvery)
			}
		}
	})
	return p
}

// event takes what Nix says that it is starting with.
func (p *progress) event(e nixeval.Event) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if e.Activity != "" && !e.Finished {
		p.text = e.Activity
	}
}

func (p *progress) show() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	line := []rune("nix: " + strings.ReplaceAll(term.Escape(p.text), "\n", " "))
	if len(line) > progressWidth {
		line = append(line[:progressWidth-3], []rune("...")...)
	}
	fmt.Fprint(p.w, eraseLine+string(line))
	p.shown = true
}

// stop ends the display and leaves no trace of it.
func (p *progress) stop() {
	close(p.done)
	p.ended.Wait()
	if p.shown {
		fmt.Fprint(p.w, eraseLine)
	}
}
