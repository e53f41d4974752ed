package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const quiet, most = 50 * time.Millisecond, 300 * time.Millisecond

// changed reports whether Wait sees a change soon after do.
func changed(t *testing.T, f *Files, do func() error) bool {
	t.Helper()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*quiet)
	defer cancel()
	err := f.Wait(ctx, quiet, most)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return err == nil
}

func set(t *testing.T, f *Files, want bool, directories ...Directory) {
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
	set(t, f, true, Directory{Path: dir}, Directory{Path: sub}) // sub is not there yet
	set(t, f, false, Directory{Path: dir})
	for name, test := range map[string]struct {
		do   func() error
		want bool
	}{
		"nothing": {func() error { return nil }, false},
		"file":    {write(filepath.Join(dir, "file")), true},
		"mode":    {func() error { return os.Chmod(filepath.Join(dir, "file"), 0o600) }, false},
		"rename":  {func() error { return os.Rename(filepath.Join(dir, "file"), filepath.Join(dir, "file")+"2") }, true},
		"subdir":  {func() error { return os.Mkdir(sub, 0o755) }, true},
	} {
		if name == "mode" || name == "rename" {
			if err := write(filepath.Join(dir, "file"))(); err != nil {
				t.Fatal(err)
			}
			changed(t, f, func() error { return nil })
		}
		if got := changed(t, f, test.do); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	// Only some names of a directory; the other directory no longer.
	set(t, f, true, Directory{Path: sub, Only: []string{"index"}})
	for path, want := range map[string]bool{filepath.Join(sub, "index"): true, filepath.Join(sub, "index.lock"): false, filepath.Join(dir, "file"): false} {
		if got := changed(t, f, write(path)); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	// A directory that went and came again is a new one.
	if !changed(t, f, func() error { return os.RemoveAll(sub) }) {
		changed(t, f, func() error { return nil })
	}
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	set(t, f, true, Directory{Path: sub})
	if !changed(t, f, write(filepath.Join(sub, "again"))) {
		t.Error("what is in a directory that came again is not seen")
	}
}

// Changes without an end are told of all the same.
func TestEndlessChanges(t *testing.T) {
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := t.TempDir()
	set(t, f, true, Directory{Path: dir})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for ctx.Err() == nil {
			_ = os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
			time.Sleep(quiet / 10)
		}
	}()
	start := time.Now()
	if err := f.Wait(t.Context(), quiet, most); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < most || took > 10*most {
		t.Errorf("took %v", took)
	}
}

func TestLimit(t *testing.T) {
	var limit *LimitError
	if err := explain(fmt.Errorf("x: %w", syscall.ENOSPC)); !errors.As(err, &limit) || limit.Hint() == "" || !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if err := explain(syscall.EPERM); errors.As(err, &limit) || !errors.Is(err, syscall.EPERM) {
		t.Error(err)
	}
}
