package nixeval

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrUnsafeDir: others own a directory or may write to it, or it is a link; it is not used.
var ErrUnsafeDir = errors.New("unsafe directory")

// CheckCacheDir tells whether a directory can hold the cache; one that is not there yet is made. The error is [ErrUnsafeDir] where
// others could have put something there, and the file system's own where it cannot be made. An [Evaluator] works with any
// CacheDir, but keeps nothing where this fails.
func CheckCacheDir(dir string) error {
	_, err := openCacheFiles(dir)
	return err
}

// ours makes sure that a directory is there and that nobody else can put anything into it.
func ours(dir string) error {
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
	case !ownedByUs(info):
		reason = "somebody else owns it"
	case info.Mode().Perm()&0o022 != 0:
		reason = "others may write to it"
	default:
		// Whoever may write to a directory above could put another in this one's place.
		for above := filepath.Dir(dir); ; above = filepath.Dir(above) {
			if info, err := os.Stat(above); err == nil && info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
				reason = "everybody may write to " + above
				break
			}
			if above == filepath.Dir(above) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %s is not used: %s", ErrUnsafeDir, dir, reason)
}
