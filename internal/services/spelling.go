package services

import (
	"strings"

	"github.com/clanctl/clanctl/pkg/module"
)

// Spelling is how other references spell the module that a reference without an input means. Clan evaluates a
// service once for each way of writing it ([Key]), with clan-core's input or without, under its
// short name or its long one ("@clan/..."), and instances of one do not meet those of the other. It is the
// way that most of the others have, of several the first in order of their keys; the reference itself where
// it names an input, is unknown to the catalogue, or nobody else means the module.
func (c *Catalogue) Spelling(spec module.Spec, others []module.Spec) module.Spec {
	input, err := c.Resolve(spec)
	if err != nil || spec.Input != nil {
		return spec
	}
	best, count := spec, map[string]int{}
	for _, other := range others {
		if found, err := c.Resolve(other); err != nil || found != input ||
			shortName(other.Name) != shortName(spec.Name) {
			continue
		}
		key := Key(other)
		count[key]++
		if most := count[Key(best)]; count[key] > most || count[key] == most && key < Key(best) {
			best = other
		}
	}
	return best
}

// shortName is a service's name without the prefix that clan-core's have besides.
func shortName(name string) string { return strings.TrimPrefix(name, "@clan/") }

// Key is the internal name under which clan evaluates a module: `(input or "<clan-core>") + "-" + name`. Two references
// with one key are one service to clan, even if they mean different modules.
func Key(s module.Spec) string {
	if s.Input == nil {
		return "<clan-core>-" + s.Name
	}
	return *s.Input + "-" + s.Name
}
