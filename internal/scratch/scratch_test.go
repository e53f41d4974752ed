package scratch

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

func exists(path string) bool { _, err := os.Lstat(path); return err == nil }

func TestSweep(t *testing.T) {
	parent := t.TempDir()
	held, err := NewDir(parent, "tmp-")
	if err != nil {
		t.Fatal(err)
	}
	heldFile, err := NewFile(parent, "tmp-")
	if err != nil {
		t.Fatal(err)
	}
	defer heldFile.Close()
	for _, name := range []string{"tmp-left/a/b", "other/a"} {
		if err := os.MkdirAll(filepath.Join(parent, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tmp-file", "target"} {
		if err := os.WriteFile(filepath.Join(parent, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(parent, "target"), filepath.Join(parent, "tmp-link")); err != nil {
		t.Fatal(err)
	}
	Sweep(parent, "tmp-")
	for path, want := range map[string]bool{held.Path: true, heldFile.Name(): true, "other": true, "target": true,
		"tmp-link": true, "tmp-left": false, "tmp-file": false} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(parent, path)
		}
		if exists(path) != want {
			t.Errorf("%s is there: %v", path, !want)
		}
	}
	if info, err := os.Stat(held.Path); err != nil || info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	held.Remove()
	if exists(held.Path) {
		t.Error("it is not removed")
	}
}

// What a killed process leaves is removed, and what a living one has is not.
func TestSweepAfterKill(t *testing.T) {
	if dir := os.Getenv("SCRATCH_TEST_DIR"); dir != "" {
		held, err := NewDir(dir, "tmp-")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "ready"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		// It is killed here. Waiting for nothing would end it: Go calls that a deadlock; and what nobody uses
		// any more gets closed.
		_, _ = io.Copy(io.Discard, os.Stdin)
		runtime.KeepAlive(held)
		return
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run", "^TestSweepAfterKill$")
	child.Env = append(os.Environ(), "SCRATCH_TEST_DIR="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dir, "ready")) {
	}
	left := func() int {
		names, _ := filepath.Glob(filepath.Join(dir, "tmp-*"))
		return len(names)
	}
	if Sweep(dir, "tmp-"); left() != 1 {
		t.Error("the directory of a living process is gone")
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if Sweep(dir, "tmp-"); left() != 0 {
		t.Error("the directory of a dead process is still there")
	}
}

// Makers and sweepers at once: nobody loses what they hold.
func TestSweepRace(t *testing.T) {
	dir := t.TempDir()
	stop := make(chan struct{})
	var sweepers, makers sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					Sweep(dir, "tmp-")
				}
			}
		})
	}
	for range 4 {
		makers.Go(func() {
			for range 200 {
				d, err := NewDir(dir, "tmp-")
				if err != nil {
					t.Error(err)
					return
				}
				file := filepath.Join(d.Path, "file")
				if err := os.WriteFile(file, nil, 0o600); err != nil || !exists(file) {
					t.Errorf("%v", err)
				}
				d.Remove()
			}
		})
	}
	makers.Wait()
	close(stop)
	sweepers.Wait()
}
