// Package filetree knows what a source tree on disk is, and whether it is the same as before.
package filetree

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's names for objects
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clanctl/clanctl/internal/git"
)

// Tree is the state of a local source tree: of a git work tree what Nix sees of it (tracked files as they are
// on disk, the index, HEAD), otherwise everything below a directory. Like git's index it remembers the stamp
// of each file beside the hash of its content, so that an unchanged tree is recognised by one lstat for each
// file.
type Tree struct {
	source Source
	// git is git's own state, which state stands for.
	git    gitState
	state  digest
	config gitConfig
	// index is git's index file; list is the hash of what it lists.
	index entry
	list  digest
	dirs  []dir
	sum   digest
	// relisted: some directory's names were read anew. configured: so was git's configuration.
	relisted, configured bool
	// programs: see RunsPrograms.
	programs bool
	// filesAlone: see ObserveFiles.
	filesAlone bool
}

type digest [sha256.Size]byte

// dir is a directory: its files (and in a plain tree its subdirectories, which have a dir of their own).
type dir struct {
	path    string // relative to the root, "" for itself
	self    entry  // in a plain tree an unchanged directory has unchanged names
	entries []entry
}

// entry is one file, symlink or directory, and when its content was looked at.
type entry struct {
	name   string
	stamp  Stamp
	hashed int64 // nanoseconds since 1970, before reading began
	sum    digest
	inGit
}

// ErrUnknown: the state of a tree cannot be told by these means (submodules, sockets, a git that does not answer).
var ErrUnknown = errors.New("the state of the tree cannot be told")

// Observe looks at a tree. known is what was observed before, or nil; what is provably unchanged since is not
// read again. changed reports whether the result says more than known did. The error is [ErrUnknown] or the
// file system's.
func (s Source) Observe(ctx context.Context, known *Tree) (t *Tree, changed bool, err error) {
	return s.observe(ctx, &Tree{source: s}, known)
}

// ObserveFiles is Observe of just what [Source.Copy] copies: the files. Git's own state does not matter, and what git
// leaves to others (submodules, what is in .git) is left out.
func (s Source) ObserveFiles(ctx context.Context, known *Tree) (*Tree, error) {
	t, _, err := s.observe(ctx, &Tree{source: s, filesAlone: true}, known)
	return t, err
}

func (s Source) observe(ctx context.Context, t, known *Tree) (_ *Tree, changed bool, err error) {
	if known == nil || known.source != s || known.filesAlone != t.filesAlone {
		known = &Tree{}
	}
	if s.Git {
		err = t.listGit(ctx, known)
	} else {
		err = t.listPlain(known)
	}
	if err != nil {
		return nil, false, err
	}
	t.state = sha256.Sum256([]byte(t.git.text))
	touched, err := t.stampFiles()
	if err == nil && s.Git && !t.filesAlone {
		err = t.checkAttributes()
	}
	if err != nil {
		return nil, false, err
	}
	same := !touched && !t.relisted && !t.configured && t.state == known.state && t.list == known.list &&
		t.index == known.index && len(t.dirs) == len(known.dirs)
	if same {
		t.sum = known.sum
	} else {
		t.sum = t.digest()
	}
	return t, !same, nil
}

// Source is where the tree lies.
func (t *Tree) Source() Source { return t.source }

// Sum stands for all of the content.
func (t *Tree) Sum() []byte { return t.sum[:] }

// UnchangedSince reports whether two observations saw the same files with the same stamps, git's own
// included, so that nothing was edited in between, not even there and back.
func (t *Tree) UnchangedSince(before *Tree) bool {
	same := func(a, b []entry) bool {
		return slices.EqualFunc(a, b, func(x, y entry) bool { return x.name == y.name && x.stamp == y.stamp })
	}
	return t.sum == before.sum && t.index.stamp == before.index.stamp &&
		slices.Equal(t.git.looked, before.git.looked) &&
		slices.EqualFunc(t.dirs, before.dirs, func(a, b dir) bool {
			return a.path == b.path && a.self.stamp == b.self.stamp && same(a.entries, b.entries)
		})
}

