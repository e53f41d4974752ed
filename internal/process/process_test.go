package process

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// slowly takes its time to read.
type slowly struct {
	pause time.Duration
	text  string
}

func (s *slowly) Write(p []byte) (int, error) {
	time.Sleep(s.pause)
	s.text += string(p)
	return len(p), nil
}

// A program that ended well has its output read, however late this program comes to it: on a busy machine that was
// after the grace.
func TestOutputIsReadLate(t *testing.T) {
	const grace = 10 * time.Millisecond
	out := &slowly{pause: 20 * grace}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "echo one")
	cmd.Stdout = out
	if err := (Ending{Signal: syscall.SIGINT, Grace: grace}).Run(cmd); err != nil || out.text != "one\n" {
		t.Errorf("%q, %v", out.text, err)
	}
}

// One that takes no notice of a signal is killed after the grace, with the child that holds its output.
func TestKilledAfterGrace(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c",
		"trap '' INT TERM; sleep 1000 & echo ready; wait; wait; wait")
	ready := make(chan struct{})
	cmd.Stdout = onWrite(func() { close(ready) })
	ended := make(chan error)
	ending := Ending{Signal: syscall.SIGINT, Grace: 10 * time.Millisecond}
	go func() { ended <- ending.Run(cmd) }()
	<-ready
	began := time.Now()
	if err := cmd.Cancel(); err != nil {
		t.Fatal(err)
	}
	err := <-ended
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", err)
	}
	if took := time.Since(began); took > lateReader/2 {
		t.Errorf("it took %v", took)
	}
}

type onWrite func()

func (f onWrite) Write(p []byte) (int, error) { f(); return len(p), nil }
