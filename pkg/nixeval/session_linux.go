package nixeval

import "syscall"

// session puts a process into a session of its own: a group that can be killed as a whole, and no terminal on which somebody could be
// asked for a password, and never answer. If clanctl itself is killed, the system kills the process, too (and Nix has its own
// children killed with it in the same way).
func session() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
