// Package filetree knows what a source tree on disk is, and whether it is the same as before.
package filetree

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's names for objects
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
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
	// configured: git's configuration was read anew.
	configured bool
	// programs: see RunsPrograms.
	programs bool
	// filesAlone: see ObserveFiles.
	filesAlone bool
}

type digest [sha256.Size]byte

// dir is a directory: its files (and in a plain tree its subdirectories, which have a dir of their own).
type dir struct {
	path   string // relative to the root, "" for itself
	self   entry  // in a plain tree an unchanged directory has unchanged names
	packed packed
	// listed are its entries until they are looked at, and then packed.
	listed []entry
	// below are the names of the directories in it, in a plain tree, and attributes is the stamp of its file of git's
	// attributes, once it was looked at.
	below      []string
	attributes Stamp
}

// entries are all of one that was looked at, and so is undamaged.
func (d *dir) entries() []entry {
	all, err := d.packed.entries(nil)
	if err != nil {
		panic(err)
	}
	return all
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
	return s.observe(ctx, false, known)
}

// ObserveFiles is Observe of just what [Source.Copy] copies: the files. Git's own state does not matter, and what git
// leaves to others (submodules, what is in .git) is left out.
func (s Source) ObserveFiles(ctx context.Context, known *Tree) (*Tree, error) {
	t, _, err := s.observe(ctx, true, known)
	return t, err
}

func (s Source) observe(ctx context.Context, filesAlone bool, known *Tree) (t *Tree, changed bool, err error) {
	if known == nil || known.source != s || known.filesAlone != filesAlone {
		known = &Tree{}
	}
	if t, changed, err = s.look(ctx, filesAlone, known); errors.Is(err, errDamaged) { // what is known of it is
		t, changed, err = s.look(ctx, filesAlone, &Tree{})
	}
	return t, changed, err
}

