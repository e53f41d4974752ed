package process

import "syscall"

// setOrphaned has the system send a signal to the process if this program dies before it.
func setOrphaned(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }
