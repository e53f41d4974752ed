// Package cachedir knows directories that hold what programs trust: nobody else may put anything into them.
package cachedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrUnsafe: others own a directory or may write to it, or it is a link; it is not used.
var ErrUnsafe = errors.New("unsafe directory")

// Of is a program's directory in the user's cache directory (XDG_CACHE_HOME). It may be deleted at any time.
func Of(program string) (string, error) {
	parent, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(parent) {
		// HOME is: a cache in each working directory
		return "", fmt.Errorf("the user's cache directory is relative: %s", parent)
	}
	return filepath.Join(parent, program), nil
}

// Check makes sure that a directory is there, makes it if need be, and that nobody else can put anything into
// it. The error is [ErrUnsafe] where others could have, and the file system's own where it cannot be made.
func Check(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	reason := ""
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		reason = "it is a link"
	case !info.IsDir():
		reason = "it is no directory"
	case !OwnedByUs(info):
		reason = "another user owns it"
	case info.Mode().Perm()&0o022 != 0:
		reason = "others may write to it"
	default:
		// Whoever may write to a directory above could put another in this one's place.
		for above := filepath.Dir(dir); ; above = filepath.Dir(above) {
			if info, err := os.Stat(above); err == nil && info.Mode().Perm()&0o002 != 0 &&
				info.Mode()&fs.ModeSticky == 0 {
				reason = "everybody may write to " + above
				break
			}
			if above == filepath.Dir(above) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %s is not used: %s", ErrUnsafe, dir, reason)
}

// OwnedByUs reports whether a file belongs to the user that this program runs as.
func OwnedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}
