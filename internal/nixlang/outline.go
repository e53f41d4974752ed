package nixlang

import (
	"bytes"
	"slices"
)

// Set is an attribute set, or an object in JSON, as it is written.
type Set struct {
	// Start is that of the opening brace, End behind the closing one, or the end of the text.
	Start, End int
	// Attrs are what is bound in it, in the text's order. In a half-written text that is what can be told.
	Attrs []*Attr
}

// Attr is an attribute in a set.
type Attr struct {
	Binding
	// Set is the set that is bound, or that the value begins with. Whole: the value is that set alone.
	Set   *Set
	Whole bool
	// Text is the string that is bound, if it is one alone.
	Text string
	// called: the set is what a function returns.
	called bool
}

// Lookup returns the string that is plainly bound to a path in the set.
func (s *Set) Lookup(path ...string) (string, bool) {
	for _, attr := range s.Attrs {
		names := 0
		for names < min(len(attr.Path), len(path)) && attr.Path[names].Text == path[names] {
			names++
		}
		switch {
		case names < len(attr.Path):
		case names == len(path):
			return attr.Text, attr.Text != ""
		case attr.Set != nil:
			if text, ok := attr.Set.Lookup(path[names:]...); ok {
				return text, true
			}
		}
	}
	return "", false
}

// outliner reads the sets of a text, whatever state it is in: what does not fit is passed over.
type outliner struct {
	scanner
	stack []*frame
	// attrs are all that is bound, wherever in the text.
	attrs []*Attr
	// faults are how many times something did not fit.
	faults int
	// end is behind what was read last.
	end int
	// wanted is the place that is looked for, until it is found.
	wanted int
	found  *Cursor
	list   *frame // the list that it is in
}

// frame is what has begun and not ended yet.
type frame struct {
	// kind is the opening bracket, 'l' for the bindings of `let`, 0 for the file.
	kind byte
	set  *Set
	// of is the attribute whose value this is, so far as that can be told.
	of *Attr
	// attr is the binding that is being read; signed, behind its sign.
	attr   *Attr
	signed bool
	// dot: what came last is a dot. run is the path of names that came last in a value.
	dot bool
	run []Name
	// A value that has just begun, that still may be a set as a whole (direct), that so far is one literal (done).
	just, direct, done bool
	// scopes are the semicolons to come that belong to `with` and `assert`; inScope what direct was in front of them.
	scopes  int
	inScope bool
	// elements are the strings of a list.
	elements []Name
	faults   int
}

// outline reads a text. The attribute that it returns has the set that is the file's value.
func outline(text []byte, json bool, wanted int) (*Attr, *outliner) {
	file := &Attr{}
	o := &outliner{scanner: scanner{text: text, json: json}, wanted: wanted}
	o.stack = []*frame{{signed: true, direct: true, attr: file}}
	for {
		o.end = o.at
		c := o.next()
		o.look()
		if c == 0 {
			break
		}
		o.step(c)
	}
	for len(o.stack) > 1 {
		o.fault()
		o.pop()
	}
	file.Whole = file.Set != nil && o.top().done
	o.faults += o.top().faults
	return file, o
}

func (o *outliner) top() *frame { return o.stack[len(o.stack)-1] }

func (o *outliner) fault() { o.top().faults++ }

func (f *frame) binds() bool { return f.kind == '{' || f.kind == 'l' }

// step reads one token.
func (o *outliner) step(c byte) {
	f := o.top()
	switch {
	case c == '"':
		name := Name{Start: o.at}
		if !o.str() {
			o.halfString(name.Start)
			return
		}
		name.Text, name.End = literal(o.text[name.Start:o.at], o.json), o.at
		o.named(name, true)
	case !o.json && bytes.HasPrefix(o.text[o.at:], []byte("''")):
		if !o.indented() {
			o.fault()
		}
		o.literal()
	case !o.json && bytes.HasPrefix(o.text[o.at:], []byte("${")):
		name := Name{Start: o.at}
		o.at++
		if !o.balanced() {
			o.at = name.Start + 2
			o.fault()
		}
		name.End = o.at
		o.named(name, false)
	case c == '{' || c == '[' || c == '(':
		o.push(c)
	case c == '}' || c == ']' || c == ')':
		o.close(c)
	case c == ';' && !o.json:
		o.semicolon()
	case c == '=' || c == ':' && o.json:
		o.sign()
	case c == ',' && o.json:
		o.at++
		if f.binds() {
			o.finish(f, o.at)
		}
	case c == '.':
		o.at++
		f.dot, f.just, f.direct, f.done = true, false, false, false
		if f.binds() && !f.signed && f.attr == nil {
			f.dot = false
			o.fault()
		}
	case inIdentifier(rune(c), true):
		name := Name{Start: o.at}
		name.Text = o.word()
		name.End = o.at
		o.named(name, false)
	case c >= '0' && c <= '9':
		for o.at < len(o.text) && o.text[o.at] >= '0' && o.text[o.at] <= '9' {
			o.at++
		}
		o.literal()
	default:
		o.at++
		if o.at < len(o.text) && o.text[o.at] == '=' && (c == '<' || c == '>' || c == '!') {
			o.at++
		}
		o.other()
	}
}

