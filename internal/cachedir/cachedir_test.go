package cachedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "new", "cache")
	if err := Check(good); err != nil {
		t.Error(err)
	}
	file, link, open, below := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "open"),
		filepath.Join(dir, "open", "below")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(good, link), os.MkdirAll(below, 0o700),
		os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{link, open, below} {
		if err := Check(bad); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := Check(file); err == nil || errors.Is(err, ErrUnsafe) {
		t.Errorf("a file: %v", err)
	}
	// Sticky, as /tmp is: others may not replace what is ours.
	if err := errors.Join(os.Chmod(open, 0o777|fs.ModeSticky), Check(below)); err != nil {
		t.Error(err)
	}
}

// With a relative HOME there would be a cache in each working directory.
func TestRelativeHome(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "home")
	if dir, err := Of("program"); err == nil {
		t.Errorf("the cache is in %s", dir)
	}
}
