package services

import (
	"iter"
	"maps"
	"strconv"
)

// All yields every option with its path, in order of paths, those within submodules too; what users name
// there is "<name>", any element of a list "*", as in nixpkgs' manuals.
func (i *Interface) All() iter.Seq2[[]string, *Option] {
	return func(yield func([]string, *Option) bool) { allOptions(nil, i.Options, yield) }
}

func allOptions(path []string, options map[string]*Option, yield func([]string, *Option) bool) bool {
	for _, name := range sortedNames(options) {
		o, at := options[name], append(path[:len(path):len(path)], name)
		if o.IsSet() {
			if !allOptions(at, o.Options, yield) {
				return false
			}
		} else if !yield(at, o) || !allWithin(at, o.Type, yield) {
			return false
		}
	}
	return true
}

func allWithin(path []string, t *Type, yield func([]string, *Option) bool) bool {
	switch {
	case t == nil || t.Up > 0:
		return true
	case t.Interface != nil:
		return allOptions(path, t.Interface.Options, yield)
	case t.Kind == KindMap:
		path = append(path[:len(path):len(path)], "<name>")
	case t.Kind == KindList:
		path = append(path[:len(path):len(path)], "*")
	}
	for _, alternative := range t.Alternatives {
		if !allWithin(path, alternative, yield) {
			return false
		}
	}
	return allWithin(path, t.Elem, yield)
}

// OptionAt returns the option that a path in the settings leads to, or else the innermost one on the way, and
// how much of the path leads to it; nil where there is none.
func (i *Interface) OptionAt(path []string) (option *Option, depth int) {
	f := optionFinder{path: path}
	f.among(i.Options, nil, 0)
	return f.option, f.depth
}

// OptionsAt returns the options right below a path in the settings, by name: of a plain set of options, or of a
// submodule that an option's value is.
func (i *Interface) OptionsAt(path []string) map[string]*Option {
	f := optionFinder{path: path, below: map[string]*Option{}}
	f.among(i.Options, nil, 0)
	return f.below
}

type optionFinder struct {
	path   []string
	option *Option
	depth  int
	below  map[string]*Option // nil if not asked for
}

// among looks for the names from a place in the path on in a set of options; around are the types that it is in.
func (f *optionFinder) among(options map[string]*Option, around []*Type, at int) {
	if at == len(f.path) {
		if f.below != nil {
			maps.Copy(f.below, options)
		}
		return
	}
	if options[f.path[at]] == nil {
		return
	}
	o := options[f.path[at]]
	if o.IsSet() {
		f.among(o.Options, around, at+1)
		return
	}
	if at+1 > f.depth {
		f.option, f.depth = o, at+1
	}
	f.within(o.Type, around, at+1, len(around))
}

// within looks into a type; the types around from own on are of the same value.
func (f *optionFinder) within(t *Type, around []*Type, at, own int) {
	if t == nil || at == len(f.path) && (f.below == nil || t.Kind == KindMap || t.Kind == KindList) {
		return
	}
	if t.Up > 0 && t.Up <= len(around) {
		outer := len(around) - t.Up
		if outer >= own {
			return // it is an alternative of itself
		}
		t, around, own = around[outer], around[:outer], outer
	}
	inside := append(around[:len(around):len(around)], t)
	switch {
	case t.Interface != nil:
		f.among(t.Interface.Options, inside, at)
		return
	case t.Kind == KindMap:
		at, own = at+1, len(inside)
	case t.Kind == KindList:
		if _, err := strconv.ParseUint(f.path[at], 10, 32); err != nil {
			return
		}
		at, own = at+1, len(inside)
	}
	for _, alternative := range t.Alternatives {
		f.within(alternative, inside, at, own)
	}
	f.within(t.Elem, inside, at, own)
}
