package filetree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Stamp is what lstat says that changes with every edit; ctime cannot be set back.
type Stamp struct {
	mode         uint32
	ino, dev     uint64
	size         int64
	mtime, ctime int64
}

// Before reports whether the last change was surely before a time, whatever the file system's clock tick:
// some count whole seconds, the others at most hundredths.
func (s Stamp) Before(when time.Time) bool {
	slack := int64(50 * time.Millisecond)
	if s.ctime%int64(time.Second) == 0 {
		slack = int64(2 * time.Second)
	}
	return s.ctime+slack < when.UnixNano()
}

// IsDir reports whether it is a directory's.
func (s Stamp) IsDir() bool { return s.mode&unix.S_IFMT == unix.S_IFDIR }

func (s Stamp) isRegular() bool { return s.mode&unix.S_IFMT == unix.S_IFREG }

func (s Stamp) isLink() bool { return s.mode&unix.S_IFMT == unix.S_IFLNK }

func stampOf(st *unix.Stat_t) Stamp {
	//nolint:unconvert // the types differ between systems
	return Stamp{mode: uint32(st.Mode), ino: st.Ino, dev: uint64(st.Dev), size: st.Size,
		mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano()}
}

// Lstat looks at a file; at a symlink itself.
func Lstat(path string) (Stamp, error) { return look(path, "lstat", unix.Lstat) }

// Stat looks at a file; at what a symlink leads to.
func Stat(path string) (Stamp, error) { return look(path, "stat", unix.Stat) }

// fstat looks at a file that is open.
func fstat(fd int, path string) (Stamp, error) {
	return look(path, "stat", func(_ string, st *unix.Stat_t) error { return unix.Fstat(fd, st) })
}

func look(path, op string, stat func(string, *unix.Stat_t) error) (Stamp, error) {
	var st unix.Stat_t
	if err := stat(path, &st); err != nil {
		return Stamp{}, &fs.PathError{Op: op, Path: path, Err: err}
	}
	return stampOf(&st), nil
}

// Stamps looks at what the files of a directory are or lead to. The bytes are the same as long as all names and stamps
// are. More files than most are an error.
func Stamps(path string, most int) ([]byte, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(most + 1)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case len(names) > most:
		return nil, fmt.Errorf("there are more than %d files", most)
	}
	slices.Sort(names)
	c := codec{b: make([]byte, 0, len(names)*64), writes: true}
	fd, last := int(dir.Fd()), Stamp{}
	for _, name := range names {
		var st unix.Stat_t
		if unix.Fstatat(fd, name, &st, 0) == nil { // a link to nowhere is none
			stamp := stampOf(&st)
			c.string(&name)
			c.stamp(&stamp, &last)
			last = stamp
		}
	}
	return c.b, nil
}

// Looks are files that were looked at. Where nothing of them is changed since, they are equal.
type Looks []looked

// looked is one of them, with the zero stamp if it is not there.
type looked struct {
	path  string
	stamp Stamp
}

// Note notes a file, and what it is a link to.
func (l *Looks) Note(path string) (Stamp, error) {
	stamp, err := Lstat(path)
	l.add(path, stamp)
	if stamp.isLink() {
		stamp, err = Stat(path)
		l.add(path, stamp)
	}
	return stamp, err
}

// Read notes a file and reads it. One of a kind that could make the reader wait is [ErrUnknown].
func (l *Looks) Read(path string) ([]byte, error) {
	stamp, err := l.Note(path)
	if err != nil {
		return nil, err
	}
	if !stamp.IsDir() && !stamp.isRegular() && path != os.DevNull {
		return nil, fmt.Errorf("%w: %s is no file", ErrUnknown, path)
	}
	return os.ReadFile(path)
}

// add notes also the directory in which a file could be that is not there, so that one that comes and goes is noticed.
// Where that is not there either, it is the one above. The user's home is not noted: it changes all the time, and Nix
// itself makes directories there.
func (l *Looks) add(path string, stamp Stamp) {
	*l = append(*l, looked{path, stamp})
	if (stamp != Stamp{}) {
		return
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if dir == filepath.Clean(os.Getenv("HOME")) {
			return
		}
		if stamp, err := Stat(dir); err == nil {
			*l = append(*l, looked{dir, stamp})
			return
		}
	}
}

// QuietSince reports whether nothing of them was changed at or after a time.
func (l Looks) QuietSince(when time.Time) bool {
	return !slices.ContainsFunc(l, func(f looked) bool { return !f.stamp.Before(when) })
}
