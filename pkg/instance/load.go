package instance

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/hashicorp/go-multierror"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Config says how to load. The zero value loads everything with the nix of PATH; Load never changes it.
type Config struct {
	// Evaluator runs Nix.
	Evaluator nixeval.Evaluator
	// Instances are the names of the instances wanted; both the work and the answer are limited to them. Empty: all.
	Instances []string
	// Omit leaves parts of the clan out of the question, and the time they take.
	Omit Omit
	// Origins also asks for what tells where values come from: the places of all settings ([Inventory.At]), the options that
	// roles declare ([Role.Options]), and what modules themselves define ([Member.Own]).
	Origins bool
	// Jobs is how many Nix processes may run at once, where a broken clan needs more than one. Zero: one for each CPU.
	Jobs int
}

// Omit says what not to load.
type Omit int

const (
	// OmitNothing loads everything.
	OmitNothing Omit = iota
	// OmitSettings loads instances as they are written: module references, roles and members, but neither modules nor settings.
	OmitSettings
	// OmitInstances loads machines and tags only.
	OmitInstances
)

// Load reads the clan of a flake. The reference is anything that Nix takes; "" and paths are searched upward for a flake.nix.
//
// A clan that evaluates is read by one Nix process. Where parts of it do not, Load returns both the inventory without them and
// an error: a [*multierror.Error] of [*EvalError], one for each finding that stands for an evaluation failure. Where nothing
// can be had the inventory is nil; the error then is a [*nixeval.Error], a [*NotClanError], a [*LegacyError] or an
// [*UnknownInstanceError].
func Load(ctx context.Context, flake string, config Config) (*Inventory, error) {
	return load(ctx, flake, config, request{})
}

// request is what a load is asked for besides the inventory.
type request struct {
	setting *SettingRef // nil unless one is asked for
	owners  bool        // who defines what
	// early, if not nil, is called when everything came from one answer, before it is decoded; if it reports true, the load
	// ends with errEarly. then is called before the inventory is finished.
	early func(*loader) bool
	then  func(*loader) error
}

func load(ctx context.Context, flake string, config Config, also request) (*Inventory, error) {
	ref, err := nixeval.ResolveRef(flake)
	if err != nil {
		return nil, err
	}
	jobs := config.Jobs
	if jobs <= 0 {
		jobs = runtime.NumCPU()
	}
	if flake == "" {
		flake = "."
	}
	l := &loader{asker: newAsker(&config.Evaluator, flake, jobs), wanted: slices.Clone(config.Instances), omit: config.Omit, setting: also.setting, owners: also.owners}
	l.dir, l.origins = ref.Subdirectory(), config.Origins
	slices.Sort(l.wanted)
	l.wanted = slices.Compact(l.wanted)

	if err := l.collect(ctx); err != nil {
		return nil, err
	}
	if also.early != nil && l.first != nil && also.early(l) {
		return nil, errEarly
	}
	inv, err := l.decode()
	if err != nil {
		return nil, err
	}
	inv.Flake.Ref, inv.Flake.URL = flake, ref.URL
	inv.Trees = append([]nixeval.Ref{ref}, l.localInputs...)
	if err := l.locate(ctx); err != nil {
		return nil, err
	}
	if err := l.explain(ctx); err != nil {
		return nil, err
	}
	if also.then != nil {
		if err := also.then(l); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(inv.Findings, Finding.Compare)

	var errs *multierror.Error
	for _, f := range inv.Findings {
		if f.Code != CodeNixWarning {
			errs = multierror.Append(errs, &EvalError{f})
		}
	}
	return inv, errs.ErrorOrNil()
}

// loader is one call of Load on its way: facts are collected, decoded, and what is missing is explained.
type loader struct {
	*asker
	wanted  []string
	omit    Omit
	setting *SettingRef     // nil unless one is asked for
	owners  bool            // ask who defines what, too
	first   *nixeval.Result // the answer that holds everything; nil if the clan had to be read in parts
	facts   map[string]any
	sources nixeval.Sources
	// localInputs are trees of inputs in local directories.
	localInputs []nixeval.Ref
	mutex       sync.Mutex // facts and events, while parts are asked for in parallel
	events      []nixeval.Event
	inv         *Inventory
	missing     []missing
}

// UnknownInstanceError: Load was asked for an instance that the clan does not have.
type UnknownInstanceError struct {
	Name           string
	Known, Nearest []string
}

func (e *UnknownInstanceError) Error() string {
	return fmt.Sprintf("the clan has no instance %q", e.Name)
}

// Hint names instances that it does have.
func (e *UnknownInstanceError) Hint() string {
	switch {
	case len(e.Nearest) > 0:
		return "did you mean " + nearest.List(e.Nearest) + "?"
	case len(e.Known) == 0:
		return "it has no instances at all"
	}
	return "its instances are " + nearest.List(e.Known)
}

// NotClanError: the flake evaluates, but holds no clan.
type NotClanError struct{ Outputs []string }

func (e *NotClanError) Error() string {
	return "this flake is not a clan: it has neither an output `clan` nor `clanInternals` (clan-core), nor a plain output `inventory`"
}

// Hint says what the flake has instead.
func (e *NotClanError) Hint() string {
	if len(e.Outputs) == 0 {
		return "it has no outputs at all"
	}
	return "its outputs are " + nearest.List(e.Outputs)
}

// LegacyError: the clan is from before 2025-03, when services were `inventory.services`.
type LegacyError struct{ Services []string }

func (e *LegacyError) Error() string {
	return "this clan is described in the old form `inventory.services` (clan-core before 2025-03), which has no instances"
}

// Hint points at the migration.
func (e *LegacyError) Hint() string {
	return "move each service to inventory.instances and update clan-core: https://clan.lol/docs/guides/migrations/migrate-inventory-services"
}