// ChangedFiles are the files that an earlier look at the tree saw otherwise (with another content, kind or executable
// bit), or only one of the two saw; sorted, relative to the root.
func (t *Tree) ChangedFiles(before *Tree) []string {
	was := before.files()
	for path, now := range t.files() {
		if old, there := was[path]; there && now.sameAs(old) {
			delete(was, path)
		} else {
			was[path] = now
		}
	}
	return slices.Sorted(maps.Keys(was))
}

// files are those that are there: git may track some that are not.
func (t *Tree) files() map[string]entry {
	files := map[string]entry{}
	for _, d := range t.dirs {
		for _, e := range d.entries {
			if (e.stamp != Stamp{}) {
				files[filepath.Join(d.path, e.name)] = e
			}
		}
	}
	return files
}

// sameAs reports whether a flake sees the same in two entries.
func (e entry) sameAs(o entry) bool {
	const seen = unix.S_IFMT | 0o100
	return e.sum == o.sum && e.stamp.mode&seen == o.stamp.mode&seen
}

// QuietSince reports whether nothing in the tree was changed at or after a time.
func (t *Tree) QuietSince(when time.Time) bool {
	quiet := func(e entry) bool { return e.stamp.Before(when) }
	all := func(entries []entry) bool {
		return !slices.ContainsFunc(entries, func(e entry) bool { return !quiet(e) })
	}
	return quiet(t.index) && t.git.looked.QuietSince(when) &&
		!slices.ContainsFunc(t.dirs, func(d dir) bool { return !quiet(d.self) || !all(d.entries) })
}

// trusts reports whether an earlier look still holds: same stamp, and not made so soon after a change that
// another change could have the same stamp.
func (e *entry) trusts(now Stamp) bool {
	return e.hashed != 0 && e.stamp == now && now.Before(time.Unix(0, e.hashed))
}

// ---- what there is ----

// listPlain lists everything below the root. A directory whose stamp is unchanged has the names it had.
func (t *Tree) listPlain(known *Tree) error {
	before := make(map[string]*dir, len(known.dirs))
	for i := range known.dirs {
		before[known.dirs[i].path] = &known.dirs[i]
	}
	pending := []string{""}
	for len(pending) > 0 {
		path := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		d := dir{path: path}
		now := time.Now().UnixNano()
		st, err := Lstat(filepath.Join(t.source.Root, path))
		if err != nil {
			return err
		}
		if st.isLink() {
			return fmt.Errorf("%w: %s is a link", ErrUnknown, t.source.Root) // which Nix copies as such
		}
		if old := before[path]; old != nil && old.self.trusts(st) {
			d.self = old.self
			d.entries = slices.Clone(old.entries)
		} else {
			t.relisted = true
			d.self = entry{stamp: st, hashed: now}
			names, err := os.ReadDir(filepath.Join(t.source.Root, path))
			if err != nil {
				return err
			}
			if t.filesAlone {
				names = slices.DeleteFunc(names, func(e fs.DirEntry) bool { return e.Name() == ".git" })
			}
			d.entries = make([]entry, len(names))
			for i, name := range names {
				d.entries[i].name = name.Name()
				if old != nil {
					if at, found := slices.BinarySearchFunc(old.entries, name.Name(), func(e entry, n string) int {
						return strings.Compare(e.name, n)
					}); found {
						d.entries[i] = old.entries[at]
					}
				}
				if name.IsDir() {
					d.entries[i].stamp.mode = unix.S_IFDIR
				}
			}
		}
		for _, e := range d.entries {
			if e.stamp.mode&unix.S_IFMT == unix.S_IFDIR {
				pending = append(pending, filepath.Join(path, e.name))
			}
		}
		t.dirs = append(t.dirs, d)
	}
	return nil
}

