package nixeval

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/clanctl/clanctl/internal/filetree"
)

// The cache answers a question without Nix when everything that the answer was computed from is known to be the same:
// the question itself, the Nix that would run and its configuration, the flake's source tree, and what its inputs were
// taken from. docs/explanation/cache.md lists the forms of which that can be known; an answer that came from anything
// else is not kept.

// attempt is one question on its way through the cache.
type attempt struct {
	// uncached is why the answer can be neither looked up nor kept; empty if it can.
	uncached string

	files     *cacheFiles
	ref       Ref
	overrides map[string]string // see [recordedAnswer]
	// question is a hash of what is asked, key stands for it and all else that the answer hangs on, id is that of the
	// answer, once it is kept.
	question, key, id string
	began             time.Time
	passed            time.Duration
	nix               *nixIdentity
	target            *filetree.Tree // nil for a reference that is fixed by itself
}

// answer is what is kept: a result or an error, and the local inputs that it depends on.
type answer struct {
	Error  *cachedError `json:"error,omitempty"`
	Inputs []localInput `json:"inputs,omitempty"`
	Events []Event      `json:"events,omitempty"`
	Source string       `json:"source,omitempty"`
	// Trees is as in [Sources].
	Trees map[string]string `json:"trees,omitempty"`
	Value json.RawMessage   `json:"-"`
}

// localInput is an input of the flake that lies in a directory outside of it.
type localInput struct {
	filetree.Source
	Sum []byte `json:"sum"`
}

// begin looks at everything that is known before Nix runs.
func (e *Evaluator) begin(ctx context.Context, ref Ref, args []string) *attempt {
	a := &attempt{ref: ref, overrides: map[string]string{}}
	for _, given := range e.OverrideInputs {
		a.overrides[e.within(given)] = e.override(given)
	}
	a.began, a.passed = clock()
	a.uncached = e.prepare(ctx, a, ref, args)
	return a
}

// prepare fills in an attempt, or says why the answer cannot be cached.
func (e *Evaluator) prepare(ctx context.Context, a *attempt, ref Ref, args []string) (uncached string) {
	switch {
	case e.CacheDir == "":
		return "there is no cache directory"
	case e.Impure:
		return "the evaluation is impure"
	case e.Env != nil:
		return "the environment is not this program's own"
	}
	var err error
	if a.nix, err = e.identify(); err != nil {
		return err.Error()
	}
	if a.files, err = openCacheFiles(e.CacheDir); err != nil {
		return err.Error()
	}
	var state string
	if a.target, state, uncached = stateOf(ctx, a.files, ref); uncached != "" {
		return uncached
	}
	hash := sha256.New()
	add := func(text string) { fmt.Fprintf(hash, "%d %s", len(text), text) }
	for _, arg := range args {
		add(arg)
	}
	for _, o := range e.settings() {
		if secret(o) { // which args do not show
			add(o.name)
			add(o.value)
		}
	}
	a.question = fmt.Sprintf("%x", hash.Sum(nil))
	a.key = answerKey(a.nix, state, a.question)
	return ""
}

// lookUp returns a kept answer that still holds.
func (a *attempt) lookUp(ctx context.Context) (*answer, bool) {
	if a.uncached != "" {
		return nil, false
	}
	payload, id, ok := a.files.read("answer", a.key)
	if !ok {
		return nil, false
	}
	head, value, ok := bytes.Cut(payload, []byte("\n"))
	kept := &answer{Value: json.RawMessage(value)}
	if !ok || json.Unmarshal(head, kept) != nil || !a.files.unchanged(ctx, kept.Inputs) {
		return nil, false
	}
	a.id = id
	return kept, true
}

// keep stores an answer, if everything that it depends on is known, and nothing of it was touched while Nix ran.
// Otherwise it says why not. failed is the error that the answer is, or nil.
func (e *Evaluator) keep(ctx context.Context, a *attempt, r *run, ref Ref, inputs *pinning,
	failed *Error) (kept *answer, uncached string) {
	kept, value := &answer{Events: r.events, Source: r.source, Trees: inputs.stores}, r.stdout
	if failed != nil {
		if kept.Error, value = failed.cacheable(r), nil; kept.Error == nil {
			return nil, "the error may be transient"
		}
	}
	switch {
	case a.uncached != "":
		return nil, a.uncached
	case inputs.unknown != "":
		return nil, inputs.unknown
	case a.clockJumped():
		return nil, "the clock was set during the run"
	}
	if nix, err := e.identify(); err != nil {
		return nil, err.Error()
	} else if !nix.unchangedSince(a.nix, a.began) {
		return nil, "Nix or its configuration changed during the run"
	}
	if a.target != nil {
		after, err := a.files.observe(ctx, ref.tree())
		if err != nil {
			return nil, fmt.Sprintf("the flake's tree: %v", err)
		}
		if !after.UnchangedSince(a.target) {
			return nil, "the flake's tree changed during the run"
		}
	}
	for _, input := range inputs.trees {
		t, err := a.files.observe(ctx, input)
		if err != nil {
			return nil, fmt.Sprintf("an input's tree: %v", err)
		}
		if t.RunsPrograms() {
			return nil, input.Root + " has attributes that have git run programs"
		}
		if !t.QuietSince(a.began) {
			return nil, input.Root + " changed during the run"
		}
		kept.Inputs = append(kept.Inputs, localInput{input, t.Sum()})
	}
	head, err := json.Marshal(kept)
	if err == nil {
		a.id, err = a.files.put("answer", a.key, append(head, '\n'), value)
	}
	if err != nil {
		return nil, err.Error()
	}
	return kept, ""
}

// clock tells the time of day, and how much time has passed since this program began; tests let the first jump.
var clock = func() (time.Time, time.Duration) {
	now := time.Now()
	return now.Round(0), now.Sub(programBegan)
}

var programBegan = time.Now()

// clockJumped reports whether the time of day went otherwise than the time that passed: the times of files then do not
// say what was changed first.
func (a *attempt) clockJumped() bool {
	now, passed := clock()
	return (now.Sub(a.began) - (passed - a.passed)).Abs() > 25*time.Millisecond
}

// unchanged reports whether local inputs are what they were.
func (s *cacheFiles) unchanged(ctx context.Context, inputs []localInput) bool {
	return !slices.ContainsFunc(inputs, func(input localInput) bool {
		t, err := s.observe(ctx, input.Source)
		return err != nil || !bytes.Equal(t.Sum(), input.Sum)
	})
}

// observe looks at a tree with the help of what was kept of it.
func (s *cacheFiles) observe(ctx context.Context, source filetree.Source) (*filetree.Tree, error) {
	key := fmt.Sprintf("%t %s", source.Git, source.Root)
	var known *filetree.Tree
	if text, ok := s.get("tree", key); ok {
		known, _ = filetree.Unmarshal(text)
	}
	t, changed, err := source.Observe(ctx, known)
	if err != nil {
		return nil, err
	}
	if changed {
		_, _ = s.put("tree", key, t.Marshal())
	}
	return t, nil
}
