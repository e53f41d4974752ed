package nixeval

import (
	"context"
	"errors"
	"os/exec"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// An evaluation that fails is an answer, too: the same flake fails in the same way again. Kept is only what the flake's
// own code says; all that could be otherwise the next time (a fetch, a path that is not there, no memory, too deep a
// recursion, a signal) is not.

// cachedError is an [*Error] of kind ErrEvaluation in the cache.
type cachedError struct {
	Message string `json:"message"`
	Trace   string `json:"trace,omitempty"`
	Stderr  string `json:"stderr,omitempty"`
	Position
	Frames []Frame    `json:"frames,omitempty"`
	Parts  [][]string `json:"parts,omitempty"`
}

// cacheable is the error in the form that is kept, or nil if it may not be.
func (e *Error) cacheable(r *run) *cachedError {
	exit, is := errors.AsType[*exec.ExitError](r.err)
	if e.Kind != ErrEvaluation || e.cause != nil || !is || exit.ExitCode() != 1 ||
		!r.failedByItself() {
		return nil
	}
	return &cachedError{e.Message, e.Trace, e.Stderr, e.At, e.frames, e.Parts}
}

// error is the error again. The hint is made anew: it looks at files that are not part of the flake.
func (k *cachedError) error(ctx context.Context, e *Evaluator, ref Ref, sources Sources) *Error {
	out := &Error{Kind: ErrEvaluation, Message: k.Message, Trace: k.Trace, Stderr: k.Stderr, At: k.Position,
		Sources: sources, frames: k.Frames, Parts: k.Parts}
	out.Hint = e.hint(ctx, out, ref)
	return out
}

// failedByItself reports whether the one error of a run is of the flake's own making: it threw, or asserted (which the
// program has found out with tryEval), or did what no evaluation can go on from.
func (r *run) failedByItself() bool {
	message := ""
	for _, event := range r.events {
		if event.Message != "" {
			if message != "" {
				return false
			}
			message = event.Message
		}
	}
	return message != "" && !passing.MatchString(message) && (r.threw || evaluationErrors.MatchString(message))
}

// evaluationErrors are messages of errors that nothing but the evaluated code causes. Nix gives errors no type in its
// log, so that these are known by their words, of Nix 2.8 and of 2.26; an error with other words is not kept, and that
// is all.
var evaluationErrors = lazyregexp.New(`^(?:` +
	`attribute '.*' missing` +
	`|infinite recursion encountered` +
	`|undefined variable '.*'` +
	`|cannot coerce .*|cannot convert a function to JSON|cannot add .*|cannot compare .*` +
	`|value is .* while .* was expected|expected .* but found .*` +
	`|.* called (?:without required|with unexpected) argument '.*'` +
	`|attempt to call something which is not a function but .*` +
	`|list index .* is out of bounds|'builtins\.elemAt' called with index .*|'builtins\.(?:head|tail)' called on an empty list` +
	`|division by zero` +
	`|evaluation aborted with the following error message: .*` +
	`|syntax error, .*` +
	`)`)

// passing are words of errors that hang on the machine, whatever else is known.
var passing = lazyregexp.New(`(?i)out of memory|bad_alloc|cannot allocate|stack overflow|max-call-depth|interrupted by the user`)
