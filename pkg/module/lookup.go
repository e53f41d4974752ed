package module

import "strconv"

// NamesAt returns the options that are known at a path in the settings (the empty path: the interface itself), sorted; nil where
// there are none, or where the names are free.
func (i *Interface) NamesAt(path []string) []string {
	w := walker{options: i.Options, freeform: i.Freeform}
	for _, key := range path {
		if !w.step(key) {
			return nil
		}
	}
	w.enter()
	return sortedNames(w.options)
}

// TypeAt returns the type of the values at a path in the settings, which leads through elements of lists (by index) and of maps, too;
// nil where there is no such setting, or at a set of options.
func (i *Interface) TypeAt(path []string) *Type {
	w := walker{options: i.Options, freeform: i.Freeform}
	for _, key := range path {
		if !w.step(key) {
			return nil
		}
	}
	return w.typ
}

// walker goes down an interface. It is at a type, or at a set of options.
type walker struct {
	typ      *Type
	around   []*Type // the types that the current one is in, itself included
	options  map[string]*Option
	freeform *Type
}

func (w *walker) at(t *Type) {
	if t.Up > 0 && t.Up <= len(w.around) {
		w.around = w.around[:len(w.around)-t.Up+1]
		t = w.around[len(w.around)-1]
	} else {
		w.around = append(w.around, t)
	}
	w.typ, w.options, w.freeform = t, nil, nil
}

// enter goes from a type to the options that its values have, if they have any.
func (w *walker) enter() {
	for w.typ != nil {
		switch t := w.typ; {
		case t.Interface != nil:
			w.options, w.freeform, w.typ = t.Interface.Options, t.Interface.Freeform, nil
		case t.Kind == KindNullable && t.Elem != nil:
			w.at(t.Elem)
		case len(t.Alternatives) > 0 && t.alternativeWith("") != nil:
			w.at(t.alternativeWith(""))
		default:
			return
		}
	}
}

// step goes to the value of a name, or of an index.
func (w *walker) step(key string) bool {
	for w.typ != nil {
		t := w.typ
		switch {
		case t.Kind == KindMap && t.Elem != nil, t.Kind == KindList && t.Elem != nil && isIndex(key):
			w.at(t.Elem)
			return true
		case t.Kind == KindNullable && t.Elem != nil:
			w.at(t.Elem)
		case len(t.Alternatives) > 0 && t.alternativeWith(key) != nil:
			w.at(t.alternativeWith(key))
		case t.Interface != nil:
			w.options, w.freeform, w.typ = t.Interface.Options, t.Interface.Freeform, nil
		default:
			return false
		}
	}
	if o := w.options[key]; o != nil {
		if o.IsSet() {
			w.options, w.freeform = o.Options, nil
			return true
		}
		if o.Type == nil {
			return false
		}
		w.at(o.Type)
		return true
	}
	if w.freeform == nil {
		return false
	}
	t, inside := attributesOf(w.freeform)
	if t == nil {
		return false
	}
	w.around = append(w.around, inside...)
	w.at(t)
	return true
}

// alternativeWith is the alternative that has something below it: elements for an index, names otherwise.
func (t *Type) alternativeWith(key string) *Type {
	for _, a := range t.Alternatives {
		inner := a
		if a.Kind == KindNullable && a.Elem != nil {
			inner = a.Elem
		}
		if inner.Interface != nil || key != "" && inner.Kind == KindMap || inner.Kind == KindList && isIndex(key) {
			return a
		}
	}
	return nil
}

func isIndex(key string) bool {
	_, err := strconv.ParseUint(key, 10, 32)
	return err == nil
}
