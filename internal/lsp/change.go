package lsp

import "slices"

// change is how a text became another: where both begin alike (same), and how much of their ends is alike (behind).
type change struct {
	same, behind, old, now int
}

func changed(old, now *document) change {
	c := change{old: len(old.text), now: len(now.text)}
	if old == now {
		c.same = c.old
		return c
	}
	least := min(c.old, c.now)
	for c.same < least && old.text[c.same] == now.text[c.same] {
		c.same++
	}
	for c.behind < least-c.same && old.text[c.old-1-c.behind] == now.text[c.now-1-c.behind] {
		c.behind++
	}
	return c
}

// carry finds a part of the old text in the new one; false where it was changed.
func (c change) carry(start, end int) (int, int, bool) {
	switch {
	case end <= c.same:
		return start, end, true
	case start >= c.old-c.behind:
		return start + c.now - c.old, end + c.now - c.old, true
	}
	return 0, 0, false
}

// version is a state of an open document: how it came from the one before.
type version struct {
	before *version
	change
	// steps is how many there are before.
	steps int
}

// maxSteps bounds how many edits are remembered.
const maxSteps = 1000

// edited makes a text the next version of a document.
func (d *document) edited(text []byte) *document {
	now := newDocument(text)
	now.version = &version{before: d.version, change: changed(d, now), steps: d.version.steps + 1}
	if now.version.steps > maxSteps {
		now.version = &version{}
	}
	return now
}

// carrier finds parts of an old state of a document in a new one.
type carrier struct {
	now   *document
	whole change
	// steps are the edits, if they are known.
	steps []change
}

func between(old, now *document) *carrier {
	c := &carrier{now: now, whole: changed(old, now)}
	if old.version == nil || now.version == nil {
		return c
	}
	var steps []change
	v := now.version
	for ; v != nil && v != old.version; v = v.before {
		steps = append(steps, v.change)
	}
	if v != nil {
		slices.Reverse(steps)
		c.steps = steps
	}
	return c
}

// carry finds a part by what is alike, or edit by edit; false where it was changed.
func (c *carrier) carry(start, end int) (int, int, bool) {
	from, to, ok := c.whole.carry(start, end)
	if ok || c.steps == nil {
		return from, to, ok
	}
	for _, step := range c.steps {
		if start, end, ok = step.carry(start, end); !ok {
			return 0, 0, false
		}
	}
	return start, end, true
}
