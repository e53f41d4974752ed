package nixeval

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/clanctl/clanctl/internal/question"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

// Evaluator is the configuration of Nix runs. The zero value runs `nix` from PATH with the user's own settings.
// It must not be changed while an Apply is under way.
type Evaluator struct {
	// Nix is the program to run: a path, or a name looked up in PATH. Empty means "nix".
	Nix string

	// Dir is where relative references and paths start, and where Nix runs. Empty: the working directory.
	Dir string

	// Env is the environment of Nix, as NAME=VALUE. Nil: of this program's own, what Nix and the fetchers below it
	// need; answers are kept with that alone.
	Env []string

	// Offline, Refresh and Impure have the meaning of Nix's flags of these names; but with Offline nothing at all is
	// fetched, not even an input that is not at hand. With Impure, Nix gets the caller's whole environment.
	Offline bool
	Refresh bool
	Impure  bool

	// System, if set, has an output after "#" be looked for below packages.SYSTEM and legacyPackages.SYSTEM, too, as
	// Nix's command line does: "nixpkgs#hello". [Evaluator.Version] tells the system of this machine.
	System string

	// Jobs is how many Nix processes [Each] may run at once. Zero: one for each CPU.
	Jobs int

	// OverrideInputs replaces inputs of the flake, as `nix --override-input`: input path ("a" or "a/b") to flake
	// reference.
	OverrideInputs map[string]string

	// UpdateInputs are inputs of the flake whose entries in flake.lock do not count, nor those of their own inputs, as
	// `nix flake update` would write them anew: an overridden one brings the pins of its own flake.lock. Nothing is
	// written.
	UpdateInputs []string

	// Options are Nix settings, as NAME=VALUE, in order; a later one wins. They come after the package's own
	// (allow-import-from-derivation=false) and so can change these. One with "token" in its name is put into NIX_CONFIG
	// instead: a command
	// line is everybody's to read.
	Options []string

	// Grace is how long an interrupted Nix may go on before its process group is killed. Zero means two seconds: Nix
	// 2.8 takes no notice of an interrupt while it evaluates.
	Grace time.Duration

	// CacheDir keeps answers, and errors of evaluation that only the flake's own code causes, for as long as everything
	// that they were computed from is known to be the same. Empty: no cache. It may be deleted at any time; one that
	// cannot be used is not used. With Refresh, answers are kept but not looked up.
	CacheDir string

	// CacheOnly answers from the cache or not at all, with [ErrNotCached]: for what must be quick or silent.
	CacheOnly bool

	// ProgramDir holds the small flakes through which functions are applied. Empty means `nixeval` in the user's cache
	// directory, or a temporary directory where that cannot be written.
	ProgramDir string

	// OnCommand, if set, is called with each command line just before it runs, OnEvent with each line of Nix's log as
	// it comes. Both are called from the goroutine of Apply or one it waits for; with concurrent Applies, concurrently.
	OnCommand func(argv []string)
	OnEvent   func(Event)

	// Logger, if set, gets the same as records: Nix's warnings as such, its traces at level info, and at level debug
	// each command and what Nix is doing. Errors are returned, not logged.
	Logger *slog.Logger

	// Answer, if set, is asked instead of Nix: package nixevaltest has some that answer from values or from recorded
	// files. A question is an object: "flake", "file" or "expr" is what was given as such ("with": the arguments of the
	// latter two); "path", "names": true for the names there, and "system"; "function" ("beside": its files) and "args"
	// where one is applied. The answer is the value, or an [*Error].
	Answer func(ctx context.Context, question json.RawMessage) (json.RawMessage, error)

	// OnNotCached, if set, is called with the reason where there is a CacheDir but an answer, or an error, is not kept
	// in it, in the same way.
	OnNotCached func(reason string)

	recording *recording // notes the answers, if set
}

