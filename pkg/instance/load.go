package instance

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/sourcetree"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/tags"
)

// Config says how to load. The zero value loads the whole document with the nix of PATH; Load never changes it.
type Config struct {
	// Evaluator runs Nix; a broken clan takes several processes, and its Jobs bounds how many run at once.
	Evaluator nixeval.Evaluator
	// Need says which parts of the clan are wanted; both the work and the answer are limited to them.
	Need Need
	// Instances are the names of the instances wanted. Empty: all.
	Instances []string
	// Setting is a member's setting of which all is wanted that the module system knows, for package why. The other
	// instances are not looked at then. Zero: none.
	Setting Subject
	// Overlay gives files another content, by their paths relative to the top of the flake's source tree. The flake
	// itself, git's index and the caches are left alone: a copy of what Nix sees of the tree is evaluated in a
	// temporary directory. The flake has to be a local directory.
	Overlay map[string][]byte

	ask facts.Query
}

// Ref is a flake reference, resolved: see [nixeval.ResolveRef].
type Ref = nixeval.Ref

// Need is a set of parts of a clan. Zero is all that the document of `clanctl eval` holds.
type Need int

const (
	// NeedMachines: machines and tags. Cheap, and part of all that follows.
	NeedMachines Need = 1 << iota
	// NeedInstances: instances as they are written, module references, roles and members, but neither modules nor
	// settings.
	NeedInstances
	// NeedSettings: the instances' modules and the final settings of all members. Most of the work.
	NeedSettings
	// NeedOrigins: with the settings, what tells where values come from: the places of all settings, the options that
	// roles declare, and what modules themselves define. For package why.
	NeedOrigins
	// NeedChecks: what only package check looks at, such as files that are missing or that git does not track; with
	// exports, unless there are more than 5,000 memberships.
	NeedChecks
	// NeedExports: what services export to each other, and how machines are reached. Nix evaluates the modules for it.
	NeedExports
)

// needDocument is what the zero Need stands for.
const needDocument = NeedMachines | NeedInstances | NeedSettings

func (n Need) all() Need {
	if n&^(facts.NeedOwners|NeedOrigins|facts.NeedSetting|NeedChecks|facts.NeedPlaces|facts.NeedInterfaces) == 0 {
		n |= needDocument
	}
	if n&(NeedOrigins|facts.NeedSetting|facts.NeedPlaces|facts.NeedInterfaces) != 0 {
		n |= NeedSettings
	}
	if n&NeedSettings != 0 {
		n |= NeedInstances
	}
	if n&(NeedInstances|NeedExports|NeedChecks) != 0 {
		n |= NeedMachines
	}
	return n
}

// Load reads the clan of a flake.
//
// A clan that evaluates is read by one Nix process. Where parts of it do not, Load returns both the inventory without
// them and an error: a [*multierror.Error] of [*Finding], one for each that stands for an evaluation failure.
// Where nothing can be had the inventory is nil; the error then is a [*nixeval.Error], [ErrNotClan], or one that says
// which instance there is not; where it has a method Hint, that says what to do.
func Load(ctx context.Context, ref Ref, config Config) (*Inventory, error) {
	if config.Overlay == nil {
		return load(ctx, ref, config)
	}
	copied, remove, err := overlaid(ctx, ref, config.Overlay)
	if err != nil {
		return nil, err
	}
	defer remove()
	config.Overlay, config.Evaluator.CacheDir, config.Evaluator.Refresh = nil, "", false
	inv, err := Load(ctx, copied, config)
	if inv != nil {
		inv.Flake.Ref, inv.Flake.URL = ref.Text, ref.URL
	}
	return inv, err
}

func load(ctx context.Context, ref Ref, config Config) (inv *Inventory, err error) {
	if config.Setting.Instance != "" {
		config.Need |= facts.NeedSetting
	}
	config.Need = config.Need.all()
	if config.Evaluator.Jobs <= 0 {
		config.Evaluator.Jobs = runtime.NumCPU()
	}
	config.Instances = sortedUnique(slices.Clone(config.Instances))
	for range mostTries {
		// All parts of one document come from one state of the files.
		if inv, err = newLoader(ref, &config).load(ctx); !errors.Is(err, reader.ErrChanged) {
			break
		}
	}
	return inv, err
}

