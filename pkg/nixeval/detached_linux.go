package nixeval

import "syscall"

// detached puts a process into a group of its own that can be killed as a whole, without a terminal on which somebody could be
// asked for a password, and never answer. If clanctl itself is killed, the system kills the process, too (and Nix has its own
// children killed with it in the same way).
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
