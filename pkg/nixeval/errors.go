package nixeval

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// The kinds of failure that a caller may want to tell apart; test with errors.Is. [Error.Reason] tells more.
var (
	// ErrNixNotFound: there is no Nix that can be used: no such program, or one that is older than 2.8.
	ErrNixNotFound = errors.New("Nix not found")
	// ErrNoFlake: the reference names no flake, or no file, or is not a reference.
	ErrNoFlake = errors.New("no flake")
	// ErrMissing: there is no such attribute. That is the answer of a flake that evaluates.
	ErrMissing = errors.New("no such attribute")
	// ErrEvaluation: Nix ran and reported an error.
	ErrEvaluation = errors.New("evaluation failed")
	// ErrCrashed: Nix was killed, failed without output, or printed what is not JSON, or without end.
	ErrCrashed = errors.New("Nix crashed")
	// ErrNotCached: the cache has no answer, and only that was asked.
	ErrNotCached = errors.New("not in the cache")
	// The context ended; its error is the one to test for.
	errStopped = errors.New("stopped")
)

// Error is a failed run. It matches one of the Err values, and context.Canceled or context.DeadlineExceeded where the
// context ended it.
type Error struct {
	// Kind is one of the Err values.
	Kind   error
	cause  error
	frames []Frame
	// Message is Nix's message for the error itself, without trace and colours, store paths as Nix wrote them.
	Message string
	// Trace is the whole error text as `--show-trace` gives it; Stderr the end of everything that Nix logged.
	Trace  string
	Stderr string
	// At is where the error points, the file as in Nix's message; zero where Nix gives none. [Error.Position] has it in
	// the user's own files.
	At Position
	// Parts are the parts of the question that the error came through, the innermost first, where the function
	// announced any: see [Function].
	Parts [][]string
	// Hint says what to do about it, if there is something to say.
	Hint string
	// Reason is what is known besides the kind, in a word, for programs that have a way out of their own to offer:
	// "timeout", "not-executable", "too-old", "bad-reference", "offline" (something must be fetched, and may not),
	// "fetch" (something could not be fetched), "lock-too-new" (flake.lock is of a newer Nix), "import-from-derivation"
	// (which is not allowed), "too-large", "invalid-output". Mostly empty.
	Reason string
	// Sources maps the store paths in all these texts to the user's files.
	Sources Sources
}

// Error is the message with the user's own file names.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Sources.Rewrite(e.Message))
	if pos, ok := e.Position(); ok && pos.File != "" {
		fmt.Fprintf(&b, "\n  at %s", pos)
	}
	return b.String()
}

