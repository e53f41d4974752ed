// Package watch waits for changes to the files of source trees.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/hint"
)

// Files watches directories. It is not safe for concurrent use.
type Files struct {
	watcher *fsnotify.Watcher
	only    map[string][]string
}

// New watches nothing yet. Close ends it.
func New() (*Files, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, explain(err)
	}
	return &Files{watcher: watcher, only: map[string][]string{}}, nil
}

// Close ends the watch.
func (f *Files) Close() error { return f.watcher.Close() }

// Set says which directories to watch from now on (their own files and subdirectories, not what is in these),
// and reports whether there are new ones among them: what happened in these before is not told. One that is
// not there is left out.
func (f *Files) Set(directories []filetree.Directory) (added bool, err error) {
	wanted := map[string]bool{}
	for _, d := range directories {
		wanted[d.Path] = true
		f.only[d.Path] = d.Only
	}
	watched := map[string]bool{}
	for _, path := range f.watcher.WatchList() {
		watched[path] = true
		if !wanted[path] {
			// It may be gone already.
			_ = f.watcher.Remove(path)
			delete(f.only, path)
		}
	}
	for path := range wanted {
		if watched[path] {
			continue
		}
		if err := f.watcher.Add(path); err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
				continue
			}
			return added, explain(err)
		}
		added = true
	}
	return added, nil
}

// Wait returns once something changed and then nothing for a while, since editors write in several steps; or
// after most, if changes do not end. The error is the context's.
func (f *Files) Wait(ctx context.Context, quiet, most time.Duration) error {
	var settled, late <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-settled:
			return nil
		case <-late:
			return nil
		case event, open := <-f.watcher.Events:
			if !open {
				return fsnotify.ErrClosed
			}
			if !f.matters(event) {
				continue
			}
		case _, open := <-f.watcher.Errors:
			if !open {
				return fsnotify.ErrClosed
			}
			// So much happened that events were lost: something changed.
		}
		settled = time.After(quiet)
		if late == nil {
			late = time.After(most)
		}
	}
}

func (f *Files) matters(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod {
		// Of a file's modes git and Nix know just one bit; but touching a file is no change, and indexers do
		// nothing else.
		return false
	}
	only := f.only[filepath.Dir(event.Name)]
	return len(only) == 0 || slices.Contains(only, filepath.Base(event.Name))
}

func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return hint.With(fmt.Errorf("cannot watch so many directories: %w", err),
			"on Linux, raise the limit: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512")
	}
	return fmt.Errorf("cannot watch files: %w", err)
}
