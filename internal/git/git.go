// Package git runs git. It is the only one that does, so that what it promises holds everywhere: nothing that
// a checkout's configuration, attributes or hooks name is run, nothing is fetched, and nothing is written
// that was not asked for. [Repo.Commit] is the one exception: that is the user's own `git commit`.
package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/clanctl/clanctl/internal/process"
)

// Repo is a git repository, by the top of one of its work trees.
type Repo string

// Error is a command of git's that failed, so that what was asked is not known. It matches the context's
// error where that ended it.
type Error struct {
	// Command is git's name of it.
	Command string
	// Said is what git said on standard error, or on standard output.
	Said string
	Err  error
}

func (e *Error) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("git %s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("git %s: %v: %s", e.Command, e.Err, e.Said)
}

// Unwrap returns an [*exec.ExitError], the context's error, or why git does not run.
func (e *Error) Unwrap() error { return e.Err }

// saidNo reports whether git answered with exit code 1 and no message, which is how its plumbing says no.
func saidNo(err error) bool {
	failed, is := errors.AsType[*Error](err)
	exit, ended := errors.AsType[*exec.ExitError](err)
	return is && failed.Said == "" && ended && exit.ExitCode() == 1
}

// run runs a command that runs no other program: see environment. One that uses filters needs [Repo.Programs].
func (r Repo) run(ctx context.Context, programs []Setting, args ...string) (string, error) {
	cmd := r.command(ctx, args...)
	cmd.Env = environment(programs)
	return finish(ctx, cmd, process.Ending{}, args[0])
}

// command is git in the repository. Paths are names, not patterns.
func (r Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	global := []string{"-C", string(r), "--no-pager"}
	if args[0] != "check-ignore" { // which knows no patterns, and refuses this
		global = append(global, "--literal-pathspecs")
	}
	return exec.CommandContext(ctx, "git", append(global, args...)...)
}

// finish runs git to its end. It gets SIGTERM when the context ends, or this program dies: then it removes
// its own locks.
func finish(ctx context.Context, cmd *exec.Cmd, ending process.Ending, name string) (string, error) {
	ending.Signal, ending.Orphaned, ending.Grace = syscall.SIGTERM, syscall.SIGTERM, grace
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := ending.Run(cmd)
	if err == nil {
		return stdout.String(), nil
	}
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	return "", &Error{Command: name, Said: strings.TrimSpace(stderr.String() + stdout.String()), Err: err}
}

// grace is how long git and its children may take to end.
const grace = 2 * time.Second
