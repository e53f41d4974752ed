package instance

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Render is Load, with what is made of the inventory written to w. Where the evaluator has a cache the text is kept with Nix's
// answer, and written from there the next time, without decoding anything: then the inventory is nil and so is the error.
// name says which text it is; it must change with everything that render depends on besides the inventory. With an empty name nothing is
// kept, nor is the text of a clan with evaluation failures.
func Render(ctx context.Context, flake string, config Config, name string, w io.Writer, render func(io.Writer, *Inventory) error) (*Inventory, error) {
	isKept := name != ""
	name = flake + "\x00" + name
	var writeErr error
	early := func(l *loader) bool {
		if !isKept {
			return false
		}
		text, ok := l.first.Derived(name)
		if ok {
			_, writeErr = w.Write(text)
		}
		return ok
	}
	var kept capture
	then := func(l *loader) error {
		if !isKept || len(l.missing) > 0 || l.first == nil {
			return nil
		}
		kept.room = keepUpTo
		kept.done = func() { l.first.KeepDerived(name, kept.text.Bytes()) }
		return nil
	}
	inv, err := load(ctx, flake, config, request{early: early, then: then})
	if errors.Is(err, errEarly) {
		return nil, writeErr
	}
	if inv == nil {
		return nil, err
	}
	if renderErr := render(io.MultiWriter(w, &kept), inv); renderErr != nil {
		return inv, renderErr
	}
	if kept.room > 0 {
		kept.done()
	}
	return inv, err
}

// errEarly ends a load whose result was had already.
var errEarly = errors.New("rendered already")

// keepUpTo is the size above which a text is not kept: writing it anew costs little beside reading it.
const keepUpTo = 16 << 20

// capture keeps a copy of what is written, as long as there is room for it.
type capture struct {
	text bytes.Buffer
	room int
	done func()
}

func (c *capture) Write(p []byte) (int, error) {
	if c.room < len(p) {
		c.room, c.text = 0, bytes.Buffer{}
		return len(p), nil
	}
	c.room -= len(p)
	return c.text.Write(p)
}
