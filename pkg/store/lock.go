package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lock keeps other writers away from a source tree. It is on the tree's directory itself, so that it leaves nothing
// behind, and the kernel drops it with the process that has it.
type lock struct{ file *os.File }

// lockTree waits for the lock of a flake's tree, given by its top.
func lockTree(ctx context.Context, root string) (*lock, error) {
	file, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	l := &lock{file}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := unix.Flock(int(l.file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return l, nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
		case l.file == file:
			// Some network file systems lock no directories. Then a file of the user's own, which other machines do not
			// see.
			_ = file.Close()
			if l.file, err = lockFile(root); err != nil {
				return nil, fmt.Errorf("cannot lock %s: %w", root, err)
			}
			continue
		default:
			l.release()
			return nil, fmt.Errorf("cannot lock %s: %w", root, err)
		}
		select {
		case <-ctx.Done():
			l.release()
			return nil, fmt.Errorf("waiting for another writer of %s: %w", root, ctx.Err())
		case <-time.After(wait):
		}
	}
}

func lockFile(root string) (*os.File, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "clanctl", "locks")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, fmt.Sprintf("%x", sha256.Sum256([]byte(root)))), os.O_RDWR|os.O_CREATE, 0o600)
}

func (l *lock) release() { _ = l.file.Close() }