// Function is a Nix function `flake: args: value` in a file of its own. `flake` is the flake as its inputs would see it
// (its outputs, `inputs`, `outPath`, `sourceInfo`), args what Apply was given, value plain data: it is forced as a
// whole, so that a derivation in it would be, too.
//
// It may name parts of its answer, so that an error says in [Error.Parts] which one killed Nix: by putting a path, a
// list of strings, into the trace of an error, with builtins.addErrorContext "nixeval-part ${toJSON path}" value. What
// dies without a trace is found by builtins.trace "nixeval-begin ${toJSON path}" before the part is evaluated, and
// "nixeval-end " after it.
type Function struct {
	// Name is the file's base name, such as "reader.nix"; it shows in Nix's traces.
	Name   string
	Source string
	// Beside are files beside it that it imports (`import ./NAME`): base name to source. The names flake.nix and
	// inputs.nix are taken.
	Beside map[string]string
}

// Result is what Nix answered.
type Result[T any] struct {
	// Path is the one that was asked for, of [Each].
	Path Path
	// Value is the value.
	Value T
	// Events are the warnings, traces and other messages of the run, in order.
	Events []Event
	// Sources maps the store paths in Events back to the user's files.
	Sources Sources
	// Cached: the answer was kept from an earlier run, and no Nix ran.
	Cached bool
}

// Apply evaluates fn applied to the flake and to args (marshalled as JSON) in one Nix process.
//
// The reference is one of [ResolveRef], [File] or [Expr]. An error is an
// [*Error], or the context's error wrapped in one: errors.Is works with [context.Canceled], [context.DeadlineExceeded],
// [ErrNixNotFound], [ErrNoFlake] and [ErrEvaluation].
func (e *Evaluator) Apply(ctx context.Context, ref Ref, fn Function, args any) (*Result[json.RawMessage], error) {
	return e.ask(ctx, ref, fn, args, nil)
}

// ask is Apply. onPart, if set, is told each part that the function announces, as soon as its value is known.
func (e *Evaluator) ask(ctx context.Context, ref Ref, fn Function, args any,
	onPart func(path []string, value string)) (*Result[json.RawMessage], error) {
	if ref.err != nil {
		return nil, ref.err
	}
	if e.Answer != nil {
		text, err := json.Marshal(args)
		if err != nil {
			return nil, fmt.Errorf("nixeval: arguments: %w", err)
		}
		value, err := e.answer(ctx, ref, question.Question{Function: fn.Source, Beside: fn.Beside, Args: text})
		return &Result[json.RawMessage]{Value: value}, err
	}
	ref, err := ref.located(e)
	if err != nil {
		return nil, err
	}
	argsJSON, err := json.Marshal(args)
	if err == nil {
		argsJSON, err = ref.envelope(argsJSON)
	}
	if err != nil {
		return nil, fmt.Errorf("nixeval: arguments: %w", err)
	}
	// What is asked, whether it stands on the command line or in a file.
	plain, err := newProgram(fn, ref, nil)
	if err != nil {
		return nil, fmt.Errorf("nixeval: %w", err)
	}
	question := e.arguments(plain.name, ref, argsJSON, true)
	if len(argsJSON) > maxArgument {
		if plain, err = newProgram(fn, ref, argsJSON); err != nil {
			return nil, fmt.Errorf("nixeval: %w", err)
		}
		argsJSON = []byte("null")
	}
	attempt := e.begin(ctx, ref, question)
	sources := Sources{Root: ref.Root, isExpr: ref.kind == exprSource, function: fn.Beside[functionName]}
	if !e.Refresh {
		if kept, ok := attempt.lookUp(ctx); ok {
			sources.known.Store, sources.known.Trees = kept.Source, kept.Trees
			return e.answered(ctx, kept, attempt, ref, sources)
		}
	}
	if e.CacheOnly {
		return nil, ErrNotCached
	}
	swept := make(chan struct{})
	defer func() { <-swept }()
	go func() {
		defer close(swept)
		e.sweep()
	}()
	program, cleanup, err := e.writeProgram(plain)
	if err != nil {
		return nil, fmt.Errorf("nixeval: %w", err)
	}
	defer cleanup()
	env := e.environ(e.programs(ctx, ref))
	run, err := e.run(ctx, env, e.arguments(program, ref, argsJSON, true), onPart)
	if err != nil && ref.kind == flakeSource && run.source != "" && run.inputs == "" && ctx.Err() == nil {
		// It died of looking at an input that nothing else may look at.
		run, err = e.run(ctx, env, e.arguments(program, ref, argsJSON, false), onPart)
	}
	inputs := e.pinning(run, ref)
	sources.known = sourcetree.Known{Store: run.source, Trees: inputs.stores, LocalInputs: inputs.trees}
	if err != nil {
		failed := e.explain(ctx, err, run, ref, sources)
		e.keepOrReport(ctx, attempt, run, ref, inputs, failed)
		return nil, failed
	}
	if !json.Valid(run.stdout) {
		return nil, &Error{
			Kind: ErrCrashed, Reason: "invalid-output",
			Message: fmt.Sprintf("%s exited 0 but printed invalid JSON (%d bytes, beginning %.60q)", e.nix(),
				len(run.stdout), run.stdout),
			Stderr: string(run.tail), Sources: sources,
		}
	}
	e.keepOrReport(ctx, attempt, run, ref, inputs, nil)
	return &Result[json.RawMessage]{Value: run.stdout, Events: run.events, Sources: sources}, nil
}

