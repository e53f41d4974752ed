package cli

import "io"

// jsonColors colours JSON that passes through: names, strings, and everything else that is no punctuation.
type jsonColors struct {
	w       io.Writer
	nesting []byte // { or [ for each value that is open
	state   byte   // what the text is within: a quote, a letter for a number or a word, or 0
	escaped bool
	isValue bool // a string that begins now is no name
	out     []byte
}

func (c *jsonColors) Write(p []byte) (int, error) {
	c.out = c.out[:0]
	for _, b := range p {
		c.add(b)
	}
	if _, err := c.w.Write(c.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *jsonColors) add(b byte) {
	if c.state == '"' {
		c.out = append(c.out, b)
		switch {
		case c.escaped:
			c.escaped = false
		case b == '\\':
			c.escaped = true
		case b == '"':
			c.end()
		}
		return
	}
	inObject := len(c.nesting) > 0 && c.nesting[len(c.nesting)-1] == '{'
	switch b {
	case '{', '[', '}', ']', ',', ':', ' ', '\n', '\t', 0:
		if c.state != 0 {
			c.end()
		}
		c.out = append(c.out, b)
		switch b {
		case '{', '[':
			c.nesting, c.isValue = append(c.nesting, b), b == '['
		case '}', ']':
			c.nesting = c.nesting[:max(0, len(c.nesting)-1)]
		case ',':
			c.isValue = !inObject
		case ':':
			c.isValue = true
		}
	case '"':
		s := green
		if inObject && !c.isValue {
			s = cyan
		}
		c.begin(s, b)
	default:
		if c.state == 0 {
			c.begin(yellow, 'x')
			c.out = c.out[:len(c.out)-1]
		}
		c.out = append(c.out, b)
	}
}

func (c *jsonColors) begin(s style, state byte) {
	c.state = state
	c.out = append(append(append(append(c.out, "\x1b["...), s...), 'm'), state)
}

func (c *jsonColors) end() {
	c.state = 0
	c.out = append(c.out, "\x1b[0m"...)
}
