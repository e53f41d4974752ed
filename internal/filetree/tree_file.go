package filetree

import (
	"encoding/binary"
	"errors"

	"github.com/clanctl/clanctl/internal/git"
)

// An observed tree is kept in a file of its own form: reading thousands of stamps must not cost more than taking them.

var errDamaged = errors.New("damaged")

// Marshal is the form in which a tree is kept.
func (t *Tree) Marshal() []byte {
	w := treeWriter{}
	w.bool(t.source.Git)
	w.string(t.source.Root)
	for _, d := range []digest{t.state, t.config.sum, t.config.around, t.list} {
		w.b = append(w.b, d[:]...)
	}
	w.string(t.config.attributes)
	w.bool(t.config.programs)
	w.entries(t.config.files)
	w.entry(&t.index)
	w.uint(uint64(len(t.dirs)))
	for i := range t.dirs {
		d := &t.dirs[i]
		w.string(d.path)
		w.entry(&d.self)
		w.entries(d.entries)
	}
	return append(w.b, t.sum[:]...)
}

// Unmarshal reads it again.
func Unmarshal(b []byte) (*Tree, error) {
	r := treeReader{b: b}
	t := &Tree{source: Source{Git: r.bool(), Root: r.string()}}
	for _, d := range []*digest{&t.state, &t.config.sum, &t.config.around, &t.list} {
		r.digest(d)
	}
	t.config.attributes, t.config.programs, t.config.files = r.string(), r.bool(), r.entries()
	r.entry(&t.index)
	t.dirs = make([]dir, r.count())
	for i := range t.dirs {
		d := &t.dirs[i]
		d.path = r.string()
		r.entry(&d.self)
		d.entries = r.entries()
	}
	r.digest(&t.sum)
	if r.bad || len(r.b) != 0 {
		return nil, errDamaged
	}
	return t, nil
}

type treeWriter struct{ b []byte }

func (w *treeWriter) uint(v uint64)   { w.b = binary.AppendUvarint(w.b, v) }
func (w *treeWriter) int(v int64)     { w.b = binary.AppendVarint(w.b, v) }
func (w *treeWriter) string(s string) { w.uint(uint64(len(s))); w.b = append(w.b, s...) }
func (w *treeWriter) bool(v bool) {
	if v {
		w.uint(1)
	} else {
		w.uint(0)
	}
}

func (w *treeWriter) entries(entries []entry) {
	w.uint(uint64(len(entries)))
	for i := range entries {
		w.entry(&entries[i])
	}
}

func (w *treeWriter) entry(e *entry) {
	w.string(e.name)
	w.stamp(e.stamp)
	w.int(e.hashed)
	w.b = append(w.b, e.sum[:]...)
	w.uint(e.content)
	w.uint(e.blob)
	w.bool(e.returns)
	w.uint(uint64(e.looked.Size))
	w.int(e.looked.Mtime)
}

func (w *treeWriter) stamp(s Stamp) {
	w.uint(uint64(s.mode))
	w.uint(s.ino)
	w.uint(s.dev)
	w.int(s.size)
	w.int(s.mtime)
	w.int(s.ctime)
}

// treeReader reads what treeWriter wrote. It never fails loudly: bad says that something was wrong.
type treeReader struct {
	b   []byte
	bad bool
}

func (r *treeReader) uint() uint64 { return number(r, binary.Uvarint) }
func (r *treeReader) int() int64   { return number(r, binary.Varint) }

func number[N int64 | uint64](r *treeReader, read func([]byte) (N, int)) N {
	v, n := read(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is a number of things that take at least one byte each.
func (r *treeReader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *treeReader) string() string {
	n := r.count()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *treeReader) bool() bool { return r.uint() == 1 }

func (r *treeReader) digest(d *digest) {
	if len(r.b) < len(d) {
		r.bad, r.b = true, nil
		return
	}
	r.b = r.b[copy(d[:], r.b):]
}

func (r *treeReader) entries() []entry {
	entries := make([]entry, r.count())
	for i := range entries {
		r.entry(&entries[i])
	}
	return entries
}

func (r *treeReader) entry(e *entry) {
	e.name = r.string()
	e.stamp.mode = uint32(r.uint())
	e.stamp.ino, e.stamp.dev = r.uint(), r.uint()
	e.stamp.size, e.stamp.mtime, e.stamp.ctime = r.int(), r.int(), r.int()
	e.hashed = r.int()
	r.digest(&e.sum)
	e.content, e.blob, e.returns = r.uint(), r.uint(), r.bool()
	e.looked = git.Looked{Size: uint32(r.uint()), Mtime: r.int()} //nolint:gosec // as written
}
