// Package scratch makes temporary files and directories that do not outlive their makers: whoever makes one
// holds a lock on it, which the system releases when the process ends, however it ends. What nobody holds is
// left over, and Sweep removes it.
package scratch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Prefix begins the names of directories in places that are not ours alone, such as /tmp. Sweep removes
// whatever is so named.
const Prefix = "clanctl-scratch-"

// Dir is a temporary directory.
type Dir struct {
	Path string
	lock *os.File
}

// NewDir makes a directory for this user alone in parent (os.TempDir if that is empty), with a name that
// begins with prefix.
func NewDir(parent, prefix string) (*Dir, error) {
	for {
		path, err := os.MkdirTemp(parent, prefix)
		if err != nil {
			return nil, err
		}
		lock, err := hold(path, unix.O_DIRECTORY)
		if err == nil {
			return &Dir{path, lock}, nil
		}
		if !errors.Is(err, errTaken) {
			_ = os.RemoveAll(path)
			return nil, err
		}
	}
}

// Remove removes the directory, unless it has been renamed, and gives it up.
func (d *Dir) Remove() {
	_ = os.RemoveAll(d.Path)
	_ = d.lock.Close()
}

// NewFile makes a file for this user alone. The lock lasts until it is closed.
func NewFile(parent, prefix string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(parent, prefix)
		if err != nil {
			return nil, err
		}
		if err = confirm(f, f.Name()); err == nil {
			return f, nil
		}
		_ = f.Close()
		if !errors.Is(err, errTaken) {
			_ = os.Remove(f.Name())
			return nil, err
		}
	}
}

// errTaken: a Sweep has found it before it was locked.
var errTaken = errors.New("swept away")

// hold opens and locks what has just been made.
func hold(path string, flags int) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK|flags, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil, errTaken
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	if err := confirm(f, path); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// confirm locks an open file, and makes sure that it is still the one of that name.
func confirm(f *os.File, path string) error {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return errTaken
	}
	// A file system without locks: then nothing is swept away either.
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(path)
	if err != nil || !os.SameFile(mine, named) {
		return errTaken
	}
	return nil
}

// Sweep removes what was made in parent with that prefix by processes of this user that are gone.
func Sweep(parent, prefix string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			sweep(filepath.Join(parent, entry.Name()))
		}
	}
}

func sweep(path string) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || int(st.Uid) != os.Geteuid() || st.Mode&unix.S_IFMT != unix.S_IFDIR &&
		st.Mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = os.RemoveAll(path)
	}
}
