package nixeval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/clanctl/clanctl/internal/filetree"
)

// The cache answers a question without Nix when everything that the answer was computed from is known to be the same: the
// question itself, the Nix that would run and its configuration, the flake's source tree, and what its inputs were taken from.
// docs/explanation/cache.md lists the forms of which that can be known; an answer that came from anything else is not kept.

// attempt is one question on its way through the cache.
type attempt struct {
	// uncached is why the answer can be neither looked up nor kept; empty if it can.
	uncached string

	files  *cacheFiles
	key    string
	began  time.Time
	passed time.Duration
	nix    *nixIdentity
	target *filetree.Tree // nil for a reference that is fixed by itself
}

// answer is what is kept: a result or an error, and the local inputs that it depends on.
type answer struct {
	Error  *cachedError    `json:"error,omitempty"`
	Inputs []localInput    `json:"inputs,omitempty"`
	Events []Event         `json:"events,omitempty"`
	Source string          `json:"source,omitempty"`
	Value  json.RawMessage `json:"-"`
}

// localInput is an input of the flake that lies in a directory outside of it.
type localInput struct {
	Git  bool   `json:"git,omitempty"`
	Root string `json:"root"`
	Sum  []byte `json:"sum"`
}

// begin looks at everything that is known before Nix runs.
func (e *Evaluator) begin(ctx context.Context, ref Ref, args []string) *attempt {
	a := &attempt{}
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
	}
	var err error
	if a.nix, err = e.identify(); err != nil {
		return err.Error()
	}
	if a.files, err = openCacheFiles(e.CacheDir); err != nil {
		return err.Error()
	}
	state := ""
	switch {
	case ref.Root != "" && plainQuery(ref.URL):
		if a.target, err = a.files.observe(ctx, ref.Root, ref.Git); err != nil {
			return fmt.Sprintf("the flake's tree: %v", err)
		}
		state = fmt.Sprintf("%x", a.target.Sum())
	case ref.kind == exprSource || ref.Root == "" && isFixedRef(ref.URL):
		state = "fixed"
	case ref.Root != "":
		return ref.URL + " needs more than the files of a tree"
	default:
		return ref.URL + " names no commit and no hash"
	}
	parts := append([]string{fmt.Sprintf("%x", a.nix.sum), state}, args...)
	for _, o := range e.Options {
		if secret(o) { // which args do not show
			parts = append(parts, o.Name, o.Value)
		}
	}
	a.key = strings.Join(parts, "\x00")
	return ""
}

// lookUp returns a kept answer that still holds.
func (a *attempt) lookUp(ctx context.Context) (*answer, bool) {
	if a.uncached != "" {
		return nil, false
	}
	payload, ok := a.files.get("answer", a.key)
	if !ok {
		return nil, false
	}
	head, value, ok := bytes.Cut(payload, []byte("\n"))
	kept := &answer{Value: json.RawMessage(value)}
	if !ok || json.Unmarshal(head, kept) != nil {
		return nil, false
	}
	for _, input := range kept.Inputs {
		t, err := a.files.observe(ctx, input.Root, input.Git)
		if err != nil || !bytes.Equal(t.Sum(), input.Sum) {
			return nil, false
		}
	}
	return kept, true
}

// keep stores an answer, if everything that it depends on is known, and nothing of it was touched while Nix ran. Otherwise it says why
// not. failed is the error that the answer is, or nil.
func (e *Evaluator) keep(ctx context.Context, a *attempt, r *run, ref Ref, inputs *pinning, failed *Error) (uncached string) {
	kept, value := answer{Events: r.events, Source: r.source}, r.stdout
	if failed != nil {
		if kept.Error, value = failed.cacheable(r), nil; kept.Error == nil {
			return "the error may be transient"
		}
	}
	switch {
	case a.uncached != "":
		return a.uncached
	case inputs.unknown != "":
		return inputs.unknown
	case a.clockJumped():
		return "the clock was set during the run"
	}
	if nix, err := e.identify(); err != nil {
		return err.Error()
	} else if !nix.unchangedSince(a.nix, a.began) {
		return "Nix or its configuration changed during the run"
	}
	if a.target != nil {
		after, err := a.files.observe(ctx, ref.Root, ref.Git)
		if err != nil {
			return fmt.Sprintf("the flake's tree: %v", err)
		}
		if !after.UnchangedSince(a.target) {
			return "the flake's tree changed during the run"
		}
	}
	for _, input := range inputs.trees {
		t, err := a.files.observe(ctx, input.Root, input.Git)
		if err != nil {
			return fmt.Sprintf("an input's tree: %v", err)
		}
		if t.RunsPrograms() {
			return input.Root + " has attributes that have git run programs"
		}
		if !t.QuietSince(a.began) {
			return input.Root + " changed during the run"
		}
		kept.Inputs = append(kept.Inputs, localInput{Git: input.Git, Root: input.Root, Sum: t.Sum()})
	}
	head, err := json.Marshal(kept)
	if err == nil {
		err = a.files.put("answer", a.key, append(append(head, '\n'), value...))
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// clock tells the time of day, and how much time has passed since this program began; tests let the first jump.
var clock = func() (time.Time, time.Duration) {
	now := time.Now()
	return now.Round(0), now.Sub(programBegan)
}

var programBegan = time.Now()

// clockJumped reports whether the time of day went otherwise than the time that passed: the times of files then do not say what was
// changed first.
func (a *attempt) clockJumped() bool {
	now, passed := clock()
	return (now.Sub(a.began) - (passed - a.passed)).Abs() > 25*time.Millisecond
}

// observe looks at a tree with the help of what was kept of it.
func (s *cacheFiles) observe(ctx context.Context, root string, git bool) (*filetree.Tree, error) {
	key := fmt.Sprintf("%t %s", git, root)
	var known *filetree.Tree
	if text, ok := s.get("tree", key); ok {
		known, _ = filetree.Unmarshal(text)
	}
	t, changed, err := filetree.Source{Root: root, Git: git}.Observe(ctx, known)
	if err != nil {
		return nil, err
	}
	if changed {
		_ = s.put("tree", key, t.Marshal())
	}
	return t, nil
}

// plainQuery reports whether a local reference asks for nothing that a tree does not tell (submodules, large files).
func plainQuery(ref string) bool {
	u, err := url.Parse(ref)
	if err != nil {
		return false
	}
	for name := range u.Query() {
		if name != "dir" && name != "shallow" {
			return false
		}
	}
	return true
}