// listGit lists what git's index holds, and git's own state.
func (t *Tree) listGit(ctx context.Context, known *Tree) error {
	err := t.git.locate(t.source.Root)
	if err == nil && !t.filesAlone {
		err = t.lookAtGit(ctx, known)
	}
	if err != nil {
		return err
	}
	t.index.hashed = time.Now().UnixNano()
	if t.index.stamp, err = Stat(filepath.Join(t.git.dir, "index")); err != nil {
		return err
	}
	if known.index.trusts(t.index.stamp) {
		t.index, t.list = known.index, known.list
		t.dirs = make([]dir, len(known.dirs))
		for i, d := range known.dirs {
			t.dirs[i] = dir{path: d.path, entries: slices.Clone(d.entries)}
		}
		return nil
	}
	listing, err := git.Repo(t.source.Root).Index(ctx)
	var looked map[string]git.Looked
	if err == nil && !t.filesAlone {
		looked, err = git.Repo(t.source.Root).Looked(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	t.list = sha256.Sum256(fmt.Appendf(nil, "%#v", listing))
	before := map[string]entry{}
	for _, d := range known.dirs {
		for _, e := range d.entries {
			before[filepath.Join(d.path, e.name)] = e
		}
	}
	at := map[string]int{}
	for _, tracked := range listing {
		switch {
		case tracked.IsSubmodule() && t.filesAlone:
			continue
		case tracked.IsSubmodule():
			return fmt.Errorf("%w: submodules", ErrUnknown)
		case len(tracked.Blob) != 2*sha1.Size && !t.filesAlone:
			return fmt.Errorf("%w: git's names for objects are of another kind", ErrUnknown)
		}
		parent, name := filepath.Split(tracked.Path)
		parent = strings.TrimSuffix(parent, "/")
		i, seen := at[parent]
		if !seen {
			i = len(t.dirs)
			at[parent] = i
			t.dirs = append(t.dirs, dir{path: parent})
		}
		e := before[tracked.Path]
		e.name = name
		e.blob, e.looked = shortName(tracked.Blob), looked[tracked.Path]
		t.dirs[i].entries = append(t.dirs[i].entries, e)
	}
	if !t.filesAlone {
		t.addAttributes()
	}
	return nil
}

// ---- what is in it ----

// dirsForWorker is how many directories are worth a thread.
const dirsForWorker = 16

// stampFiles brings every entry up to date, reading only those that are not provably unchanged.
func (t *Tree) stampFiles() (touched bool, err error) {
	var changed atomic.Bool
	var next atomic.Int64
	var links sync.Map // directories that have become links
	workers := min(runtime.GOMAXPROCS(0), (len(t.dirs)+dirsForWorker-1)/dirsForWorker)
	errs := make([]error, workers)
	work := func(w int) {
		buffer := make([]byte, 64<<10)
		for errs[w] == nil {
			i := int(next.Add(1)) - 1
			if i >= len(t.dirs) {
				return
			}
			var touched bool
			if touched, errs[w] = t.stampDir(&t.dirs[i], &links, buffer); touched {
				changed.Store(true)
			}
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { work(w) })
	}
	if workers > 0 {
		work(0)
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return false, err
	}
	return t.dropBelow(&links) || changed.Load(), nil
}

// dropBelow takes what is below a link for deleted, as git does: it has links among its files, and nothing beyond them.
func (t *Tree) dropBelow(links *sync.Map) (touched bool) {
	links.Range(func(link, _ any) bool {
		for i := range t.dirs {
			if !strings.HasPrefix(t.dirs[i].path, link.(string)+"/") {
				continue
			}
			for j, e := range t.dirs[i].entries {
				touched = touched || e.stamp != Stamp{}
				t.dirs[i].entries[j] = entry{name: e.name, inGit: e.inGit}
			}
		}
		return true
	})
	return touched
}

func (t *Tree) stampDir(d *dir, links *sync.Map, buffer []byte) (touched bool, err error) {
	path := filepath.Join(t.source.Root, d.path)
	flags := unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_RDONLY
	if t.source.Git && d.path != "" {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Open(path, flags, 0)
	if err != nil &&
		!(t.source.Git && (errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP))) {
		return false, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	if err == nil {
		defer unix.Close(fd)
		if t.source.Git { // a plain tree's was looked at when it was listed
			var st unix.Stat_t
			if err := unix.Fstat(fd, &st); err != nil {
				return false, &fs.PathError{Op: "stat", Path: path, Err: err}
			}
			d.self.stamp = stampOf(&st)
		}
	} else if !errors.Is(err, unix.ENOENT) {
		links.Store(d.path, true) // or a file; the system may say the same of both
	}
	gone := err != nil
	for i := range d.entries {
		e := &d.entries[i]
		var st unix.Stat_t
		var now Stamp
		err := error(unix.ENOENT)
		if !gone {
			err = unix.Fstatat(fd, e.name, &st, unix.AT_SYMLINK_NOFOLLOW)
		}
		switch {
		case err == nil:
			now = stampOf(&st)
		case t.source.Git && (errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)):
			// Tracked, but deleted from the work tree: the zero stamp.
			touched = touched || e.stamp != Stamp{}
			e.stamp, e.hashed, e.sum = Stamp{}, 0, digest{}
			continue
		default:
			return false, &fs.PathError{Op: "lstat", Path: filepath.Join(path, e.name), Err: err}
		}
		if now.mode&unix.S_IFMT == unix.S_IFDIR && !t.source.Git {
			e.stamp, e.sum = Stamp{mode: unix.S_IFDIR}, digest{} // its own dir says the rest
			continue
		}
		if e.trusts(now) {
			continue
		}
		touched = true
		if err := t.read(e, fd, filepath.Join(path, e.name), now, buffer); err != nil {
			return false, err
		}
	}
	return touched, nil
}

// read hashes the content of an entry of a directory that is open. If the file changes meanwhile, the entry is one that
// nobody trusts. It is opened without package os, which would ask of each file whether it can be polled.
func (t *Tree) read(e *entry, dir int, path string, now Stamp, buffer []byte) error {
	hashed := time.Now().UnixNano()
	hash := sha256.New()
	switch now.mode & unix.S_IFMT {
	case unix.S_IFREG:
		fd, err := unix.Openat(dir, e.name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return &fs.PathError{Op: "open", Path: path, Err: err}
		}
		f := os.NewFile(uintptr(fd), path)
		defer f.Close()
		to, blob := io.Writer(hash), newBlob(now.size)
		if t.source.Git {
			to = io.MultiWriter(hash, blob)
		}
		// By its own methods the file would take no notice of the buffer.
		if _, err := io.CopyBuffer(to, struct{ io.Reader }{f}, buffer); err != nil {
			return err
		}
		if t.source.Git {
			e.content, e.returns = blob.shortName(), blob.returns
		}
	case unix.S_IFLNK:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		hash.Write([]byte(target))
	case unix.S_IFDIR:
		// Tracked as a file, now a directory.
	default:
		return fmt.Errorf("%w: %s is no file, directory or symlink", ErrUnknown, path)
	}
	after, err := Lstat(path)
	if err != nil {
		return err
	}
	if after != now {
		hashed = 0
	}
	e.stamp, e.hashed = now, hashed
	hash.Sum(e.sum[:0])
	return nil
}

// digest is the hash of everything that the flake can see of the tree: names, kinds, executable bits,
// content, git's state or the times of files.
func (t *Tree) digest() digest {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%t %x %x\n", t.source.Git, t.state, t.list)
	order := make([]int, len(t.dirs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(t.dirs[i].path, t.dirs[j].path) })
	for _, i := range order {
		d := &t.dirs[i]
		fmt.Fprintf(&b, "%d %s %d %d\n", len(d.path), d.path, len(d.entries), t.modified(d.self.stamp))
		for _, e := range d.entries {
			fmt.Fprintf(&b, "%d %s %o %t %d %x\n", len(e.name), e.name, e.stamp.mode&unix.S_IFMT,
				e.stamp.mode&0o100 != 0, t.modified(e.stamp), e.sum)
			if t.source.Git && e.isDoubtful() {
				fmt.Fprintln(&b, t.index.stamp, e.stamp)
			}
		}
	}
	return sha256.Sum256(b.Bytes())
}

// modified is when a file was modified, in seconds, where that shows: a flake that is no git repository sees
// the times of its files as self.lastModified.
func (t *Tree) modified(s Stamp) int64 {
	if t.source.Git {
		return 0
	}
	return time.Unix(0, s.mtime).Unix() // rounded down, also before 1970
}
