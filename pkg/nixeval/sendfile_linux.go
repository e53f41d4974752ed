package nixeval

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// sendFile has the system copy the next bytes of a file to another, at most n, and returns how many it did: fewer where
// it can't, or the other takes no more. A pipe gets the pages of the file themselves, and nothing may change these in
// place: a file of the cache is replaced, never written again.
func sendFile(to, from *os.File, n int64) (sent int64) {
	out, err := to.SyscallConn()
	if err != nil {
		return 0
	}
	_ = out.Write(func(fd uintptr) bool {
		for sent < n {
			some, err := unix.Sendfile(int(fd), int(from.Fd()), nil, int(min(n-sent, 1<<30)))
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if errors.Is(err, unix.EAGAIN) {
				return false // again when it can be written
			}
			if err != nil || some == 0 {
				break
			}
			sent += int64(some)
		}
		return true
	})
	return sent
}