// mostTries bounds how often a clan is read anew because its files changed in between.
const mostTries = 3

// loader is one load on its way: facts are asked for, decoded, and what is missing is explained.
type loader struct {
	*reader.Reader
	ref    Ref
	config *Config
	query  reader.Query
	facts  answers
	places *placer
	inv    *Inventory
	losses []loss
	// interfaces are those decoded so far, by module and role.
	interfaces map[[2]string]*services.Interface
	// untracked are the files that git does not track.
	untracked []string
	// settingFailure is why the setting that was asked for has no value.
	settingFailure *reader.Failure
	// waiting are the hosts that have no address.
	waiting []waitingHost
}

func newLoader(ref Ref, config *Config) *loader {
	l := &loader{ref: ref, config: config, Reader: reader.New(&config.Evaluator, ref)}
	l.query = reader.Query{Instances: config.Instances, DeferLines: config.Need&(NeedMachines|NeedInstances) != 0,
		Origins: config.Need&NeedOrigins != 0, Places: config.Need&facts.NeedPlaces != 0,
		Interfaces: config.Need&facts.NeedInterfaces != 0,
		Checks:     config.Need&NeedChecks != 0, Exports: config.Need&NeedExports != 0}
	if tell := config.ask.Progress; tell != nil {
		l.Progress = func(leftOut, left int) { tell(facts.Progress{LeftOut: leftOut, Left: left}) }
	}
	l.query.Moved, l.query.MovedBelow = moved(&config.Evaluator)
	if want := config.ask.Modules; config.Need&facts.NeedModules != 0 {
		l.query.Modules, l.query.Written, l.query.ByInstance = true, want.Written, want.ByInstance
		l.query.Interfaces = want.Interfaces || len(want.Of) > 0
		l.query.Inputs, l.query.AllInputs = want.Inputs, len(want.Inputs)+len(want.Of) == 0
		l.query.Named = sortedUnique(slices.Clone(want.Of))
	}
	if config.Need&facts.NeedSetting != 0 {
		of := config.Setting
		l.query.Setting = &reader.SettingRef{Instance: of.Instance, Role: of.Role, Machine: of.Machine,
			Path: emptyNotNil(of.Setting)}
		l.query.Instances = []string{config.Setting.Instance}
	}
	return l
}

// answers are what Nix says, as far as they are asked for.
type answers struct {
	flake         reader.Part[reader.Flake]
	meta          reader.Value
	machines      reader.Part[reader.Named[reader.Part[reader.Machine]]]
	tags          reader.Part[reader.Named[reader.Value]]
	carried       reader.Part[reader.Named[reader.Part[[]string]]]
	instanceNames reader.Part[[]string]
	instances     reader.Part[reader.Named[reader.Part[reader.Instance]]]
	inputNames    []string
	inputs        reader.Part[reader.Named[reader.Part[reader.Input]]]
	services      reader.Part[reader.Named[reader.Part[reader.Service]]]
	evaluated     reader.Part[reader.Named[reader.Part[reader.Evaluated]]]
	setting       reader.Part[reader.Setting]
	missing       reader.Part[reader.Named[reader.Part[[]string]]]
	exports       reader.Part[reader.Named[reader.Part[reader.Export]]]
	vars          reader.Named[reader.Part[string]]
	owners        struct{ instances, machines reader.Part[reader.Owners] }
	modules       moduleFacts
	places        placeFacts
}

// placeFacts are where the parts of the inventory are written.
type placeFacts struct {
	instances, failing, settings, machines, tags, services, exports reader.Part[reader.Named[reader.Place]]
}

