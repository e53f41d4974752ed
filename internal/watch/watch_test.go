package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/hint"
)

const quiet, most = 50 * time.Millisecond, 300 * time.Millisecond

// changed reports whether Wait sees a change after do. One that is expected may take its time, on a machine
// that is busy.
func changed(t *testing.T, f *Files, expected bool, do func() error) bool {
	t.Helper()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	patience := 10 * quiet
	if expected {
		patience = time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := f.Wait(ctx, quiet, most)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return err == nil
}

func set(t *testing.T, f *Files, want bool, directories ...filetree.Directory) {
	t.Helper()
	if added, err := f.Set(directories); err != nil || added != want {
		t.Errorf("added %t, %v", added, err)
	}
}

func TestFiles(t *testing.T) {
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	write := func(path string) func() error {
		return func() error { return os.WriteFile(path, []byte(time.Now().String()), 0o644) }
	}
	set(t, f, true, filetree.Directory{Path: dir}, filetree.Directory{Path: sub}) // sub is not there yet
	set(t, f, false, filetree.Directory{Path: dir})
	for name, test := range map[string]struct {
		do   func() error
		want bool
	}{
		"nothing": {func() error { return nil }, false},
		"file":    {write(filepath.Join(dir, "file")), true},
		"mode":    {func() error { return os.Chmod(filepath.Join(dir, "file"), 0o600) }, false},
		"rename": {func() error { return os.Rename(filepath.Join(dir, "file"), filepath.Join(dir, "file")+"2") },
			true},
		"subdir": {func() error { return os.Mkdir(sub, 0o755) }, true},
	} {
		if name == "mode" || name == "rename" {
			if err := write(filepath.Join(dir, "file"))(); err != nil {
				t.Fatal(err)
			}
			changed(t, f, false, func() error { return nil })
		}
		if got := changed(t, f, test.want, test.do); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	// Only some names of a directory; the other directory no longer.
	set(t, f, true, filetree.Directory{Path: sub, Only: []string{"index"}})
	for path, want := range map[string]bool{filepath.Join(sub, "index"): true, filepath.Join(sub, "index.lock"): false,
		filepath.Join(dir, "file"): false} {
		if got := changed(t, f, want, write(path)); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	// A directory that went and came again is a new one.
	if !changed(t, f, true, func() error { return os.RemoveAll(sub) }) {
		changed(t, f, false, func() error { return nil })
	}
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	set(t, f, true, filetree.Directory{Path: sub})
	if !changed(t, f, true, write(filepath.Join(sub, "again"))) {
		t.Error("what is in a directory that came again is not seen")
	}
}

// Wait returns a while after the last change; changes without an end do not keep it.
func TestWaitUntilQuiet(t *testing.T) {
	for name, test := range map[string]struct {
		changes int
		want    time.Duration
	}{
		"one":     {1, quiet},
		"several": {3, 2*quiet/10 + quiet},
		"endless": {1000, most},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &Files{watcher: &fsnotify.Watcher{Events: make(chan fsnotify.Event), Errors: make(chan error)}}
				go func() {
					for range test.changes {
						select {
						case f.watcher.Events <- fsnotify.Event{Name: "file", Op: fsnotify.Write}:
						case <-t.Context().Done():
							return
						}
						time.Sleep(quiet / 10)
					}
				}()
				start := time.Now()
				if err := f.Wait(t.Context(), quiet, most); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != test.want {
					t.Errorf("took %v, want %v", took, test.want)
				}
			})
		})
	}
}

// Trees that cannot be followed from the start are an error: nothing would ever wake the watch up.
func TestTreesUnlisted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := Trees(ctx, []filetree.Source{{Root: t.TempDir(), Git: true}}, func() ([]filetree.Source, error) {
		t.Error("what is not watched is read")
		return nil, nil
	})
	if err == nil || ctx.Err() != nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
}

func TestLimit(t *testing.T) {
	var limit *hint.Error
	if err := explain(fmt.Errorf("x: %w", syscall.ENOSPC)); !errors.As(err, &limit) || limit.Hint() == "" ||
		!errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if err := explain(syscall.EPERM); errors.As(err, &limit) || !errors.Is(err, syscall.EPERM) {
		t.Error(err)
	}
}