// other is for what is no name, literal or bracket.
func (o *outliner) other() {
	f := o.top()
	if f.binds() && !f.signed {
		f.attr = nil
		o.fault()
	}
	f.dot, f.run, f.just, f.direct, f.done = false, nil, false, false, false
}

// literal is for a value that stands for itself.
func (o *outliner) literal() {
	f := o.top()
	if f.binds() && !f.signed {
		o.other()
		return
	}
	f.done = f.just && f.direct
	f.dot, f.run, f.just, f.direct = false, nil, false, false
}

// halfString goes on behind a string that does not end: where the line ends.
func (o *outliner) halfString(start int) {
	o.at = len(o.text)
	if end := bytes.IndexByte(o.text[start:], '\n'); end >= 0 {
		o.at = start + end
	}
	o.fault()
	if o.wanted > start && o.wanted <= o.at {
		o.inString(start)
	}
	o.literal()
}

// named is for a word, a string or something in ${}.
func (o *outliner) named(name Name, quoted bool) {
	f := o.top()
	if f.binds() && f.signed && f.done && !f.dot && !o.json {
		o.finish(f, o.end) // a value that is one literal can take nothing more: a semicolon is missing
		f.faults++
	}
	if quoted && o.wanted > name.Start && o.wanted < name.End {
		if line := bytes.IndexByte(o.text[name.Start:name.End], '\n'); line >= 0 && o.wanted <= name.Start+line {
			o.halfString(name.Start)
			return
		}
		o.inString(name.Start)
		o.setEnd(name)
	} else if !quoted && o.wanted > name.Start && o.wanted <= name.End && name.Text != "" {
		o.find(name.Start)
		o.setEnd(name)
	}
	switch {
	case f.kind == '[':
		if quoted && name.Text != "" {
			f.elements = append(f.elements, name)
		}
		f.run, f.dot = o.extended(f, name), false
	case f.binds() && !f.signed:
		o.part(f, name, quoted)
	case quoted:
		o.literal()
		f.run = []Name{name}
	default:
		o.valueWord(f, name)
	}
}

// extended is the run with one name more.
func (o *outliner) extended(f *frame, name Name) []Name {
	if f.dot && len(f.run) > 0 {
		return append(f.run, name)
	}
	return []Name{name}
}

// part reads a name of the path of a binding.
func (o *outliner) part(f *frame, name Name, quoted bool) {
	if o.json && (f.dot || !quoted) {
		f.faults++ // a member has one name, in quotes
	}
	if f.dot && f.attr != nil {
		f.attr.Path = append(f.attr.Path, name)
		f.dot = false
		return
	}
	if f.attr != nil {
		f.faults++ // half-written
	}
	f.attr, f.dot = nil, false
	switch {
	case quoted:
	case name.Text == "inherit":
		f.signed, f.just, f.direct, f.done = true, false, false, false
		return
	case name.Text == "in" && f.kind == 'l':
		o.pop()
		return
	}
	f.attr = &Attr{Binding: Binding{Path: []Name{name}}}
}

// valueWord reads a word in a value.
func (o *outliner) valueWord(f *frame, name Name) {
	just, direct := f.just || f.kind == 0, f.direct
	f.run = o.extended(f, name)
	dot := f.dot
	f.dot, f.just, f.direct, f.done = false, false, false, false
	if dot || o.json {
		f.done = o.json && just
		return
	}
	switch name.Text {
	case "let":
		f.direct = direct
		o.stack = append(o.stack, &frame{kind: 'l', set: &Set{Start: name.Start}})
	case "in":
		if f.kind == 'l' {
			f.faults++
			o.finish(f, name.Start)
			o.pop()
		}
	case "with", "assert":
		if f.scopes == 0 {
			f.inScope = direct
		}
		f.scopes++
	case "rec":
		f.just, f.direct = just, direct
	case "true", "false", "null":
		f.done = just && direct
	default:
		before := o.at
		switch c := o.next(); {
		case direct && c == ':':
			o.at++
			f.direct, f.run = true, nil
			if f.attr != nil {
				f.attr.called = true
			}
		case direct && c == '@':
			o.at++
			f.direct, f.run = true, nil
		default:
			o.at = before
		}
	}
}

