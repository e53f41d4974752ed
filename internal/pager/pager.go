// Package pager shows text that is longer than the screen with another program, as git does.
package pager

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// Pager is a writer for a terminal. What fits on the screen is written there in the end, without another program.
type Pager struct {
	// Wide: lines too long for the screen are not folded; the reader moves to where they go on.
	Wide bool

	terminal *os.File
	command  string
	// columns and rows are those of the screen.
	columns, rows int
	links         bool

	mutex   sync.Mutex
	screen  bytes.Buffer // the text so far, until the program runs
	program *exec.Cmd    // nil until then
	in      io.WriteCloser
	rest    []byte // of a sequence that is not complete
	// interrupts are taken and not heeded.
	interrupts chan os.Signal
	// aside is what the terminal gets once the program has ended: it would be in the midst of the text.
	aside bytes.Buffer
}

// ErrLeft: whoever reads has left the pager, and wants no more.
var ErrLeft = errors.New("the pager has ended")

// Command is the program that the environment names, in $CLANCTL_PAGER or $PAGER, or less; empty for none.
func Command() string {
	command := "less"
	for _, variable := range []string{"CLANCTL_PAGER", "PAGER"} {
		if value, set := os.LookupEnv(variable); set {
			command = strings.TrimSpace(value)
			break
		}
	}
	if command == "cat" {
		return ""
	}
	if program, _, _ := strings.Cut(command, " "); !strings.ContainsAny(program, "|&;<>()$`\\\"'*?[#~=%") {
		if _, err := exec.LookPath(program); err != nil {
			return ""
		}
	}
	return command
}

// New returns a pager for a terminal of a size. Without links it takes hyperlinks from what the program gets, since
// older ones show them as text.
func New(terminal *os.File, command string, columns, rows int, links bool) *Pager {
	return &Pager{terminal: terminal, command: command, columns: columns, rows: rows, links: links}
}

// Write keeps the text until it is longer than the screen, and then hands it to the program. The error is [ErrLeft]
// once that has ended.
func (p *Pager) Write(text []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.program != nil {
		return p.hand(text)
	}
	p.screen.Write(text)
	if p.rowsOf(p.screen.Bytes()) < p.rows || p.start() != nil {
		return len(text), nil
	}
	if _, err := p.hand(p.screen.Bytes()); err != nil {
		return 0, err
	}
	p.screen.Reset()
	return len(text), nil
}

// rowsOf is how many rows a text takes at most: what is invisible in it takes none.
func (p *Pager) rowsOf(text []byte) int {
	rows := 0
	for line := range bytes.Lines(text) {
		rows += 1 + (len(line)-1)/p.columns
	}
	return rows
}

// start runs the program. Where it cannot be run the text goes to the terminal.
func (p *Pager) start() error {
	program := exec.Command("sh", "-c", p.command)
	program.Stdout, program.Stderr = p.terminal, p.terminal
	program.Env = os.Environ()
	// Leave at the end of what fits, show colours, and leave the text on the screen. Of lines that are not folded, less
	// would leave the ends out.
	less := "FRX"
	if p.Wide {
		less = "RXS"
	}
	for name, value := range map[string]string{"LESS": less, "LV": "-c"} {
		if _, set := os.LookupEnv(name); !set {
			program.Env = append(program.Env, name+"="+value)
		}
	}
	in, err := program.StdinPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		p.rows = math.MaxInt
		return err
	}
	p.program, p.in = program, in
	// Interrupts are for the program as long as it has the terminal: two that read from one would be left otherwise.
	p.interrupts = make(chan os.Signal, 1)
	signal.Notify(p.interrupts, os.Interrupt)
	return nil
}

// hand gives the program text.
func (p *Pager) hand(text []byte) (int, error) {
	shown := append(p.rest, text...)
	p.rest = nil
	if cut := cutHyperlink.FindIndex(shown); cut != nil {
		p.rest, shown = bytes.Clone(shown[cut[0]:]), shown[:cut[0]]
	}
	if !p.links {
		shown = []byte(hyperlink.ReplaceAllString(string(shown), ""))
	}
	if _, err := p.in.Write(shown); err != nil {
		return 0, ErrLeft
	}
	return len(text), nil
}

var (
	// hyperlink is the beginning or the end of one, cutHyperlink such a sequence as far as it has come.
	hyperlink    = lazyregexp.New("\x1b\\]8;[^\x1b]*\x1b\\\\")
	cutHyperlink = lazyregexp.New("\x1b(?:\\](?:8(?:;[^\x1b]*\x1b?)?)?)?$")
)

// Hold keeps text for the terminal while there is other text in front of it that is not on the terminal yet, or in the
// program; false if there is none.
func (p *Pager) Hold(text []byte) bool {
	if p == nil {
		return false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.program == nil && p.screen.Len() == 0 {
		return false
	}
	p.aside.Write(text)
	return true
}

// Runs reports whether the program has the terminal.
func (p *Pager) Runs() bool {
	if p == nil {
		return false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.program != nil
}

// Finish shows what is left, and waits until the program ends.
func (p *Pager) Finish() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.program == nil {
		_, _ = p.terminal.Write(p.screen.Bytes())
	} else {
		_ = p.in.Close()
		_ = p.program.Wait() // what it ends with is between it and whoever reads
		signal.Stop(p.interrupts)
	}
	_, _ = p.terminal.Write(p.aside.Bytes())
}
