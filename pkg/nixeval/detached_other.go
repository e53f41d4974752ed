//go:build !linux

package nixeval

import "syscall"

// detached puts a process into a group of its own that can be killed as a whole, without a terminal on which somebody could be
// asked for a password, and never answer.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