// keepOrReport has an answer kept if it can be, and says so if it cannot.
func (e *Evaluator) keepOrReport(ctx context.Context, attempt *attempt, run *run, ref Ref, inputs *pinning,
	failed *Error) {
	kept, reason := e.keep(ctx, attempt, run, ref, inputs, failed)
	if reason != "" {
		attempt.uncached = reason
		if e.OnNotCached != nil && e.CacheDir != "" && ctx.Err() == nil {
			e.OnNotCached(reason)
		}
	}
	e.recording.note(attempt, kept, failed)
}

// answered is the result of a kept answer, or the error that it is.
func (e *Evaluator) answered(ctx context.Context, kept *answer, attempt *attempt, ref Ref,
	sources Sources) (*Result[json.RawMessage], error) {
	for _, event := range kept.Events {
		e.log(event)
	}
	if kept.Error != nil {
		failed := kept.Error.error(ctx, e, ref, sources)
		e.recording.note(attempt, kept, failed)
		return nil, failed
	}
	e.recording.note(attempt, kept, nil)
	for _, input := range kept.Inputs {
		sources.known.LocalInputs = append(sources.known.LocalInputs, input.Source)
	}
	return &Result[json.RawMessage]{Value: kept.Value, Events: kept.Events, Sources: sources, Cached: true}, nil
}

// pinning judges the inputs that a run took.
func (e *Evaluator) pinning(r *run, ref Ref) *pinning {
	stores := map[string]string{}
	if r.source != "" {
		stores[""] = r.source
	}
	if ref.kind != flakeSource {
		return &pinning{stores: stores} // it has none
	}
	inputs, err := parseInputs(r.inputs)
	if err != nil {
		return &pinning{stores: stores, unknown: "the flake's inputs are unknown"}
	}
	inputs.addStores(stores)
	overrides := map[string]string{}
	for input, ref := range e.OverrideInputs {
		overrides[input] = e.override(ref)
	}
	p := pinningOf(inputs, overrides, e.UpdateInputs)
	p.stores = stores
	return p
}

// maxArgument leaves room in the 128 KiB that Linux allows for a word of a command line: quoting adds at most a
// character to each.
const maxArgument = 60_000

func (e *Evaluator) nix() string {
	if e.Nix == "" {
		return "nix"
	}
	return e.Nix
}
