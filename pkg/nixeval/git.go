package nixeval

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// git asks git about a work tree. It gets no more of the environment than Nix does, no terminal, and ends with the context.
func git(ctx context.Context, root string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...)
	cmd.Env = harmlessGit(environment(os.Environ()))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = defaultGrace
	return cmd.Output()
}
