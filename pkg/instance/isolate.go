package instance

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// When the question for everything kills Nix, no answer says which part is to blame: tryEval does not catch every error. So the parts
// are asked for in processes of their own, many at first and then fewer, until those that die are small.

// isolate asks for each part alone. What does not evaluate even so becomes a failure in the tree, as deep as it can be found.
func (l *loader) isolate(ctx context.Context) error {
	err := l.isolateSkeleton(ctx)
	if err != nil {
		return err
	}
	if err := l.checkShape(); err != nil {
		return err
	}
	// Without machines or tags nobody's membership by tag is known; the instances must not touch them.
	blind := bad(l.facts["machines"]) || bad(l.facts["tags"])
	for _, machine := range asMap(l.facts["machines"]) {
		blind = blind || bad(machine)
	}

	wanted := l.wanted
	if len(wanted) == 0 {
		wanted = asStrings(l.facts["instanceNames"])
	}
	positions := map[string]any{"instances": map[string]any{}}
	l.facts["positions"] = positions
	for _, name := range []string{"machines", "tags", "services"} {
		if positions[name], err = l.one(ctx, query{}, []string{"positions", name}); err != nil {
			return err
		}
	}
	l.facts["instances"] = map[string]any{}
	if l.omit == OmitInstances || bad(l.facts["instanceNames"]) {
		wanted = nil // none of them could be reached
	}
	if err := l.batch(ctx, query{Blind: blind, Raw: l.omit == OmitSettings}, wanted); err != nil {
		return err
	}
	// An instance whose module does not evaluate hides what the others name; now that they are known, ask for just that.
	if bad(l.facts["inputs"]) {
		inputs := []string{}
		for _, instance := range asMap(l.facts["instances"]) {
			if input := asString(child(instance, "module", "input")); input != "" {
				inputs = append(inputs, input)
			}
		}
		if l.facts["inputs"], err = l.drill(ctx, query{Inputs: sortedUnique(append(inputs, "self"))}, []string{"inputs"}, 2); err != nil {
			return err
		}
	}
	return l.checkShape()
}

// isolateSkeleton asks for everything but the instances: at once, or else each part alone.
func (l *loader) isolateSkeleton(ctx context.Context) error {
	paths := make([][]string, len(skeleton))
	for i, name := range skeleton {
		paths[i] = []string{name}
	}
	values, result, err := l.ask(ctx, query{Select: paths, Instances: l.wanted})
	if err != nil {
		if !isolates(err) {
			return err
		}
		// If the flake itself does not evaluate, that is the answer.
		var flake []any
		if flake, result, err = l.ask(ctx, query{Select: paths[:1]}); err != nil {
			return err
		}
		values = make([]any, len(skeleton))
		values[0] = flake[0]
		err = l.each(len(skeleton)-1, func(i int) (err error) {
			name := skeleton[i+1]
			values[i+1], err = l.one(ctx, query{Instances: l.wanted}, []string{name})
			return err
		})
		if err != nil {
			return err
		}
		// Where tags do not evaluate no machine does. Otherwise it may be a single machine.
		machines, tags := slices.Index(skeleton, "machines"), slices.Index(skeleton, "tags")
		if bad(values[machines]) && !bad(values[tags]) {
			if values[machines], err = l.drillBelow(ctx, query{}, []string{"machines"}, values[machines], 1); err != nil {
				return err
			}
		}
	}
	l.sources, l.localInputs = result.Sources, result.LocalInputs
	l.note(result.Events)
	l.facts = map[string]any{}
	for i, name := range skeleton {
		l.facts[name] = values[i]
	}
	return nil
}

// Up to this many instances are asked for one by one; more are split into this many batches first, so that a few bad ones
// among hundreds are found without a process for each good one.
const fanOut = 16

// batch asks for some instances at once and, if that kills Nix, for fewer at a time.
func (l *loader) batch(ctx context.Context, q query, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if len(names) == 1 {
		return l.drillInstance(ctx, q, names[0])
	}
	if len(names) > fanOut {
		size := (len(names) + fanOut - 1) / fanOut
		batches := slices.Collect(slices.Chunk(names, size))
		return l.each(len(batches), func(i int) error { return l.tryBatch(ctx, q, batches[i]) })
	}
	return l.each(len(names), func(i int) error { return l.drillInstance(ctx, q, names[i]) })
}

