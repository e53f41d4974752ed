package nixeval

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// git asks git about a work tree and returns what it prints, without the last newline. It takes no locks that are not needed, gets no more
// of the environment than Nix does and no terminal, and ends with the context.
func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...)
	cmd.Env = harmlessGit(environment(os.Environ()))
	cmd.SysProcAttr = detached()
	cmd.WaitDelay = defaultGrace
	runtime.LockOSThread() // see runOnce
	defer runtime.UnlockOSThread()
	out, err := cmd.Output()
	return strings.TrimSuffix(string(out), "\n"), err
}
