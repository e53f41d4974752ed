package git

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Entry is a path in git's index.
type Entry struct {
	Path string
	// Mode is 100644, 100755, 120000 for a symlink or 160000 for a submodule; Blob the hash of the content as
	// it was added.
	Mode, Blob string
	// Unmerged: the path has a conflict; the first of its versions is given here.
	Unmerged bool
	// Skipped: the path is left out of the work tree on purpose (sparse checkout, skip-worktree). Assumed:
	// git was told not to look at the file (assume-unchanged). It takes no notice of changes to either.
	Skipped, Assumed bool
}

// IsSubmodule reports whether another repository is at the path.
func (e Entry) IsSubmodule() bool { return e.Mode == "160000" }

// Index lists what git tracks, or what of the given paths, each path once.
func (r Repo) Index(ctx context.Context, paths ...string) ([]Entry, error) {
	out, err := r.run(ctx, nil, append([]string{"ls-files", "--stage", "-v", "-z", "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, line := range lines(out) {
		about, path, tab := strings.Cut(line, "\t")
		words := strings.Fields(about) // tag, mode, blob, stage
		if !tab || len(words) != 4 {
			return nil, &Error{Command: "ls-files", Err: fmt.Errorf("%q is not understood", line)}
		}
		if last := len(entries) - 1; last >= 0 && entries[last].Path == path {
			continue
		}
		tag := words[0]
		entries = append(entries, Entry{Path: path, Mode: words[1], Blob: words[2], Unmerged: words[3] != "0",
			Skipped: strings.EqualFold(tag, "S"), Assumed: tag == strings.ToLower(tag)})
	}
	return entries, nil
}

// Looked is what a file was when git last looked at it: its size modulo 2^32 (0 also where git is not to rely on it),
// and its time in seconds.
type Looked struct {
	Size  uint32
	Mtime int64
}

// Looked tells of each file that git tracks what it was when git looked at it.
func (r Repo) Looked(ctx context.Context) (map[string]Looked, error) {
	out, err := r.run(ctx, nil, "ls-files", "--debug", "-z")
	if err != nil {
		return nil, err
	}
	looked := map[string]Looked{}
	for out != "" {
		path, rest, _ := strings.Cut(out, "\x00")
		// Its times, device and inode, owner, and size, a line each; git does not promise this form.
		about := strings.SplitAfterN(rest, "\n", 6)
		var l Looked
		read := len(about) == 6
		if read {
			out = about[5]
			l.Mtime, read = numberIn(about[1], "  mtime: ", ":")
			size, isSize := numberIn(about[4], "  size: ", "\t")
			l.Size, read = uint32(size), read && isSize && size == int64(uint32(size)) //nolint:gosec // looked at
		}
		if !read {
			return nil, &Error{Command: "ls-files", Err: fmt.Errorf("what it says of %q is not understood", path)}
		}
		looked[path] = l
	}
	return looked, nil
}

// numberIn is the number between two texts at the beginning of a line.
func numberIn(line, before, after string) (int64, bool) {
	rest, found := strings.CutPrefix(line, before)
	digits, _, ends := strings.Cut(rest, after)
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, found && ends && err == nil
}

// lines are what git ends with NUL.
func lines(out string) []string {
	if out == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
}

// Untracked are the files of the work tree that git neither tracks nor ignores.
func (r Repo) Untracked(ctx context.Context) ([]string, error) {
	out, err := r.run(ctx, nil, "ls-files", "--others", "--exclude-standard", "-z")
	return lines(out), err
}

// Ignores reports whether git would leave a file out, tracked or not.
func (r Repo) Ignores(ctx context.Context, path string) (bool, error) {
	_, err := r.run(ctx, nil, "check-ignore", "--quiet", "--no-index", "--", path)
	if saidNo(err) {
		return false, nil
	}
	return err == nil, err
}

// IntendToAdd records in the index that a file will be added (git add -N), so that Nix sees it. No content is staged.
func (r Repo) IntendToAdd(ctx context.Context, path string) error {
	return r.changeIndex(ctx, "add", "--intent-to-add", "--", path)
}

// Dir is the directory of git's own files: HEAD and the index of this work tree are in it.
func (r Repo) Dir(ctx context.Context) (string, error) {
	out, err := r.run(ctx, nil, "rev-parse", "--absolute-git-dir")
	return strings.TrimSuffix(out, "\n"), err
}

// Track makes a repository of a directory in which git tracks every file there is, ignored ones too. It looks
// at none of them.
func (r Repo) Track(ctx context.Context) error {
	if _, err := r.run(ctx, nil, "init", "--quiet", "--template="); err != nil {
		return err
	}
	return r.changeIndex(ctx, "add", "--intent-to-add", "--all", "--force", ".")
}

// changeIndex runs a command that writes the index. Git then looks once more at files that were changed just
// before: through filters.
func (r Repo) changeIndex(ctx context.Context, args ...string) error {
	programs, err := r.Programs(ctx)
	if err != nil {
		return err
	}
	_, err = r.run(ctx, programs, args...)
	return err
}