func (l *loader) tryBatch(ctx context.Context, q query, names []string) error {
	for _, name := range names {
		q.Select = append(q.Select, []string{"instances", name}, []string{"positions", "instances", name})
	}
	values, result, err := l.ask(ctx, q)
	if err != nil {
		if !isolates(err) {
			return err
		}
		q.Select = nil
		return l.batch(ctx, q, names)
	}
	l.note(result.Events)
	for i, name := range names {
		l.put(name, values[2*i], values[2*i+1])
	}
	return nil
}

// put stores what was had of an instance.
func (l *loader) put(name string, instance, positions any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	graft(l.facts, []string{"instances", name}, instance)
	graft(l.facts, []string{"positions", "instances", name}, positions)
}

// drillInstance is drill for an instance. Its module comes first: without it nothing can be evaluated, but what is written
// still can be shown.
func (l *loader) drillInstance(ctx context.Context, q query, name string) error {
	path := []string{"instances", name}
	q.Select = [][]string{path, {"positions", "instances", name}}
	values, result, err := l.ask(ctx, q)
	switch {
	case err == nil:
		l.note(result.Events)
		l.put(name, values[0], values[1])
		return nil
	case !isolates(err):
		return err
	}
	// What is written, as far as it can be had without the module; and the module alone.
	var written [3]any
	var service any
	parts := [][]string{extend(path, "module"), extend(path, "roles"), {"positions", "instances", name}}
	err = l.each(2, func(i int) (err error) {
		if i == 0 {
			service, err = l.one(ctx, q.mode(), extend(path, "service"))
			return err
		}
		raw := q.mode()
		raw.Raw = true
		return l.several(ctx, raw, parts, written[:])
	})
	if err != nil {
		return err
	}
	roles := written[1]
	_, noService := service.(failure)
	noService = noService || q.Raw
	if bad(roles) || !noService {
		deep := q.mode()
		deep.Raw = noService
		if roles, err = l.drillBelow(ctx, deep, extend(path, "roles"), roles, bottom); err != nil {
			return err
		}
	}
	l.put(name, map[string]any{"module": written[0], "service": service, "roles": roles}, written[2])
	return nil
}

// several asks for some parts at once, or else each alone.
func (l *loader) several(ctx context.Context, q query, paths [][]string, into []any) error {
	q.Select = paths
	values, result, err := l.ask(ctx, q)
	if err == nil {
		l.note(result.Events)
		copy(into, values)
		return nil
	}
	if !isolates(err) {
		return err
	}
	return l.each(len(paths), func(i int) (err error) {
		into[i], err = l.one(ctx, q.mode(), paths[i])
		return err
	})
}

// bottom is deeper than any part lies.
const bottom = 1000

// drill asks for one part; if that kills Nix, for its children, so many levels down, to the parts that are to blame.
// The error is one that ends the whole load (an interrupt, say).
func (l *loader) drill(ctx context.Context, q query, path []string, levels int) (any, error) {
	node, err := l.one(ctx, q, path)
	if _, failed := node.(failure); err != nil || !failed || levels == 0 {
		return node, err
	}
	return l.drillBelow(ctx, q, path, node, levels)
}

// drillBelow asks for the children of a part that died, which is dead itself if they cannot be listed or there are none.
func (l *loader) drillBelow(ctx context.Context, q query, path []string, dead any, levels int) (any, error) {
	outline := q
	outline.Outline = true
	names, err := l.one(ctx, outline, path)
	if err != nil {
		return nil, err
	}
	list, ok := names.([]any)
	if !ok || len(list) == 0 {
		return dead, nil
	}
	children := make([]any, len(list))
	err = l.each(len(list), func(i int) (err error) {
		children[i], err = l.drill(ctx, q, extend(path, asString(list[i])), levels-1)
		return err
	})
	if err != nil {
		return nil, err
	}
	node := map[string]any{}
	for i := range list {
		node[asString(list[i])] = children[i]
	}
	return node, nil
}

// one asks for a single part. A part that kills Nix is a failure, not an error.
func (l *loader) one(ctx context.Context, q query, path []string) (any, error) {
	q.Select = [][]string{path}
	values, result, err := l.ask(ctx, q)
	if err != nil {
		if isolates(err) {
			return failure{err}, nil
		}
		return nil, err
	}
	l.note(result.Events)
	return values[0], nil
}

// each runs f for 0..n-1 at once (ask bounds the processes) and returns the first error.
func (l *loader) each(n int, f func(int) error) error {
	var g errgroup.Group
	for i := range n {
		g.Go(func() error { return f(i) })
	}
	return g.Wait()
}

// note keeps what a run logged.
func (l *loader) note(events []nixeval.Event) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.events = append(l.events, events...)
}