// wants are the parts that the config needs, in the order in which one can break another.
func (l *loader) wants() []reader.Want {
	f, need := &l.facts, l.config.Need
	wants := []reader.Want{{Path: []string{"flake"}, Into: &f.flake},
		{Path: []string{"inputNames"}, Into: &f.inputNames}}
	add := func(when Need, into any, path ...string) {
		if need&when != 0 {
			wants = append(wants, reader.Want{Path: path, Into: into})
		}
	}
	add(NeedMachines, &f.meta, "meta")
	add(NeedMachines, &f.instanceNames, "instanceNames")
	add(NeedMachines, &f.machines, "machines")
	add(NeedMachines, &f.tags, "tags")
	add(NeedMachines, &f.carried, "carried")
	add(NeedInstances, &f.instances, "instances")
	add(NeedMachines, &f.inputs, "inputs")
	add(NeedSettings, &f.services, "services")
	add(NeedSettings, &f.evaluated, "evaluated")
	if len(l.query.Named) > 0 {
		add(facts.NeedModules, &f.modules.meant, "meant")
	} else {
		add(facts.NeedModules, &f.modules.inputs, "inputs")
		add(facts.NeedModules, &f.modules.modules, "modules")
	}
	add(facts.NeedModules, &f.modules.uses, "uses")
	add(facts.NeedSetting, &f.setting, "setting")
	add(NeedChecks, &f.missing, "missing")
	add(NeedExports|NeedChecks, &f.exports, "exports")
	add(NeedExports|NeedChecks, &f.vars, "vars")
	add(facts.NeedOwners, &f.owners.instances, "owners", "instances")
	add(facts.NeedOwners, &f.owners.machines, "owners", "machines")
	add(NeedInstances, &f.places.instances, "positions", "instances")
	add(NeedMachines, &f.places.machines, "positions", "machines")
	add(NeedMachines, &f.places.tags, "positions", "tags")
	add(NeedMachines, &f.places.services, "positions", "services")
	add(facts.NeedSetting, &f.places.settings, "positions", "settings")
	add(facts.NeedExportPlaces, &f.places.exports, "positions", "exports")
	if need&(NeedOrigins|facts.NeedPlaces) == 0 {
		add(NeedSettings, &f.places.failing, "positions", "failing")
	}
	return wants
}