// push begins a bracket.
func (o *outliner) push(kind byte) {
	f := o.top()
	child := &frame{kind: kind}
	if kind == '{' || kind == '[' {
		child.set = &Set{Start: o.at}
		if f.signed && f.direct && f.attr != nil {
			child.of = f.attr
		}
	}
	if kind == '(' {
		child.signed = true
	}
	o.at++
	if f.binds() && !f.signed {
		// Arguments of a function have defaults.
		f.attr = nil
		f.faults++
	}
	f.run, f.dot = nil, false
	o.stack = append(o.stack, child)
}

// close ends a bracket, and those in it that were left open.
func (o *outliner) close(c byte) {
	open := map[byte]byte{'}': '{', ']': '[', ')': '('}[c]
	at := len(o.stack) - 1
	for at > 0 && o.stack[at].kind != open && (c == '}' || !o.stack[at].binds()) {
		at--
	}
	if o.stack[at].kind != open {
		o.at++
		o.fault()
		return
	}
	for len(o.stack)-1 > at {
		o.fault()
		o.pop()
	}
	f := o.top()
	switch {
	case !f.binds() || f.attr == nil && !f.signed:
	case o.json:
		o.finish(f, o.end)
	default:
		f.faults++
		o.finish(f, o.at)
	}
	o.at++
	o.pop()
	parent := o.top()
	if f.kind == '{' && !o.json && o.isPattern() {
		parent.faults -= f.faults
		if parent.attr != nil {
			parent.attr.called = true
		}
		return
	}
	if !parent.signed && parent.binds() {
		return
	}
	if f.of != nil && f.kind == '{' {
		f.of.Set = f.set
	}
	parent.done = f.of != nil && parent.direct
	parent.just, parent.direct = false, false
}

// isPattern reports whether a set that has just ended is the arguments of a function, and reads what belongs to them.
func (o *outliner) isPattern() bool {
	before := o.at
	c := o.next()
	if c == '@' {
		o.at++
		o.next()
		o.word()
		c = o.next()
	}
	if c != ':' {
		o.at = before
		return false
	}
	o.at++
	return true
}

// pop ends the innermost frame.
func (o *outliner) pop() {
	f := o.top()
	if f.set != nil {
		f.set.End = o.at
	}
	o.stack = o.stack[:len(o.stack)-1]
	o.top().faults += f.faults
}

// finish ends a binding, which reaches up to a place.
func (o *outliner) finish(f *frame, end int) {
	if f.attr != nil && f.signed {
		f.attr.ValueEnd, f.attr.End = max(min(o.end, end), f.attr.Value), end
		f.attr.Whole = f.attr.Set != nil && f.done
		if f.attr.Text = ""; f.done && len(f.run) == 1 && o.text[f.run[0].Start] == '"' {
			f.attr.Text = f.run[0].Text
		}
	}
	f.attr, f.signed, f.dot, f.run, f.just, f.direct, f.done, f.scopes = nil, false, false, nil, false, false, false, 0
}

// semicolon ends a binding, or what belongs to `with` and `assert`.
func (o *outliner) semicolon() {
	f := o.top()
	switch {
	case f.scopes > 0:
		o.at++
		f.scopes--
		f.just, f.direct, f.done, f.run = f.inScope, f.inScope, false, nil
	case f.binds():
		o.at++
		if !f.signed {
			f.faults++
		}
		o.finish(f, o.at)
	case f.kind == 0:
		o.at++
		o.other()
		f.faults++
	default:
		o.drop()
	}
}

// drop ends a bracket that was left open.
func (o *outliner) drop() {
	o.fault()
	o.pop()
	o.top().just, o.top().direct, o.top().done = false, false, false
}

// sign is for what binds.
func (o *outliner) sign() {
	if o.text[o.at] == '=' && o.at+1 < len(o.text) && o.text[o.at+1] == '=' {
		o.at += 2
		o.other()
		return
	}
	run := o.top().run
	for len(o.stack) > 1 && !o.top().binds() && len(run) > 0 {
		o.drop()
	}
	f := o.top()
	if !f.binds() {
		o.at++
		f.faults++
		return
	}
	if f.signed { // a semicolon is missing
		f.faults++
		end := o.at
		if len(run) > 0 {
			end = run[0].Start
		}
		o.finish(f, end)
		if len(run) > 0 {
			f.attr = &Attr{Binding: Binding{Path: slices.Clone(run)}}
		}
	}
	if f.attr == nil || f.dot {
		f.faults++
	}
	o.at++
	f.signed, f.dot, f.run = true, false, nil
	f.just, f.direct, f.done = true, true, false
	if f.attr != nil {
		value := o.scanner
		value.next()
		f.attr.Value = value.at
		f.set.Attrs, o.attrs = append(f.set.Attrs, f.attr), append(o.attrs, f.attr)
	}
}