func (s Source) look(ctx context.Context, filesAlone bool, known *Tree) (_ *Tree, changed bool, err error) {
	t := &Tree{source: s, filesAlone: filesAlone}
	var dirs map[string]*dir
	if s.Git {
		err = t.listGit(ctx, known)
	} else {
		dirs, err = t.listPlain(known)
	}
	if err != nil {
		return nil, false, err
	}
	t.state = sha256.Sum256([]byte(t.git.text))
	touched, err := t.stampFiles(dirs)
	if err == nil && s.Git && !t.filesAlone {
		err = t.checkAttributes()
	}
	if err != nil {
		return nil, false, err
	}
	same := !touched && !t.configured && t.state == known.state && t.list == known.list &&
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
			return a.path == b.path && a.self.stamp == b.self.stamp &&
				(bytes.Equal(a.packed, b.packed) || same(a.entries(), b.entries()))
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
		for _, e := range d.entries() {
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
		!slices.ContainsFunc(t.dirs, func(d dir) bool { return !quiet(d.self) || !all(d.entries()) })
}

// trusts reports whether an earlier look still holds: same stamp, and not made so soon after a change that
// another change could have the same stamp.
func (e *entry) trusts(now Stamp) bool {
	return e.hashed != 0 && e.stamp == now && now.Before(time.Unix(0, e.hashed))
}

// ---- what there is ----

// listPlain begins with the root: what is below is found when that is read. It returns the directories that are known,
// by their paths.
func (t *Tree) listPlain(known *Tree) (map[string]*dir, error) {
	st, err := Lstat(t.source.Root)
	if err != nil {
		return nil, err
	}
	if st.isLink() {
		return nil, fmt.Errorf("%w: %s is a link", ErrUnknown, t.source.Root) // which Nix copies as such
	}
	t.dirs = []dir{{}}
	dirs := make(map[string]*dir, len(known.dirs))
	for i := range known.dirs {
		dirs[known.dirs[i].path] = &known.dirs[i]
	}
	return dirs, nil
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
			t.dirs[i] = dir{path: d.path, packed: d.packed}
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
		entries, err := d.packed.entries(nil)
		if err != nil {
			return err
		}
		for _, e := range entries {
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
		t.dirs[i].listed = append(t.dirs[i].listed, e)
	}
	if !t.filesAlone {
		t.addAttributes()
	}
	return nil
}

// ---- what is in it ----

// dirsForWorker is how many directories are worth a thread.
const dirsForWorker = 16

// stampFiles brings every entry up to date, reading only those that are not provably unchanged. In a plain tree it goes
// down a level at a time.
func (t *Tree) stampFiles(known map[string]*dir) (touched bool, err error) {
	var links sync.Map // directories that have become links
	for done := 0; done < len(t.dirs) && err == nil; {
		level := t.dirs[done:]
		var changed bool
		changed, err = t.stampDirs(level, known, &links)
		touched = touched || changed
		done = len(t.dirs)
		if t.source.Git {
			break
		}
		for _, d := range level {
			for _, name := range d.below {
				t.dirs = append(t.dirs, dir{path: filepath.Join(d.path, name)})
			}
		}
	}
	if err != nil {
		return false, err
	}
	return t.dropBelow(&links) || touched, nil
}

func (t *Tree) stampDirs(dirs []dir, known map[string]*dir, links *sync.Map) (touched bool, err error) {
	var changed atomic.Bool
	var next atomic.Int64
	workers := min(runtime.GOMAXPROCS(0), (len(dirs)+dirsForWorker-1)/dirsForWorker)
	errs := make([]error, workers)
	work := func(w int) {
		own := &worker{buffer: make([]byte, 64<<10), hash: sha256.New()}
		for errs[w] == nil {
			i := int(next.Add(1)) - 1
			if i >= len(dirs) {
				return
			}
			var touched bool
			if touched, errs[w] = t.stampDir(&dirs[i], known[dirs[i].path], links, own); touched {
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
	return changed.Load(), errors.Join(errs...)
}

// worker is what a thread reads files with, and lists them in.
type worker struct {
	buffer  []byte
	hash    hash.Hash
	entries []entry
}

// dropBelow takes what is below a link for deleted, as git does: it has links among its files, and nothing beyond them.
func (t *Tree) dropBelow(links *sync.Map) (touched bool) {
	links.Range(func(link, _ any) bool {
		for i := range t.dirs {
			if !strings.HasPrefix(t.dirs[i].path, link.(string)+"/") {
				continue
			}
			entries := t.dirs[i].entries()
			for j, e := range entries {
				touched = touched || e.stamp != Stamp{}
				entries[j] = entry{name: e.name, inGit: e.inGit}
			}
			t.dirs[i].packed, t.dirs[i].attributes = pack(entries), Stamp{}
		}
		return true
	})
	return touched
}

// stampDir brings the entries of a directory up to date. known is what is known of it in a plain tree: as long as it
// has the same stamp, it has the same names.
func (t *Tree) stampDir(d, known *dir, links *sync.Map, w *worker) (touched bool, err error) {
	path := filepath.Join(t.source.Root, d.path)
	flags := unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_RDONLY
	if d.path != "" {
		flags |= unix.O_NOFOLLOW
	}
	looked := time.Now().UnixNano()
	entries := d.listed
	fd, err := unix.Open(path, flags, 0)
	switch {
	case err == nil:
		f := os.NewFile(uintptr(fd), path)
		defer f.Close()
		if d.self.stamp, err = fstat(fd, path); err != nil {
			return false, err
		}
		if t.source.Git {
			break
		}
		if known != nil && known.self.trusts(d.self.stamp) {
			d.self, d.packed = known.self, known.packed
			break
		}
		before := d.self.stamp
		if entries, err = t.readNames(known, f); err != nil {
			return false, err
		}
		if d.self.stamp, err = fstat(fd, path); err != nil { // after reading, as in read
			return false, err
		}
		touched = true
		if d.self.stamp == before {
			d.self.hashed = looked
		}
	case !t.source.Git || !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP):
		return false, &fs.PathError{Op: "open", Path: path, Err: err}
	case !errors.Is(err, unix.ENOENT):
		links.Store(d.path, true) // or a file; the system may say the same of both
	}
	gone := err != nil
	isListed := entries != nil
	if !isListed {
		if entries, err = d.packed.entries(w.entries[:0]); err != nil {
			return false, err
		}
		w.entries = entries
	}
	for i := range entries {
		e := &entries[i]
		switch {
		case !t.source.Git && e.stamp.IsDir():
			continue // its own dir says the rest
		case e.stamp == newFile:
			// Its stamp is taken when it is open.
		default:
			var st unix.Stat_t
			err := error(unix.ENOENT)
			if !gone {
				err = unix.Fstatat(fd, e.name, &st, unix.AT_SYMLINK_NOFOLLOW)
			}
			switch {
			case t.source.Git && (errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)):
				// Tracked, but deleted from the work tree: the zero stamp.
				if (e.stamp != Stamp{}) {
					touched = true
					e.stamp, e.hashed, e.sum = Stamp{}, 0, digest{}
				}
				continue
			case err != nil:
				return false, &fs.PathError{Op: "lstat", Path: filepath.Join(path, e.name), Err: err}
			}
			now := stampOf(&st)
			if e.trusts(now) {
				continue
			}
			e.stamp = now
		}
		touched = true
		if err := t.read(e, fd, path, w); err != nil {
			return false, err
		}
	}
	if isListed || touched {
		d.packed, d.listed = pack(entries), nil
	}
	for i := range entries {
		switch e := &entries[i]; {
		case !t.source.Git && e.stamp.IsDir():
			d.below = append(d.below, e.name)
		case e.name == attributesName:
			d.attributes = e.stamp
		}
	}
	return touched, nil
}

// newFile is the stamp of a file of which only this is known that it is one.
var newFile = Stamp{mode: unix.S_IFREG}

// readNames reads the names in a directory of a plain tree.
func (t *Tree) readNames(known *dir, f *os.File) ([]entry, error) {
	names, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	before := map[string]entry{}
	if known != nil {
		entries, err := known.packed.entries(nil)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			before[e.name] = e
		}
	}
	found := make([]entry, 0, len(names))
	for _, name := range names {
		if t.filesAlone && name.Name() == ".git" {
			continue
		}
		e, seen := before[name.Name()]
		switch {
		case name.IsDir():
			e = entry{name: name.Name(), stamp: Stamp{mode: unix.S_IFDIR}}
		case name.Type().IsRegular() && !seen:
			e = entry{name: name.Name(), stamp: newFile}
		case e.stamp.IsDir() || !seen:
			e = entry{name: name.Name()}
		}
		found = append(found, e)
	}
	slices.SortFunc(found, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return found, nil
}

// read hashes the content of an entry of a directory that is open at a path. The stamp is that after reading, so that
// whatever changed before then shows in it; if the file changes meanwhile, the entry is one that nobody trusts.
func (t *Tree) read(e *entry, dir int, path string, w *worker) error {
	path = filepath.Join(path, e.name)
	e.hashed = time.Now().UnixNano()
	w.hash.Reset()
	before, after := e.stamp, e.stamp
	switch e.stamp.mode & unix.S_IFMT {
	case unix.S_IFREG:
		var err error
		if before, after, err = t.readFile(e, dir, path, w); err != nil {
			return err
		}
	case unix.S_IFLNK:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		w.hash.Write([]byte(target))
		if after, err = Lstat(path); err != nil {
			return err
		}
	case unix.S_IFDIR:
		// Tracked as a file, now a directory.
	default:
		return fmt.Errorf("%w: %s is no file, directory or symlink", ErrUnknown, path)
	}
	if after != before {
		e.hashed = 0
	}
	e.stamp = after
	w.hash.Sum(e.sum[:0])
	return nil
}

// readFile is read of a file; it returns the stamps before and after. The file is opened without package os, which
// would ask of each whether it can be polled.
func (t *Tree) readFile(e *entry, dir int, path string, w *worker) (before, after Stamp, err error) {
	fd, err := unix.Openat(dir, e.name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return before, after, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if before, err = fstat(fd, path); err != nil {
		return before, after, err
	}
	if !before.isRegular() {
		return before, after, fmt.Errorf("%w: %s was replaced while it was read", ErrUnknown, path)
	}
	to, blob := io.Writer(w.hash), (*blob)(nil)
	if t.source.Git {
		blob = newBlob(before.size)
		to = io.MultiWriter(w.hash, blob)
	}
	for left := before.size; left > 0; {
		n, err := unix.Read(fd, w.buffer[:min(left, int64(len(w.buffer)))])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return before, after, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if n == 0 {
			break // it is shorter by now
		}
		_, _ = to.Write(w.buffer[:n])
		left -= int64(n)
	}
	if blob != nil {
		e.content, e.returns = blob.shortName(), blob.returns
	}
	after, err = fstat(fd, path)
	return before, after, err
}

// digest is the hash of everything that the flake can see of the tree: names, kinds, executable bits,
// content, git's state or the times of files.
func (t *Tree) digest() digest {
	hash := sha256.New()
	fmt.Fprintf(hash, "%t %x %x\n", t.source.Git, t.state, t.list)
	order := make([]int, len(t.dirs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(t.dirs[i].path, t.dirs[j].path) })
	for _, i := range order {
		d := &t.dirs[i]
		entries := d.entries()
		fmt.Fprintf(hash, "%d %s %d %d\n", len(d.path), d.path, len(entries), t.modified(d.self.stamp))
		for _, e := range entries {
			fmt.Fprintf(hash, "%d %s %o %t %d %x\n", len(e.name), e.name, e.stamp.mode&unix.S_IFMT,
				e.stamp.mode&0o100 != 0, t.modified(e.stamp), e.sum)
			if t.source.Git && e.isDoubtful() {
				fmt.Fprintln(hash, t.index.stamp, e.stamp)
			}
		}
	}
	return digest(hash.Sum(nil))
}

// modified is when a file was modified, in seconds, where that shows: a flake that is no git repository sees
// the times of its files as self.lastModified.
func (t *Tree) modified(s Stamp) int64 {
	if t.source.Git {
		return 0
	}
	return time.Unix(0, s.mtime).Unix() // rounded down, also before 1970
}
