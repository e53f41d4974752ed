package instance

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// positions knows where the parts of the inventory are written: the reader's tree of attribute positions, in the user's files.
type positions struct {
	tree    any
	sources nixeval.Sources
	// data caches where things stand in files that Nix has no positions for (inventory.json), by store path.
	data map[string]map[string]Position
}

func newPositions(tree any, sources nixeval.Sources) *positions {
	return &positions{tree: tree, sources: sources, data: map[string]map[string]Position{}}
}

// of returns the place of an inventory option, such as ("instances", "backup", "roles", "client"), or of the nearest part
// around it that has one; nil if nothing is known. The user's own files come before those of inputs.
func (p *positions) of(path ...string) *Position {
	var best *Position
	node := child(p.tree, path[0])
	if len(path) == 1 {
		return nil
	}
	for i, key := range path[1:] {
		if i > 0 {
			node = child(node, "below")
		}
		node = child(node, key)
		if node == nil {
			break
		}
		if here := p.pick(child(node, "at"), path[:i+2]); here != nil {
			best = here
		}
	}
	return best
}

// exact is of, but nil where the part itself has no place.
func (p *positions) exact(path ...string) *Position {
	node := child(p.tree, path[0])
	for i, key := range path[1:] {
		if i > 0 {
			node = child(node, "below")
		}
		node = child(node, key)
	}
	return p.pick(child(node, "at"), path)
}

func (p *positions) pick(at any, path []string) *Position {
	list, _ := at.([]any)
	var other *Position
	for _, raw := range list {
		store := definitionFile(asString(child(raw, "file")))
		local, known := p.sources.Local(store)
		pos := Position{File: local, Line: int(asInt(child(raw, "line"))), Column: int(asInt(child(raw, "column")))}
		if pos.Line == 0 && strings.HasSuffix(store, ".json") {
			if found, ok := p.inData(store)[strings.Join(path, "\x00")]; ok {
				pos.Line, pos.Column = found.Line, found.Column
			}
		}
		if known && !strings.HasPrefix(local, "<") {
			return &pos
		}
		// Made by somebody else's function, in a file of the user's.
		if file, own := p.sources.Local(definitionFile(asString(child(raw, "definedIn")))); own && !strings.HasPrefix(file, "<") {
			return &Position{File: file}
		}
		if known && other == nil {
			other = &pos
		}
	}
	return other
}

// inData finds the position of every object key in a JSON file, by its path joined with NUL.
func (p *positions) inData(store string) map[string]Position {
	if found, done := p.data[store]; done {
		return found
	}
	found := map[string]Position{}
	p.data[store] = found
	if text, err := p.sources.ReadFile(store); err == nil {
		jsonPositions(text, found)
	}
	return found
}

// jsonPositions records where each object key of a JSON text stands.
func jsonPositions(text []byte, found map[string]Position) {
	dec := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	for {
		kind := dec.PeekKind()
		tok, err := dec.ReadToken()
		if err != nil {
			return
		}
		if kind != '"' {
			continue
		}
		parent, length := dec.StackIndex(dec.StackDepth())
		if parent != '{' || length%2 == 0 {
			continue // a value, not a key
		}
		end := int(dec.InputOffset())
		start := end - len(quotedLength(text[:end]))
		var path []string
		for token := range dec.StackPointer().Tokens() {
			path = append(path, token)
		}
		_ = tok
		line := 1 + bytes.Count(text[:start], []byte("\n"))
		column := start - bytes.LastIndexByte(text[:start], '\n')
		found[strings.Join(path, "\x00")] = Position{Line: line, Column: column}
	}
}

// quotedLength returns the JSON string that text ends with.
func quotedLength(text []byte) []byte {
	for i := len(text) - 2; i >= 0; i-- {
		if text[i] != '"' {
			continue
		}
		backslashes := 0
		for j := i - 1; j >= 0 && text[j] == '\\'; j-- {
			backslashes++
		}
		if backslashes%2 == 0 {
			return text[i:]
		}
	}
	return text
}

// definitionFile takes the ", via option ..." off that clan puts behind a definition's file.
func definitionFile(file string) string {
	file, _, _ = strings.Cut(file, ", via option ")
	return file
}

// Where returns the place of an inventory option, given by its path below `inventory` ("instances", "backup", "roles"), or of
// the nearest part around it that has a place; nil if nothing is known. Positions of settings are known only where something
// is missing from them.
func (inv *Inventory) Where(path ...string) *Position {
	if inv.positions == nil || len(path) < 2 {
		return nil
	}
	return inv.positions.of(path...)
}
