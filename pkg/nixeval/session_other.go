//go:build !linux

package nixeval

import "syscall"

// session puts a process into a session of its own: a group that can be killed as a whole, and no terminal on which somebody could be
// asked for a password, and never answer.
func session() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