// Unwrap lets errors.Is find the kind and the context's error.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// Position is a place in a file of the user's.
type Position struct {
	Column int    `json:"column,omitzero"`
	File   string `json:"file"`
	Line   int    `json:"line,omitzero"`
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Position is the place in the user's own files that the error points at or, if it points into somebody else's, the
// nearest frame of the trace that is the user's. Where there is none it may be one in the function that [Apply] was
// given, "function.nix". It reports false where there is none at all.
func (e *Error) Position() (Position, bool) {
	if local, ok := e.Sources.own(e.At.File); ok {
		return Position{File: local, Line: e.At.Line, Column: e.At.Column}, true
	}
	places := []Position{e.At}
	for _, frame := range slices.Backward(traceFrame.FindAllStringSubmatch(e.Trace, -1)) {
		line, _ := strconv.Atoi(frame[2])
		column, _ := strconv.Atoi(frame[3])
		places = append(places, Position{File: frame[1], Line: line, Column: column})
	}
	for _, at := range places[1:] {
		if local, ok := e.Sources.own(at.File); ok {
			at.File = local
			return at, true
		}
	}
	if i := slices.IndexFunc(places, func(at Position) bool { return e.Sources.inFunction(at.File) }); i >= 0 {
		places[i].File = functionName
		return places[i], true
	}
	return Position{}, false
}

// Frame is one step of a trace: what Nix was doing, and where.
type Frame struct {
	// Position is zero where there is none. File is the user's own as [Sources.Local] has it or, where it cannot be
	// placed, Nix's.
	Position
	// Message is what Nix was doing: "while calling the 'throw' builtin".
	Message string
}

// Frames is the trace, the innermost step first.
func (e *Error) Frames() []Frame {
	frames := slices.Clone(e.frames)
	for i := range frames {
		f := &frames[i]
		f.File, _ = e.Sources.Local(f.File)
	}
	return frames
}

var traceFrame = lazyregexp.New(`(/nix/store/[^\s:]+):(\d+):(\d+)`)

// own is Local, for files of the flake itself only.
func (s Sources) own(path string) (string, bool) {
	local, ok := s.Local(path)
	return local, ok && path != "" && !strings.HasPrefix(local, "<") && (!s.isExpr || local == exprName)
}

// explain turns a failed run into an *Error.
func (e *Evaluator) explain(ctx context.Context, err error, r *run, ref Ref, sources Sources) *Error {
	out := &Error{Kind: ErrEvaluation, Stderr: string(r.tail), Sources: sources}
	if ended := ctx.Err(); ended != nil {
		out.Kind, out.cause = errStopped, ended
		out.Message = "interrupted"
		if errors.Is(ended, context.DeadlineExceeded) {
			out.Message = "Nix did not finish in time"
			out.Reason = "timeout"
		}
		return out
	}
	if errors.Is(err, errTooLarge) {
		out.Kind, out.Reason = ErrCrashed, "too-large"
		out.Message = fmt.Sprintf("Nix printed more than %d MiB", maxAnswer>>20)
		out.Hint = "some value in this flake is enormous, or without end"
		return out
	}
	exit, is := errors.AsType[*exec.ExitError](err)
	if !is {
		out.Kind, out.cause = ErrNixNotFound, err
		switch {
		case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
			out.Message = fmt.Sprintf("cannot find Nix: there is no program %q", e.nix())
			out.Hint = "install Nix (https://nixos.org/download, or your distribution's package nix-bin)"
		case errors.Is(err, fs.ErrPermission):
			out.Message = fmt.Sprintf("cannot run %s: permission denied", e.nix())
			out.Reason, out.Hint = "not-executable", "set Nix to the path of an executable nix"
		default:
			out.Message = fmt.Sprintf("cannot run %s: %v", e.nix(), err)
		}
		return out
	}
	for _, event := range r.events {
		if event.Message != "" {
			out.Message, out.Trace = event.Message, event.Text
			out.At = event.at
			out.frames = slices.DeleteFunc(slices.Clone(event.frames), func(f Frame) bool {
				return strings.HasPrefix(f.Message, partMark)
			})
		}
	}
	out.Trace, out.Parts = partsIn(out.Trace)
	if len(out.Parts) == 0 {
		out.Parts = slices.Clone(r.open)
		slices.Reverse(out.Parts)
	}
	if out.Message == "" {
		out.Message = strings.TrimSpace(lastLines(out.Stderr, 10))
		switch {
		case !exit.Exited():
			out.Kind = ErrCrashed
			out.Message = strings.TrimSpace(fmt.Sprintf("Nix died: %v\n%s", exit.ProcessState, out.Message))
			out.Hint = "killed from outside, or out of memory"
		case out.Message == "":
			out.Kind = ErrCrashed
			out.Message = fmt.Sprintf("Nix failed without output (exit code %d)", exit.ExitCode())
		}
	}
	if strings.Contains(out.Message, "unrecognised flag") ||
		strings.Contains(out.Message, "is not a recognised command") {
		out.Kind, out.Reason = ErrNixNotFound, "too-old"
		out.Hint = fmt.Sprintf("Nix 2.8 or newer is needed; see %s --version", e.nix())
	}
	if out.Hint == "" {
		out.Hint = e.hint(ctx, out, ref)
	}
	return out
}

// hint knows the few failures whose message does not say what to do, and says so; some have a reason, too.
func (e *Evaluator) hint(ctx context.Context, err *Error, ref Ref) string {
	text := err.Message + "\n" + err.Trace
	switch {
	case strings.Contains(text, "contains mutable lock") || strings.Contains(text, "contains unlocked input") ||
		strings.Contains(text, "unsupported ") && strings.Contains(text, " input attribute '"):
		err.Reason = "lock-too-new"
		return "this flake.lock was written by a newer Nix, which can read it"
	case strings.Contains(text, "daemon-socket") && strings.Contains(text, "Permission denied"):
		return "join the group of Nix's users (sudo adduser $USER nix-users), or use a store of your own: export NIX_REMOTE=$HOME/.local/share/nix/root"
	case strings.Contains(text, "allow-import-from-derivation"):
		err.Reason = "import-from-derivation"
		return "this flake builds something in order to be evaluated, which the setting allow-import-from-derivation must allow"
	case strings.HasSuffix(err.Message, "-source/flake.nix' does not exist"): // whose, Nix does not say
		return "a reference leads to a directory without a flake.nix"
	}
	if missing := missingAttribute.FindStringSubmatch(err.Message); missing != nil &&
		(strings.Contains(err.Trace, "builtins."+missing[1]) || strings.Contains(err.Trace, "inherit (builtins)")) {
		return fmt.Sprintf("this Nix has no builtins.%s; use a newer one", missing[1])
	}
	if repo, ok := localRepo(ref.URL); ok && gitFailure.MatchString(text) {
		if lacks := repo.Lacks(ctx); lacks != "" {
			return lacks
		}
	}
	// Nix takes a bare name for one of the registry.
	if path := strings.TrimSuffix(ref.URL, "/"); ref.Root == "" && !strings.Contains(path, ":") && exists(path) {
		return fmt.Sprintf("this asks Nix's registry of flakes for %q; the directory is ./%s", ref.URL, path)
	}
	if e.Offline && fetchFailure.MatchString(text) {
		err.Reason = "offline"
		return "something that this flake needs is not at hand, and nothing may be fetched"
	}
	if fetchFailure.MatchString(err.Message) {
		err.Reason = "fetch"
		return "Nix could not fetch something that this flake needs: look at the reference, the network, and access-tokens in nix.conf"
	}
	if escaped := escapePath(ref.Root); escaped != ref.Root &&
		(strings.Contains(text, escaped+"'") || strings.Contains(text, "program 'git' failed")) {
		return "Nix 2.8 cannot read a directory with spaces or special characters in its name: rename it, or use a newer Nix"
	}
	if ref.Git && missingFile.MatchString(text) {
		if file := untracked(ctx, ref.Root, text); file != "" {
			return fmt.Sprintf("Nix sees only files that git tracks: git add -N %s", file)
		}
	}
	return ""
}

var missingAttribute = lazyregexp.New(`^attribute '(\w+)' missing`)

// looksOutside reports whether the hint may hang on more than the flake's source: on files that git does not track, or
// its objects.
func (e *Error) looksOutside(ref Ref) bool {
	text := e.Message + "\n" + e.Trace
	return ref.Root == "" || ref.Git && (gitFailure.MatchString(text) || missingFile.MatchString(text))
}

// The first is of Nix's that run git, the others are of libgit2.
var gitFailure = lazyregexp.New(`program 'git' failed|Git object|object not found|git_object`)

// The first is of Nix's downloads, the others are of git.
var fetchFailure = lazyregexp.New(`unable to download|transport '[^']*' not allowed|[Cc]annot (?:find|fetch|resolve) .*(?:offline|Git)|Failed to fetch git repository`)

// An option that does not exist is none: that is asked often, and takes a git process.
var missingFile = lazyregexp.New(`(?:path|file) ['"][^'"]*['"] does not exist|No such file|not tracked|does not contain a|getting status of`)

// untracked returns a file of the work tree that git does not track and the text mentions, or "".
func untracked(ctx context.Context, root, text string) string {
	files, _ := git.Repo(root).Untracked(ctx)
	for _, file := range files {
		for name := file; name != "" && name != "."; name = filepath.Dir(name) {
			// The file itself, or the directory that is missing with it.
			for _, form := range []string{"-source/" + name + "'", "-source/" + name + "\"", "'" + name + "'",
				"\"" + name + "\"", "/" + name + "'"} {
				if strings.Contains(text, form) {
					return name
				}
			}
		}
	}
	return ""
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
