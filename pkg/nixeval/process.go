package nixeval

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/process"
)

// run is what one process left behind.
type run struct {
	logReader
	stdout []byte
	// err is what ended it badly: an *exec.ExitError, the context's cause, or that it could not be started.
	err error
}

const defaultGrace = 2 * time.Second

// run runs Nix, and again a few times if its own database was busy with another Nix.
func (e *Evaluator) run(ctx context.Context, env, args []string, onPart func([]string, string)) (*run, error) {
	for pause := firstPause; ; pause *= 2 {
		r, err := e.runOnce(ctx, env, args, onPart)
		if err == nil || !r.databaseBusy() || pause > lastPause {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, err
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// The pauses between attempts double: together they are some three seconds.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 1600 * time.Millisecond
)

// busyMessage is the whole of what Nix says when SQLite had no turn for it.
var busyMessage = lazyregexp.New(`^SQLite database '[^']*' is busy(?: \(SQLITE_PROTOCOL\))?$`)

// databaseBusy reports whether this, and nothing else, was the error.
func (r *run) databaseBusy() bool {
	busy := false
	for _, event := range r.events {
		if event.Message != "" {
			if !busyMessage.MatchString(event.Message) {
				return false
			}
			busy = true
		}
	}
	return busy
}

// runOnce starts Nix in a group of its own and waits for its end. Whatever happens, no process of its group is left.
// (Nix has its own children killed with it.)
func (e *Evaluator) runOnce(ctx context.Context, env, args []string, onPart func([]string, string)) (*run, error) {
	r := &run{logReader: logReader{onEvent: e.log, onPart: onPart}}
	if r.err = ctx.Err(); r.err != nil {
		return r, r.err
	}
	cmd := exec.CommandContext(ctx, e.nix(), args...)
	cmd.Env, cmd.Dir = env, e.Dir
	stdout := bounded{room: maxAnswer}
	cmd.Stdout, cmd.Stderr = &stdout, &r.logReader
	stdout.end = func() { process.Kill(cmd) }
	if e.Logger != nil {
		e.Logger.DebugContext(ctx, "run nix", "argv", cmd.Args)
	}
	if e.OnCommand != nil {
		e.OnCommand(cmd.Args)
	}
	r.err = e.ending().Run(cmd)
	r.end()
	if stdout.room < 0 {
		r.err = errTooLarge
	}
	r.stdout = stdout.text()
	return r, r.err
}

// ending is how Nix ends before it is done.
func (e *Evaluator) ending() process.Ending {
	return process.Ending{Signal: syscall.SIGINT, Grace: cmp.Or(e.Grace, defaultGrace), Orphaned: syscall.SIGKILL}
}

// maxAnswer is far more than any clan's facts take, and less than would fill a machine.
var maxAnswer = 512 << 20

var errTooLarge = errors.New("too large")

// bounded keeps what is written, up to a limit; then it ends who writes. It keeps pieces, so that a large answer is
// copied once, and not each time that it has doubled.
type bounded struct {
	pieces [][]byte
	last   bytes.Buffer
	room   int
	end    func()
}

const pieceSize = 4 << 20

func (b *bounded) Write(p []byte) (int, error) {
	if b.room -= len(p); b.room < 0 {
		b.pieces, b.last = nil, bytes.Buffer{}
		b.end()
		return 0, errTooLarge
	}
	if b.last.Len()+len(p) > pieceSize && b.last.Len() > 0 {
		b.pieces, b.last = append(b.pieces, b.last.Bytes()), bytes.Buffer{}
		b.last.Grow(pieceSize)
	}
	return b.last.Write(p)
}

// text is all that was written; it ends the collection.
func (b *bounded) text() []byte {
	if len(b.pieces) == 0 {
		return b.last.Bytes()
	}
	text := slices.Concat(append(b.pieces, b.last.Bytes())...)
	b.pieces, b.last = nil, bytes.Buffer{}
	return text
}
