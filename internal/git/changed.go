package git

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"syscall"
)

// ChangedFiles are the files that differ from one commit to another, or to the work tree where that is empty:
// tracked ones only, as Nix sees them. The names are relative to the top and sorted. A commit that cannot be
// read is a [*RevisionError].
//
// Files of the work tree are compared byte by byte: git itself would run filters on them.
func (r Repo) ChangedFiles(ctx context.Context, old, new string) ([]string, error) {
	before, err := r.listTree(ctx, old, "-r")
	if err != nil {
		return nil, err
	}
	var after map[string]blob
	if new != "" {
		after, err = r.listTree(ctx, new, "-r")
	} else {
		after, err = r.workTree(ctx, before)
	}
	if err != nil {
		return nil, err
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for path, b := range before {
		if after[path] == b {
			delete(all, path)
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// workTree are the tracked files as they are on disk. A submodule is what it was.
func (r Repo) workTree(ctx context.Context, before map[string]blob) (map[string]blob, error) {
	entries, err := r.Index(ctx)
	if err != nil {
		return nil, err
	}
	top, err := os.OpenRoot(string(r))
	if err != nil {
		return nil, err
	}
	defer top.Close()
	files := map[string]blob{}
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b, was := before[e.Path]
		if !e.IsSubmodule() {
			b, err = onDisk(top, e.Path, len(e.Blob))
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
				continue
			}
			if err != nil {
				return nil, err
			}
		} else if !was {
			b = blob{e.Mode, e.Blob}
		}
		files[e.Path] = b
	}
	return files, nil
}

// onDisk is a file as git would have it without filters. digits is the length of the repository's hashes.
func onDisk(top *os.Root, path string, digits int) (blob, error) {
	info, err := top.Lstat(path)
	if err != nil {
		return blob{}, err
	}
	var h hash.Hash
	if h = sha1.New(); digits == 2*sha256.Size {
		h = sha256.New()
	}
	b := blob{mode: "100644"}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := top.Readlink(path)
		if err != nil {
			return blob{}, err
		}
		b.mode = "120000"
		fmt.Fprintf(h, "blob %d\x00%s", len(target), target)
	case info.Mode().IsRegular():
		// Should it have become a pipe just now, that is read as empty.
		file, err := top.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return blob{}, err
		}
		defer file.Close()
		if info.Mode()&0o100 != 0 {
			b.mode = "100755"
		}
		fmt.Fprintf(h, "blob %d\x00", info.Size())
		if _, err := io.Copy(h, file); err != nil {
			return blob{}, err
		}
	default:
		return blob{mode: "other"}, nil
	}
	b.hash = fmt.Sprintf("%x", h.Sum(nil))
	return b, nil
}
