package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/clanctl/clanctl/internal/hint"
)

// temporary is the name of the file that is written beside. There is one at most, for there is one writer at most; what
// a writer left that was killed, the next one overwrites.
const temporary = ".inventory.json.new"

// writable reports early what would stop the write.
func writable(path string) error {
	dir := filepath.Dir(path)
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s cannot be written: its directory: %w", path, err)
	}
	if err := unix.Access(path, unix.W_OK); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}

// replace puts a text in the place of a file: whoever reads the file, and whenever this process dies, finds the old
// text or the new. Owner, group and permissions stay. unless is called last: its error leaves everything as it was.
func replace(path string, text []byte, unless func() error) (err error) {
	dir := filepath.Dir(path)
	temp := filepath.Join(dir, temporary)
	_ = os.Remove(temp)
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	info, err := os.Stat(path)
	if err == nil {
		// Whoever may write the file need not own it; then it becomes theirs, as with git.
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && file.Chown(int(stat.Uid), int(stat.Gid)) != nil {
			_ = file.Chown(-1, int(stat.Gid))
		}
		err = file.Chmod(info.Mode().Perm())
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err == nil {
		_, err = file.Write(text)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err = unless(); err != nil {
		return err
	}
	if err = os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) { // some file systems cannot
		return err
	}
	return nil
}

// unchanged reports a conflict if the file is no longer what was read, or, where the check counts, another one that the
// clan was read from.
func (s *Store) unchanged(ctx context.Context, checked bool) error {
	var changed []string
	text, err := os.ReadFile(s.path)
	missing := errors.Is(err, os.ErrNotExist)
	switch {
	case err != nil && !missing:
		return err
	case missing != s.missing || !bytes.Equal(text, s.original):
		changed = []string{s.path}
	case checked:
		if changed, err = s.trees.Changed(ctx); err != nil {
			return err
		}
		changed = slices.DeleteFunc(changed, func(file string) bool { // which are ours
			return file == s.path || file == filepath.Join(filepath.Dir(s.path), temporary)
		})
	}
	if len(changed) == 0 {
		return nil
	}
	return conflict(changed)
}

// conflict is the error that files have changed.
func conflict(changed []string) error {
	what := changed[0]
	if more := len(changed) - 1; more > 0 {
		what += fmt.Sprintf(" (and %d more)", more)
	}
	return &hint.Error{Text: what + " changed since it was read; nothing was written",
		Advice: "review what changed, then run the command again", Err: ErrConflict}
}
