package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// progress shows on one line of a terminal what Nix is doing, once that takes longer than people like to wait in the
// dark.
type progress struct {
	w     io.Writer
	width int
	began time.Time
	done  chan struct{}
	ended sync.WaitGroup

	mutex sync.Mutex
	// activities are those of Nix that have not ended, in the order in which they began.
	activities []nixeval.Event
	parts      facts.Progress
	shown      bool
	hushed     bool
}

const (
	progressEvery = 200 * time.Millisecond
	eraseLine     = "\r\x1b[K"
)

func startProgress(w io.Writer, width int, after time.Duration) *progress {
	p := &progress{w: w, width: width, began: time.Now(), done: make(chan struct{})}
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

// event takes what Nix says that it begins, gets on with, or has ended.
func (p *progress) event(e nixeval.Event) {
	if e.Activity == "" {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	at := slices.IndexFunc(p.activities, func(a nixeval.Event) bool { return a.ID == e.ID })
	switch {
	case at < 0 && !e.Finished:
		p.activities = append(p.activities, e)
	case at >= 0 && e.Finished:
		p.activities = slices.Delete(p.activities, at, at+1)
	case at >= 0:
		p.activities[at] = e
	}
}

// part takes how far a clan is of which parts do not evaluate.
func (p *progress) part(now facts.Progress) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.parts = now
}

// text is what Nix is doing now, and what is left to do after it.
func (p *progress) text(after time.Duration) string {
	text := "evaluating"
	for _, now := range p.activities {
		isAll := now.Kind == "builds" || now.Kind == "copies" // which there are from the beginning
		if !isAll || now.Expected > 0 {
			text = now.Activity + amount(now)
		}
	}
	switch {
	case p.parts.Left > 0:
		text = textview.Count(p.parts.Left, "part") + " to explain: " + text
	case p.parts.LeftOut > 0:
		text = "without " + textview.Count(p.parts.LeftOut, "part") + " that fail: " + text
		if p.parts.LeftOut == 1 {
			text = strings.Replace(text, "fail:", "fails:", 1)
		}
	}
	return fmt.Sprintf("nix (%d s): %s", int(after.Seconds()), text)
}

// amount says how much of an activity is done, where that is known.
func amount(e nixeval.Event) string {
	switch {
	case e.Expected <= 0:
		return ""
	case e.Kind == "builds" || e.Kind == "copies":
		return fmt.Sprintf(" (%d of %d)", e.Done, e.Expected)
	}
	return fmt.Sprintf(" (%.1f of %.1f MiB)", float64(e.Done)/(1<<20), float64(e.Expected)/(1<<20))
}

func (p *progress) show() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.hushed {
		return
	}
	line := strings.ReplaceAll(term.Escape(p.text(time.Since(p.began))), "\n", " ")
	fmt.Fprint(p.w, eraseLine+displaywidth.TruncateString(line, p.width-1, "..."))
	p.shown = true
}

// hush takes the line away for good.
func (p *progress) hush() {
	if p == nil {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.hushed = true
	if p.shown {
		fmt.Fprint(p.w, eraseLine)
	}
	p.shown = false
}

// stop ends the display and leaves no trace of it.
func (p *progress) stop() {
	close(p.done)
	p.ended.Wait()
	p.hush()
}
