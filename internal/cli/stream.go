package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
	xterm "golang.org/x/term"

	"github.com/clanctl/clanctl/internal/pager"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// stream is standard output or standard error, and what is known of where it leads. Goroutines may write to it at once.
type stream struct {
	w        io.Writer
	terminal *os.File // nil for anything else
	mutex    sync.Mutex
	// err is the first error of a write: the library that prints the help passes over it.
	err error
	// recording notes what is written, as standard error or as standard output.
	recording *recording
	isError   bool
	// pager is the one on standard output, for standard error on the same terminal.
	pager *pager.Pager
	// progress is shown for as long as something is asked of Nix.
	progress      *progress
	asking        int
	progressMutex sync.Mutex
	stopping      sync.Once
}

func newStream(w io.Writer, isError bool) *stream {
	s := &stream{w: guarded(w), isError: isError}
	if file, ok := w.(*os.File); ok && xterm.IsTerminal(int(file.Fd())) {
		s.terminal = file
	}
	return s
}

// isGuarded reports whether no workflow command may pass; letCommands has them pass from now on.
func (s *stream) isGuarded() bool { _, is := s.w.(*commandGuard); return is }

func (s *stream) letCommands() {
	if g, is := s.w.(*commandGuard); is {
		s.w = g.w
	}
}

// stdout and stderr are the streams of a command; [newApp] made them.
func stdout(c *cli.Context) *stream { return c.App.Writer.(*stream) }
func stderr(c *cli.Context) *stream { return c.App.ErrWriter.(*stream) }

func (s *stream) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.pager.Hold(p) {
		s.recording.record(p, s.isError)
		return len(p), nil
	}
	n, err := s.w.Write(p)
	if s.err == nil {
		s.err = err
	}
	s.recording.record(p[:n], s.isError)
	return n, err
}

// fleeting is the stream for what is gone again when the command ends.
func (s *stream) fleeting() io.Writer { return fleeting{s} }

type fleeting struct{ *stream }

func (f fleeting) Write(p []byte) (int, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.pager.Runs() {
		return len(p), nil
	}
	return f.w.Write(p)
}

// startProgress shows what Nix is doing until stopProgress was called as often.
func (s *stream) startProgress() *progress {
	s.progressMutex.Lock()
	defer s.progressMutex.Unlock()
	if s.asking++; s.asking == 1 {
		s.progress = startProgress(s.fleeting(), s.width(), time.Second)
	}
	return s.progress
}

func (s *stream) stopProgress() {
	s.progressMutex.Lock()
	defer s.progressMutex.Unlock()
	if s.asking--; s.asking == 0 {
		s.progress.stop()
		s.progress = nil
	}
}

// hushProgress takes what Nix is doing off the terminal, for something that stays.
func (s *stream) hushProgress() {
	s.progressMutex.Lock()
	defer s.progressMutex.Unlock()
	s.progress.hush()
}

// sayStopping tells people at once that their interrupt was heard.
func (s *stream) sayStopping() {
	if s.terminal != nil {
		s.stopping.Do(func() {
			s.hushProgress()
			fmt.Fprint(s.fleeting(), eraseLine+"clanctl: stopping\n")
		})
	}
}

// width is how wide a terminal is, and zero for anything else, where nothing is cut.
func (s *stream) width() int {
	if s.terminal == nil {
		return 0
	}
	if width, _, err := xterm.GetSize(int(s.terminal.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// color reports whether text on the stream is coloured, as --color says.
func (s *stream) color(c *cli.Context) bool {
	switch c.String("color") {
	case "always":
		return true
	case "never":
		return false
	}
	return s.terminal != nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// painter returns what colours text on the stream, as --color says.
func (s *stream) painter(c *cli.Context) painter {
	if s.color(c) {
		return textview.Colourful
	}
	return textview.Colourless
}

// printFindings writes findings as they look on the stream; source has the lines that they are about.
func (s *stream) printFindings(c *cli.Context, w io.Writer, source *sourceTree, findings []instance.Finding) {
	p := &textview.FindingPrinter{Out: w, Paint: s.painter(c), Line: source.line, Link: source.link(c, s),
		Width: s.width()}
	p.All(findings)
}

// shown is text from a flake as the stream may have it: whole for a program, escaped for a terminal.
func (s *stream) shown(text string) string {
	if s.terminal != nil {
		return term.Escape(text)
	}
	return text
}

// say writes a message to standard error.
func say(c *cli.Context, format string, args ...any) {
	fmt.Fprintln(stderr(c), fitted("clanctl: ", fmt.Sprintf(format, args...), stderr(c).width()))
}
