//go:build !linux

package process

import "syscall"

// setOrphaned does nothing: only Linux has such a signal.
func setOrphaned(*syscall.SysProcAttr, syscall.Signal) {}
