package instance

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// The facts are what reader.nix answers: one tree of maps, slices, strings, bools, nil and json.Number, put together from as many
// answers as it took. Nothing here knows what a machine or an instance is.

// The reader marks parts that it cannot show with a set { "$clanctl" = KIND; ... }.
const markKey = "$clanctl"

const (
	markThrows  = "throws"  // does not evaluate; tryEval caught it and dropped the message
	markOpaque  = "opaque"  // nothing that a document could hold: a package set, or endless
	markAbsent  = "absent"  // there is no such part
	markBlocked = "blocked" // was not tried, because something that it needs failed
	markPairs   = "pairs"   // a set with names that toJSON would misread, as [ [ name value ] ... ]; see unpair
	markSet     = "set"     // a user's set that has the mark's key; the set itself is in "value"
)

// failure stands in a tree for a part that killed its Nix process.
type failure struct{ err error }

// unpair turns marked pairs back into sets.
func unpair(node any) any {
	switch n := node.(type) {
	case map[string]any:
		pairs, _ := n["pairs"].([]any)
		if n[markKey] != markPairs {
			for key, value := range n {
				n[key] = unpair(value)
			}
			return n
		}
		set := make(map[string]any, len(pairs))
		for _, p := range pairs {
			if pair, _ := p.([]any); len(pair) == 2 {
				set[asString(pair[0])] = unpair(pair[1])
			}
		}
		return set
	case []any:
		for i := range n {
			n[i] = unpair(n[i])
		}
	}
	return node
}

// markOf returns the mark of a node, or "".
func markOf(node any) string {
	switch n := node.(type) {
	case map[string]any:
		if kind, ok := n[markKey].(string); ok {
			return kind
		}
	case failure:
		return markThrows
	}
	return ""
}

// bad reports whether a node stands for a part that is missing.
func bad(node any) bool {
	kind := markOf(node)
	return kind != "" && kind != markSet
}

func child(node any, path ...string) any {
	for _, key := range path {
		m, ok := node.(map[string]any)
		if !ok {
			return nil
		}
		node = m[key]
	}
	return node
}

func asMap(node any) map[string]any {
	if bad(node) {
		return nil
	}
	m, _ := node.(map[string]any)
	return m
}

func asString(node any) string { s, _ := node.(string); return s }
func asBool(node any) bool     { b, _ := node.(bool); return b }

func asInt(node any) int64 {
	n, _ := node.(json.Number)
	i, _ := n.Int64()
	return i
}

func asStrings(node any) []string {
	list, _ := node.([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// hole is a part of a tree that could not be evaluated.
type hole struct {
	path []string // from the tree's root, as the reader's `select` takes it
	user []string // the same in the user's terms: without the reader's own keys
	node any
	// undefined: an option that nobody set and that has no default.
	undefined bool
}

// prune removes the holes from a tree of settings and returns what is left; keep is false if the tree is itself a hole.
// A list that lacks an element is missing as a whole: a shorter list would be a wrong value.
func prune(node any, path, user []string, report func(hole)) (clean any, keep bool) {
	switch n := node.(type) {
	case failure:
		report(hole{path: path, user: user, node: node})
		return nil, false
	case map[string]any:
		switch markOf(n) {
		case "":
		case markSet:
			n, _ = n["value"].(map[string]any)
			path = extend(path, "value")
		default:
			report(hole{path: path, user: user, node: node, undefined: asBool(n["undefined"])})
			return nil, false
		}
		clean := make(map[string]any, len(n))
		for _, key := range sortedKeys(n) {
			if value, ok := prune(n[key], extend(path, key), extend(user, key), report); ok {
				clean[key] = value
			}
		}
		return clean, true
	case []any:
		whole := true
		for i, item := range n {
			key := strconv.Itoa(i)
			value, ok := prune(item, extend(path, key), extend(user, key), report)
			n[i], whole = value, whole && ok
		}
		return n, whole
	}
	return node, true
}

// extend appends without sharing the array.
func extend(path []string, more ...string) []string {
	return append(slices.Clip(path), more...)
}

// graft puts a node into a tree at a path, making the maps on the way.
func graft(tree map[string]any, path []string, node any) {
	for _, key := range path[:len(path)-1] {
		next, ok := tree[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[key] = next
		}
		tree = next
	}
	tree[path[len(path)-1]] = node
}
