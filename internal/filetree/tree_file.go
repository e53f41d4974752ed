package filetree

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// An observed tree is kept in a file of its own form: reading thousands of stamps must not cost more than taking them.

var errDamaged = errors.New("damaged")

// Marshal is the form in which a tree is kept.
func (t *Tree) Marshal() []byte {
	c := &codec{b: make([]byte, 0, t.size()), writes: true}
	c.tree(t)
	return c.b
}

// size is about as many bytes as that takes.
func (t *Tree) size() int {
	const some, each = 1 << 10, 128
	size := some
	for _, d := range t.dirs {
		size += each + len(d.packed)
	}
	return size
}

// Unmarshal reads it again.
func Unmarshal(b []byte) (*Tree, error) {
	c, t := &codec{b: b}, &Tree{}
	if c.tree(t); c.bad || len(c.b) != 0 {
		return nil, errDamaged
	}
	return t, nil
}

// codec writes values to b, or reads them from it. It never fails loudly: bad says that what it read was wrong.
type codec struct {
	b      []byte
	writes bool
	bad    bool
}

func (c *codec) tree(t *Tree) {
	c.bool(&t.source.Git)
	c.string(&t.source.Root)
	for _, d := range []*digest{&t.state, &t.config.sum, &t.config.around, &t.list} {
		c.digest(d)
	}
	c.string(&t.config.attributes)
	c.bool(&t.config.programs)
	c.entries(&t.config.files)
	c.entry(&t.index, &entry{})
	each(c, &t.dirs, func(d *dir) {
		c.string(&d.path)
		c.entry(&d.self, &entry{})
		c.bytes((*[]byte)(&d.packed))
	})
	c.digest(&t.sum)
}

// packed are entries of a directory in the form in which they are kept. In a large tree it takes half of the memory,
// and most entries are looked at and stay what they are.
type packed []byte

func pack(entries []entry) packed {
	const each = 96
	c := &codec{b: make([]byte, 0, len(entries)*each), writes: true}
	c.entries(&entries)
	return c.b
}

// entries appends them to a list that is used again.
func (p packed) entries(to []entry) ([]entry, error) {
	if len(p) == 0 {
		return to, nil
	}
	c := &codec{b: p}
	if c.entries(&to); c.bad || len(c.b) != 0 {
		return nil, errDamaged
	}
	return to, nil
}

// entries are written with all names first: they are read as one text.
func (c *codec) entries(list *[]entry) {
	n := c.count(len(*list))
	if !c.writes {
		*list = slices.Grow(*list, n)[:len(*list)+n]
	}
	entries := (*list)[len(*list)-n:]
	var names strings.Builder
	if c.writes {
		for i := range entries {
			names.WriteString(entries[i].name)
			names.WriteByte(0)
		}
	}
	text := names.String()
	c.string(&text)
	last := &entry{}
	for i := range entries {
		e := &entries[i]
		if !c.writes {
			*e = entry{}
			name, rest, found := strings.Cut(text, "\x00")
			e.name, text, c.bad = name, rest, c.bad || !found
		}
		c.entry(e, last)
		last = e
	}
	c.bad = c.bad || !c.writes && text != ""
}

// entry is an entry without its name, told by how it differs from another: the files of a checkout have much in common,
// and with what git knows of them.
func (c *codec) entry(e, other *entry) {
	c.stamp(&e.stamp, &other.stamp)
	after(c, other.hashed, &e.hashed)
	c.digest(&e.sum)
	c.uint(&e.content)
	after(c, e.content, &e.blob)
	c.bool(&e.returns)
	after(c, uint32(e.stamp.size), &e.looked.Size) //nolint:gosec // as git does
	after(c, e.stamp.mtime/1e9, &e.looked.Mtime)
}

func (c *codec) stamp(s, other *Stamp) {
	after(c, other.mode, &s.mode)
	after(c, other.ino, &s.ino)
	after(c, other.dev, &s.dev)
	after(c, other.size, &s.size)
	after(c, other.mtime, &s.mtime)
	after(c, s.mtime, &s.ctime)
}

// after is a number as its distance from another.
func after[N int64 | uint64 | uint32](c *codec, other N, v *N) {
	distance := int64(*v - other) //nolint:gosec // wraps around, and back
	if c.int(&distance); !c.writes {
		*v = other + N(distance) //nolint:gosec // see above
	}
}

func (c *codec) uint(v *uint64) {
	if c.writes {
		c.b = binary.AppendUvarint(c.b, *v)
		return
	}
	n := 0
	if *v, n = binary.Uvarint(c.b); n <= 0 {
		c.bad, n = true, len(c.b)
	}
	c.b = c.b[n:]
}

// int is a signed number, whose sign is the last bit.
func (c *codec) int(v *int64) {
	u := uint64(*v)<<1 ^ uint64(*v>>63)
	if c.uint(&u); !c.writes {
		*v = int64(u>>1) ^ -int64(u&1)
	}
}

func (c *codec) bool(v *bool) {
	n := uint64(0)
	if *v {
		n = 1
	}
	if c.uint(&n); !c.writes {
		*v = n == 1
	}
}

// count is a number of things that take at least one byte each.
func (c *codec) count(length int) int {
	n := uint64(length)
	if c.uint(&n); !c.writes && n > uint64(len(c.b)) {
		c.bad, n = true, 0
	}
	return int(n)
}

func (c *codec) string(s *string) {
	n := c.count(len(*s))
	if c.writes {
		c.b = append(c.b, *s...)
		return
	}
	*s, c.b = string(c.b[:n]), c.b[n:]
}

// bytes are those that were read, not a copy.
func (c *codec) bytes(b *[]byte) {
	n := c.count(len(*b))
	if c.writes {
		c.b = append(c.b, *b...)
		return
	}
	*b, c.b = c.b[:n:n], c.b[n:]
}

func (c *codec) digest(d *digest) {
	switch {
	case c.writes:
		c.b = append(c.b, d[:]...)
	case len(c.b) < len(d):
		c.bad, c.b = true, nil
	default:
		c.b = c.b[copy(d[:], c.b):]
	}
}

// each is for all elements of a list.
func each[E any](c *codec, list *[]E, one func(*E)) {
	if n := c.count(len(*list)); !c.writes {
		*list = make([]E, n)
	}
	for i := range *list {
		one(&(*list)[i])
	}
}
