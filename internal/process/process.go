// Package process runs other programs so that they end when they should, with everything below them.
package process

import (
	"errors"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// Ending says how a program ends before it is done.
type Ending struct {
	// Signal is sent to the program and all below it when the context of its command ends; what is still
	// there after Grace is killed.
	Signal syscall.Signal
	Grace  time.Duration
	// Orphaned is the signal that the program gets if this one dies first (on Linux).
	Orphaned syscall.Signal
	// Background: what a program that ended by itself left running in the background may go on.
	Background bool
}

// Run starts a command that was made with [exec.CommandContext] and waits for its end. The command is in a
// session and process group of its own, so that it can be ended as a whole, and has no terminal on which it
// could ask for a password that nobody types.
func (e Ending) Run(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	setOrphaned(cmd.SysProcAttr, e.Orphaned)
	var ended atomic.Pointer[time.Timer]
	cmd.Cancel = func() error {
		ended.Store(time.AfterFunc(e.Grace, func() { Kill(cmd) }))
		return syscall.Kill(-cmd.Process.Pid, e.Signal)
	}
	// Then those that hold its pipes open are no longer waited for. On a busy machine it may be this program that is
	// late to read them.
	cmd.WaitDelay = e.Grace
	if !e.Background {
		cmd.WaitDelay += lateReader
	}
	// The system takes the end of the thread that started it for the end of this program (golang/go#27505).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	kill := ended.Load()
	if kill != nil {
		kill.Stop()
	}
	if kill != nil || !e.Background {
		Kill(cmd) // nobody of its group may stay behind
	}
	if e.Background && errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well, and what it left in the background holds the pipes
	}
	return err
}

// lateReader is how long the output of a program that has ended may wait to be read.
const lateReader = 20 * time.Second

// Kill kills a command that runs, and all below it.
func Kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
