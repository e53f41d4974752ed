package nixlang

import (
	"bytes"
	"slices"
)

// Cursor is a place in a text and what is written around it. The text may be half-written.
type Cursor struct {
	Kind CursorKind
	// Path are the names of the attributes that lead to the place, from the outermost set on that is known to hold it.
	Path []Name
	// Start and End are those of the word or string at the place; both are the place where there is none.
	Start, End int
	// Quoted: that is a string.
	Quoted bool
	// Around are the sets that the place is in, the innermost first.
	Around []Around
	// Elements are the strings in the list that the place is in.
	Elements []Name
}

// Around is a set that a place is in.
type Around struct {
	*Set
	// Depth is how many names of the cursor's path lead to the set.
	Depth int
}

// CursorKind says what belongs at a place.
type CursorKind int

const (
	// CursorNowhere: one cannot tell.
	CursorNowhere CursorKind = iota
	// CursorName is the name of an attribute, below Path.
	CursorName
	// CursorValue is the value of the attribute Path, and CursorElement an element of the list that is its value.
	CursorValue
	CursorElement
)

// CursorAt finds out what is written around a place in a Nix file, or with json in a JSON file.
func CursorAt(text []byte, at int, json bool) Cursor {
	_, o := outline(text, json, at)
	if o.found == nil {
		return Cursor{Start: at, End: at}
	}
	if o.list != nil {
		o.found.Elements = o.list.elements
	}
	return *o.found
}

// look finds the place between what was read last and what comes next.
func (o *outliner) look() {
	if o.found != nil || o.wanted > o.at {
		return
	}
	o.found = &Cursor{Start: o.wanted, End: o.wanted}
	if o.wanted < o.end || inComment(o.text[o.end:o.wanted]) {
		return
	}
	f := o.top()
	newLine := bytes.IndexByte(o.text[o.end:o.wanted], '\n') >= 0
	switch {
	case f.kind == '[' && f.of != nil:
		o.locate(CursorElement)
		o.list = f
	case !f.binds():
	case !f.signed && (f.attr == nil || f.dot || newLine):
		o.locate(CursorName)
		if f.dot {
			o.found.Path = append(o.found.Path, f.attr.Path...)
		}
	case f.signed && f.just && f.attr != nil:
		o.locate(CursorValue)
	case f.signed && f.done && newLine && !o.json:
		o.locate(CursorName)
	}
}

// inComment reports whether what is between two tokens ends in a comment.
func inComment(gap []byte) bool {
	s := &scanner{text: append(slices.Clip(gap), ';')}
	return s.next() != ';'
}

// find is for a word at the place, or a string.
func (o *outliner) find(start int) {
	f := o.top()
	o.found = &Cursor{Start: start, End: o.wanted, Quoted: o.text[start] == '"'}
	switch {
	case f.kind == '[' && f.of != nil && !f.dot:
		o.locate(CursorElement)
		o.list = f
	case !f.binds():
	case !f.signed:
		o.locate(CursorName)
		if f.dot && f.attr != nil {
			o.found.Path = append(o.found.Path, f.attr.Path...)
		}
	case f.just && f.attr != nil:
		o.locate(CursorValue)
	}
}

// inString is for a string that the place is in, as far as it is written up to the place.
func (o *outliner) inString(start int) {
	if bytes.ContainsAny(o.text[start+1:o.wanted], "\n\\$") {
		o.found = &Cursor{Start: o.wanted, End: o.wanted}
		return
	}
	o.find(start)
}

// setEnd has the place end where what it is in does.
func (o *outliner) setEnd(name Name) {
	if o.found.Kind != CursorNowhere {
		o.found.End = name.End
	}
}

// locate says where the innermost frame is.
func (o *outliner) locate(kind CursorKind) {
	c := o.found
	c.Kind = kind
	frames := o.stack
	if kind == CursorValue {
		c.Path = slices.Clone(o.top().attr.Path)
	}
	for i := len(frames) - 1; i > 0; i-- {
		f := frames[i]
		if f.binds() {
			c.Around = append(c.Around, Around{f.set, len(c.Path)})
		}
		if f.of == nil {
			break
		}
		c.Path = append(slices.Clone(f.of.Path), c.Path...)
	}
	// Depths were counted from the end.
	for i := range c.Around {
		c.Around[i].Depth = len(c.Path) - c.Around[i].Depth
	}
}
