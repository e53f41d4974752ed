package filetree

import (
	"encoding/binary"
	"errors"
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
		size += each * (1 + len(d.entries))
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
	each(c, &t.config.files, c.entry)
	c.entry(&t.index)
	each(c, &t.dirs, func(d *dir) {
		c.string(&d.path)
		c.entry(&d.self)
		each(c, &d.entries, c.entry)
	})
	c.digest(&t.sum)
}

func (c *codec) entry(e *entry) {
	c.string(&e.name)
	c.stamp(&e.stamp)
	c.int(&e.hashed)
	c.digest(&e.sum)
	c.uint(&e.content)
	c.uint(&e.blob)
	c.bool(&e.returns)
	c.uint32(&e.looked.Size)
	c.int(&e.looked.Mtime)
}

func (c *codec) stamp(s *Stamp) {
	c.uint32(&s.mode)
	c.uint(&s.ino)
	c.uint(&s.dev)
	c.int(&s.size)
	c.int(&s.mtime)
	c.int(&s.ctime)
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

func (c *codec) uint32(v *uint32) {
	n := uint64(*v)
	if c.uint(&n); !c.writes {
		*v = uint32(n) //nolint:gosec // as written
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