func (l *loader) load(ctx context.Context) (*Inventory, error) {
	if err := l.Ask(ctx, l.query, l.wants()...); err != nil {
		return nil, l.flakeFault(ctx, err)
	}
	if f := l.facts.flake.Failure; f != nil {
		if err := l.Explain(ctx, l.query, []*reader.Failure{f}); err != nil {
			return nil, err
		}
		return nil, l.flakeFault(ctx, f.Err)
	}
	if err := l.checkLayout(); err != nil {
		return nil, err
	}
	if l.config.Need&NeedChecks != 0 && l.ref.Git {
		l.untracked, _ = git.Repo(l.ref.Root).Untracked(ctx) // without git, Nix has read nothing
		if tell := l.config.ask.Untracked; tell != nil {
			tell(l.untracked)
		}
	}
	for _, step := range []func(context.Context) error{l.lookElsewhere, l.decodePlaced, l.loadModules, l.explainHosts,
		l.locate, l.explain, l.findSettings} { // Nix is asked again only where something is missing
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	var errs *multierror.Error
	for _, f := range l.inv.Findings {
		if f.Err != nil {
			errs = multierror.Append(errs, &f)
		}
	}
	return l.inv, errs.ErrorOrNil()
}

// decodePlaced decodes the facts. It has Nix say the lines of places in large files where they cannot be read from the
// files.
func (l *loader) decodePlaced(ctx context.Context) error {
	if l.decode(); !l.places.unplaced {
		return nil
	}
	l.query.DeferLines = false
	wants := slices.DeleteFunc(l.wants(), func(w reader.Want) bool { return w.Path[0] != "positions" })
	l.facts.places = placeFacts{}
	if err := l.Ask(ctx, l.query, wants...); err != nil {
		return err
	}
	l.losses, l.waiting = nil, nil
	l.decode()
	return nil
}

// lookElsewhere asks what all inputs offer, where some instance names a module that its input does not.
func (l *loader) lookElsewhere(ctx context.Context) error {
	c := l.catalogue(map[string]string{})
	lost := func(part reader.Part[reader.Instance]) bool {
		_, err := c.Resolve(module.Spec(part.Value.Module.Value))
		failed, is := errors.AsType[*services.ResolveError](err)
		return part.OK() && part.Value.Module.OK() && is &&
			(failed.Code == codes.UnknownModule || failed.Code == codes.InputWithoutServices)
	}
	if l.config.Need&NeedSettings == 0 ||
		!slices.ContainsFunc(slices.Collect(maps.Values(l.facts.instances.Value)), lost) {
		return nil
	}
	all, err := l.allInputs(ctx)
	if err == nil && all.OK() {
		l.facts.inputs = all
	}
	return err
}

// allInputs asks what all inputs offer.
func (l *loader) allInputs(ctx context.Context) (all reader.Part[reader.Named[reader.Part[reader.Input]]], err error) {
	query := l.query
	query.AllInputs = true
	err = l.Ask(ctx, query, reader.Want{Path: []string{"inputs"}, Into: &all})
	return all, err
}

// checkLayout rules out flakes that hold no clan, and names that the clan does not have.
func (l *loader) checkLayout() error {
	flake := l.facts.flake.Value
	switch {
	case l.config.Need&NeedMachines == 0:
		return nil
	case flake.Layout == "none":
		return notClan(flake)
	case flake.Layout == "legacy": // clan-core before 2025-03
		return &hint.Error{Text: "this clan is described in the old form `inventory.services` (clan-core before 2025-03), which has no instances",
			Advice: "move each service to inventory.instances and update clan-core: https://clan.lol/docs/guides/migrations/migrate-inventory-services"}
	}
	if known := l.facts.instanceNames; known.OK() {
		for _, name := range l.config.Instances {
			if !slices.Contains(known.Value, name) {
				return &tags.UnknownError{Kind: "instance", Name: name, Known: known.Value}
			}
		}
	}
	return nil
}

// clanDir is the clan's directory relative to the top of the flake's source tree; false where it is not in it.
func (l *loader) clanDir() (string, bool) {
	if l.facts.flake.Value.Layout == facts.LayoutInventory {
		return filepath.FromSlash(sourcetree.Subdirectory(l.ref.URL)), true // without clan-core it is the flake's own
	}
	dir := l.places.local(l.facts.flake.Value.Directory.Value)
	return dir.name, dir.own
}

// ErrNotClan: the flake evaluates, but holds no clan.
var ErrNotClan = errors.New("not a clan")

// notClan is an [ErrNotClan] that says what the flake has instead.
func notClan(flake reader.Flake) error {
	err := &hint.Error{Err: ErrNotClan,
		Advice: "clan-core makes it: clan = (clan-core.lib.clan { inherit self; }).config;"}
	switch flake.Clan {
	case "":
		err.Text = "this flake is not a clan: it has neither an output `clan` nor `clanInternals` (clan-core), nor a plain output `inventory`"
		err.Advice = nearest.Hint(nil, flake.Outputs, "its outputs are ", "it has no outputs at all")
	case "set":
		err.Text = "this flake is not a clan: its output `clan` has no inventory"
	default:
		err.Text = "this flake is not a clan: its output `clan` is " + typeWords(flake.Clan)
	}
	return err
}

// ErrNotLocal: the flake is not a directory on this machine, so that nothing in it can be changed.
var ErrNotLocal = errors.New("is not a directory on this machine")

// moved are the direct inputs that an evaluator overrides or updates, and the inputs of inputs.
func moved(e *nixeval.Evaluator) (direct []string, below [][]string) {
	for _, name := range sortedUnique(slices.Concat(e.UpdateInputs, slices.Collect(maps.Keys(e.OverrideInputs)))) {
		if path := strings.Split(name, "/"); len(path) > 1 {
			below = append(below, path)
		} else {
			direct = append(direct, name)
		}
	}
	return direct, below
}
