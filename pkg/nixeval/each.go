package nixeval

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"runtime"
	"strconv"
	"sync"
)

// Each evaluates many paths, several at once, and yields the result of each as soon as it is known; the error is that
// of the one path in Result.Path, and what it kills goes on without it. Every path is yielded once, in no order:
//
//	for machine, err := range nixeval.Each[string](ctx, ".", paths) {
//		if err != nil { ... } // about machine.Path alone
//	}
//
// At most [Evaluator.Jobs] Nix processes run at once. One evaluates a few paths, one after the other, so that they
// share what they have in common; a path that kills it costs one more process. When the loop is left early, or the
// context ends, those that run are ended.
func Each[T any, S ~string | Ref](ctx context.Context, src S, attrs []Path, with ...Evaluator) iter.Seq2[Result[T],
	error] {
	return func(yield func(Result[T], error) bool) {
		e := evaluator(with)
		ref, at, err := source(e, src)
		ctx, cancel := context.WithCancel(ctx)
		w := &workers{evaluator: e, ref: ref, results: make(chan itemResult, len(attrs))}
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		for i, attr := range attrs {
			q := lookup{Path: at.to(attr), Names: attr.names, System: e.systemFor(at)}
			w.queue = append(w.queue, item{i, q, false})
			if err != nil && !yield(Result[T]{Path: attr}, err) {
				return
			}
		}
		if err != nil {
			return
		}
		w.jobs = min(w.evaluator.jobs(), len(attrs))
		for range w.jobs {
			running.Go(func() { w.work(ctx) })
		}
		for range attrs {
			done := <-w.results
			result, err := Result[T]{Path: attrs[done.index], Sources: done.sources}, done.err
			if err == nil {
				result.Value, err = decodeFound[T](ref, done.q, done.found, done.sources)
			}
			if !yield(result, err) {
				return
			}
		}
	}
}

// jobs is how many processes may run at once.
func (e *Evaluator) jobs() int {
	if e.Jobs > 0 {
		return e.Jobs
	}
	return runtime.NumCPU()
}

// item is one path of Each.
type item struct {
	index int
	q     lookup
	alone bool // it is to have a process of its own
}

type itemResult struct {
	item
	found   found
	sources Sources
	err     error
}

// workers share the paths that are left.
type workers struct {
	evaluator *Evaluator
	ref       Ref
	jobs      int
	results   chan itemResult // has room for all, so that nobody waits for the loop

	mutex sync.Mutex
	queue []item
}

// mostTogether bounds how many paths one process evaluates: what it has evaluated stays in its memory.
const mostTogether = 10

// next takes paths for one process: fewer towards the end, so that all workers end at about the same time.
func (w *workers) next() []item {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	n := min(len(w.queue), mostTogether, 1+len(w.queue)/(2*w.jobs))
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	return batch
}

func (w *workers) work(ctx context.Context) {
	for batch := w.next(); len(batch) > 0; batch = w.next() {
		for len(batch) > 0 {
			batch = w.evaluate(ctx, batch)
		}
	}
}

// evaluate has one process evaluate some paths, and returns those that have neither a value nor an error yet.
func (w *workers) evaluate(ctx context.Context, batch []item) (rest []item) {
	if batch[0].alone {
		batch, rest = batch[:1], batch[1:]
	}
	told := make([]bool, len(batch))
	tell := func(i int, r itemResult) {
		if !told[i] {
			told[i], r.item = true, batch[i]
			w.results <- r
		}
	}
	if w.evaluator.Answer != nil {
		for i, item := range batch {
			f, _, err := w.evaluator.find(ctx, w.ref, item.q, "")
			tell(i, itemResult{found: f, err: err})
		}
		return rest
	}
	q := lookup{Path: []string{}}
	for _, item := range batch {
		q.Each = append(q.Each, item.q)
	}
	function := Function{Name: "eval.nix", Source: evalSource}
	result, err := w.evaluator.ask(ctx, w.ref, function, q, func(path []string, value string) {
		var f found
		if i, ok := partIndex(path, len(batch)); ok && json.Unmarshal([]byte(value), &f) == nil {
			tell(i, itemResult{found: f})
		}
	})
	var all struct {
		All []found `json:"all"`
	}
	if err == nil {
		err = json.Unmarshal(result.Value, &all)
	}
	if err == nil && len(all.All) == len(batch) {
		for i, f := range all.All {
			tell(i, itemResult{found: f, sources: result.Sources})
		}
		return rest
	}
	culprit := culpritOf(err, len(batch))
	known := culprit >= 0 && !told[culprit]
	for i := range batch {
		switch {
		case told[i]:
		case !known:
			tell(i, itemResult{err: err}) // no path's own: no Nix, no flake, or the context ended
		case i == culprit && i > 0 && errors.Is(err, ErrCrashed):
			// Perhaps what was evaluated before it took all the memory.
			batch[i].alone = true
			rest = append([]item{batch[i]}, rest...)
		case i == culprit:
			tell(i, itemResult{err: err})
		default:
			rest = append(rest, batch[i])
		}
	}
	return rest
}

// culpritOf is which of n paths an error is about; negative where it is no path's own.
func culpritOf(err error, n int) int {
	failed, is := errors.AsType[*Error](err)
	if is && len(failed.Parts) > 0 &&
		(errors.Is(err, ErrEvaluation) || errors.Is(err, ErrCrashed)) {
		if i, ok := partIndex(failed.Parts[0], n); ok {
			return i
		}
	}
	return -1
}

// partIndex is the number that is the path of a part.
func partIndex(path []string, n int) (int, bool) {
	if len(path) != 1 {
		return 0, false
	}
	i, err := strconv.Atoi(path[0])
	return i, err == nil && i >= 0 && i < n
}
