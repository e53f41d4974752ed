package instance

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// ModuleQuery says which modules to look at, and how closely. The zero value asks for what all modules of all inputs say of
// themselves, without READMEs and interfaces.
type ModuleQuery struct {
	// Inputs limits the modules to those of these inputs ("self" is the flake). Empty: all.
	Inputs []string
	// Interfaces asks for READMEs and for what each role accepts as settings, too.
	Interfaces bool
	// Written asks, for the modules of Inputs, also how they are written, see [module.Written].
	Written bool
	// Of, if not empty, limits the modules to those of these references, as a user writes them: "MODULE" or "INPUT#MODULE".
	// They are looked at closely, as with Interfaces, and Inputs does not matter.
	Of []string
	// ByInstance takes a reference in Of that is an instance's name for the instance's module.
	ByInstance bool
}

// Modules are the service modules that a flake's inputs offer, as far as they were asked for.
type Modules struct {
	// Catalogue has them by input and name, in [module.Input.Modules].
	Catalogue module.Catalogue
	// Uses are the clan's instances: the module that each means, and the roles that it mentions. Nil if they do not evaluate.
	Uses map[string]ModuleUse
	// Found are the modules that the references of ModuleQuery.Of mean.
	Found map[string]*module.Service
}

// ModuleUse is an instance as far as modules go.
type ModuleUse struct {
	module.Spec
	// Roles are those that the instance mentions, sorted.
	Roles []string
}

// LoadModules looks at the service modules that a flake's inputs offer, also at those that no instance uses. The flake need not
// hold a clan.
//
// Modules are evaluated with clan-core's own function for it. In a flake without clan-core, or with one from before 2025-05,
// nixpkgs' lib does, and what a module says of itself is not checked; without any lib, interfaces are read as they are
// written, which some cannot be.
//
// What does not evaluate has an Error in its place, hides nothing else and is no error of LoadModules. That is a
// [*nixeval.Error] where nothing could be had, and one of package module's errors of resolution for a reference, or an input,
// that leads nowhere.
func LoadModules(ctx context.Context, flake string, config Config, want ModuleQuery) (*Modules, error) {
	jobs := config.Jobs
	if jobs <= 0 {
		jobs = runtime.NumCPU()
	}
	if flake == "" {
		flake = "."
	}
	l := &moduleLoader{
		loader: &loader{asker: newAsker(&config.Evaluator, flake, jobs), inv: &Inventory{}},
		result: &Modules{Catalogue: module.Catalogue{Inputs: map[string]module.Input{}}, Found: map[string]*module.Service{}},
		stores: map[string]string{}, unreadable: map[string]**module.Failure{},
	}
	load := l.loadAll
	if len(want.Of) > 0 {
		load = l.loadNamed
	}
	if err := load(ctx, want); err != nil {
		return nil, err
	}
	err := l.explainParts(ctx)
	for input, reason := range l.unreadable {
		offers := l.result.Catalogue.Inputs[input]
		offers.Err = *reason
		l.result.Catalogue.Inputs[input] = offers
	}
	return l.result, err
}

// moduleLoader is one call of LoadModules.
type moduleLoader struct {
	*loader
	result *Modules
	stores map[string]string // where the inputs are
	// lost are the parts that do not evaluate.
	lost []lostPart
	// unreadable are the inputs whose services cannot even be listed, and why.
	unreadable map[string]**module.Failure
}

// lostPart is a part that does not evaluate; reason is where to say why, nil if nobody has to know.
type lostPart struct {
	query  query
	node   any
	reason **module.Failure
}

// loadAll looks at all modules of the inputs that are wanted.
func (l *moduleLoader) loadAll(ctx context.Context, want ModuleQuery) error {
	tree := "services"
	if want.Interfaces {
		tree = "described"
	}
	paths := [][]string{{"flake"}, {"inputs", "names"}, {"uses"}}
	if len(want.Inputs) == 0 {
		paths = append(paths, []string{"catalogue"}, []string{tree})
	}
	for _, input := range want.Inputs {
		paths = append(paths, []string{"catalogue", input}, []string{tree, input})
		if want.Written {
			paths = append(paths, []string{"written", input}, []string{"placed", input})
		}
	}
	facts, err := l.askAll(ctx, query{}, paths, roleDepth)
	if err != nil {
		return err
	}
	l.takeFlake(facts)
	l.takeCatalogue(facts)
	for _, input := range want.Inputs {
		if err := l.result.Catalogue.CheckInput(input); err != nil {
			return err
		}
	}
	for _, input := range sortedKeys(l.result.Catalogue.Inputs) {
		offers := l.result.Catalogue.Inputs[input]
		if !offers.HasServices {
			continue
		}
		modules, path := child(facts, tree, input), []string{tree, input}
		offers.Modules = map[string]*module.Service{}
		for _, name := range sortedKeys(asMap(modules)) {
			node := child(modules, name)
			if !want.Interfaces {
				node = map[string]any{"about": node}
			}
			offers.Modules[name] = l.service(query{}, node, extend(path, name), input, name, want.Interfaces)
			if written := child(facts, "written", input, name); written != nil {
				offers.Modules[name].Written = l.written(written, child(facts, "placed", input, name))
			}
		}
		for alias, name := range asMap(child(facts, "catalogue", input, "twins")) {
			if service := offers.Modules[asString(name)]; service != nil {
				service.Aliases = append(service.Aliases, alias)
			}
		}
		module.JoinTwins(offers.Modules)
		l.result.Catalogue.Inputs[input] = offers
	}
	return nil
}

// loadNamed looks at the modules that are referred to.
func (l *moduleLoader) loadNamed(ctx context.Context, want ModuleQuery) error {
	q := query{Named: sortedUnique(append([]string{}, want.Of...)), ByInstance: want.ByInstance}
	paths := [][]string{{"flake"}, {"inputs", "names"}, {"uses"}}
	for _, ref := range q.Named {
		paths = append(paths, []string{"meant", ref})
	}
	facts, err := l.askAll(ctx, q, paths, bottom)
	if err != nil {
		return err
	}
	l.takeFlake(facts)
	var unknown []string
	for _, ref := range q.Named {
		node := child(facts, "meant", ref)
		if f, failed := node.(failure); failed {
			return f.err
		}
		offers := child(node, "modules")
		if f, failed := offers.(failure); failed {
			// Some input kills Nix when it is asked what it offers.
			if specOf(ref).Input != nil || child(node, "spec") != nil {
				return f.err
			}
			if err := l.loadAmongBroken(ctx, ref); err != nil {
				return err
			}
			continue
		}
		input, err := l.choose(ctx, q, ref, offers)
		if err != nil {
			return err
		}
		if input == "" {
			unknown = append(unknown, ref)
			continue
		}
		name := specOf(ref).Name
		if own := asString(child(node, "spec", "name")); own != "" {
			name = own
		}
		if source := asString(child(offers, input, "source")); source != "" && input != "self" {
			l.stores[input] = source
		}
		l.sources = l.sources.WithInputs(l.stores)
		service := l.service(q, child(offers, input), []string{"meant", ref, "modules", input}, input, name, true)
		l.result.Found[ref] = service
		in := l.result.Catalogue.Inputs[input]
		in.HasServices = true
		if in.Modules == nil {
			in.Modules = map[string]*module.Service{}
		}
		in.Modules[name] = service
		l.result.Catalogue.Inputs[input] = in
	}
	if len(unknown) == 0 {
		return nil
	}
	return l.unknown(ctx, want, unknown[0], child(facts, "meant", unknown[0]))
}

// loadAmongBroken looks at the module of a name where not all inputs can be asked at once.
func (l *moduleLoader) loadAmongBroken(ctx context.Context, name string) error {
	facts, err := l.askAll(ctx, query{}, [][]string{{"inputs", "names"}, {"catalogue"}}, roleDepth)
	if err != nil {
		return err
	}
	l.takeCatalogue(facts)
	var inputs []string
	for _, input := range sortedKeys(l.result.Catalogue.Inputs) {
		offers := l.result.Catalogue.Inputs[input]
		if slices.Contains(offers.Services, name) && !slices.Contains(offers.Deprecated, name) {
			inputs = append(inputs, input)
		}
	}
	input, err := l.result.Catalogue.Choose(name, inputs)
	if err != nil {
		return err
	}
	full := input + "#" + name
	if err := l.loadNamed(ctx, ModuleQuery{Of: []string{full}}); err != nil {
		return err
	}
	l.result.Found[name] = l.result.Found[full]
	return nil
}

// choose picks the input whose module is meant. It is empty if no input offers one; a module that is there only to throw says
// so itself.
func (l *moduleLoader) choose(ctx context.Context, q query, ref string, offers any) (string, error) {
	inputs := sortedKeys(asMap(offers))
	live := slices.DeleteFunc(slices.Clone(inputs), func(input string) bool { return asBool(child(offers, input, "deprecated")) })
	switch {
	case len(inputs) == 0:
		return "", nil
	case len(live) > 0:
		return l.result.Catalogue.Choose(ref, live)
	}
	gone := &module.DeprecatedError{Spec: specOf(ref), Input: inputs[0]}
	q.Strict, q.Select = true, [][]string{{"meant", ref, "modules", inputs[0], "about"}}
	_, _, err := l.ask(ctx, q)
	if err != nil {
		if !isolates(err) {
			return "", err
		}
		gone.Message = l.failure(err).Text
	}
	return "", gone
}

// unknown says what is wrong with a reference that leads nowhere; for that all inputs have to be looked at.
func (l *moduleLoader) unknown(ctx context.Context, want ModuleQuery, ref string, node any) error {
	spec := specOf(ref)
	if name := asString(child(node, "spec", "name")); name != "" {
		spec.Name, spec.Input = name, nil
		if input, given := child(node, "spec", "input").(string); given {
			spec.Input = &input
		}
	}
	facts, err := l.askAll(ctx, query{}, [][]string{{"inputs", "names"}, {"catalogue"}}, roleDepth)
	if err != nil {
		return err
	}
	l.takeCatalogue(facts)
	if spec.Input == nil && child(node, "spec") == nil {
		_, err = l.result.Catalogue.Choose(spec.Name, nil)
		var none *module.UnknownModuleError
		if want.ByInstance && errors.As(err, &none) {
			known := append(sortedKeys(l.result.Uses), none.Known...)
			err = &UnknownReferenceError{Name: ref, Known: known, Nearest: nearest.Of(ref, known)}
		}
		return err
	}
	_, err = l.result.Catalogue.Resolve(spec)
	return err
}

// UnknownReferenceError: there is neither an instance nor a module of that name.
type UnknownReferenceError struct {
	Name string
	// Known are the names of all instances and modules.
	Known, Nearest []string
}

func (e *UnknownReferenceError) Error() string {
	return fmt.Sprintf("there is neither an instance nor a module %q", e.Name)
}

// Hint names instances and modules.
func (e *UnknownReferenceError) Hint() string {
	if len(e.Nearest) > 0 {
		return "did you mean " + nearest.List(e.Nearest) + "?"
	}
	return "there are " + nearest.List(sortedUnique(slices.Clone(e.Known)))
}

// specOf is a reference as a user writes it.
func specOf(ref string) module.Spec {
	if input, name, given := strings.Cut(ref, "#"); given {
		return module.Spec{Input: &input, Name: name}
	}
	return module.Spec{Name: ref}
}

// takeFlake keeps what all answers need.
func (l *moduleLoader) takeFlake(facts any) {
	l.result.Catalogue.Null = asString(child(facts, "flake", "nullInput"))
	l.result.Catalogue.Names = asStrings(child(facts, "inputs", "names"))
	if uses := child(facts, "uses"); !bad(uses) {
		l.result.Uses = map[string]ModuleUse{}
		for name, use := range asMap(uses) {
			if bad(use) {
				continue
			}
			spec := module.Spec{Name: asString(child(use, "name"))}
			if input, given := child(use, "input").(string); given {
				spec.Input = &input
			}
			l.result.Uses[name] = ModuleUse{Spec: spec, Roles: asStrings(child(use, "roles"))}
		}
	}
}

func (l *moduleLoader) takeCatalogue(facts any) {
	c := &l.result.Catalogue
	for _, name := range sortedKeys(asMap(child(facts, "catalogue"))) {
		node := child(facts, "catalogue", name)
		if markOf(node) == markAbsent {
			continue
		}
		offers := module.Input{
			HasServices: child(node, "services") != nil,
			Services:    asStrings(child(node, "services")),
			Deprecated:  asStrings(child(node, "deprecated")),
		}
		if bad(node) {
			offers.HasServices = false
			offers.Err = l.reasonNow(node)
			l.unreadable[name] = new(*module.Failure)
			l.lost = append(l.lost, lostPart{query: query{Select: [][]string{{"catalogue", name}}}, node: node, reason: l.unreadable[name]})
		}
		if source := asString(child(node, "source")); source != "" && name != "self" {
			l.stores[name] = source
		}
		c.Inputs[name] = offers
	}
	l.sources = l.sources.WithInputs(l.stores)
}

// service is one module, as services.nix tells of it.
func (l *moduleLoader) service(q query, node any, path []string, input, name string, close bool) *module.Service {
	s := &module.Service{Input: input, Name: name}
	lose := func(at []string, node any, reason **module.Failure) {
		q := q
		q.Select = [][]string{at}
		l.lost = append(l.lost, lostPart{query: q, node: node, reason: reason})
	}
	if bad(node) {
		lose(path, node, &s.Err)
		return s
	}
	about, at := child(node, "about"), path
	if close {
		at = extend(path, "about")
	}
	if bad(about) {
		lose(at, about, &s.Err)
		return s
	}
	if manifest := child(about, "manifest"); bad(manifest) {
		lose(extend(at, "manifest"), manifest, &s.Err)
	} else if manifest != nil {
		clean, _ := prune(manifest, extend(at, "manifest"), nil, func(h hole) { lose(h.path, h.node, &s.Err) })
		s.Manifest = decodeManifest(clean)
	}
	if roles := child(about, "roles"); bad(roles) {
		lose(extend(at, "roles"), roles, &s.Err)
	} else if roles != nil {
		s.Roles = map[string]*module.Role{}
		for role, node := range asMap(roles) {
			r := &module.Role{}
			s.Roles[role] = r
			if bad(node) {
				lose(extend(at, "roles", role), node, &r.Err)
				continue
			}
			r.Description = asString(child(node, "description"))
			if description := child(node, "description"); bad(description) {
				lose(extend(at, "roles", role, "description"), description, &r.Err)
			}
		}
	}
	if !close {
		return s
	}
	if readme := child(node, "readme"); bad(readme) {
		lose(extend(path, "readme"), readme, &s.Err)
	} else {
		s.Readme = asString(readme)
	}
	interfaces := child(node, "interfaces")
	if bad(interfaces) {
		lose(extend(path, "interfaces"), interfaces, &s.Err)
		return s
	}
	for role, node := range asMap(interfaces) {
		r := s.Roles[role]
		if r == nil {
			continue
		}
		if bad(node) {
			lose(extend(path, "interfaces", role), node, &r.Err)
			continue
		}
		if options := child(node, "options"); bad(options) {
			lose(extend(path, "interfaces", role, "options"), options, &r.Err)
			continue
		}
		d := &interfaceDecoder{local: l.local, miss: lose}
		r.Interface = d.decode(node, extend(path, "interfaces", role))
	}
	return s
}

func (l *moduleLoader) local(file string) string {
	local, _ := l.sources.Local(file)
	return local
}

// Each explanation takes a process.
const mostExplained = 16

// explainParts asks Nix why each lost part does not evaluate.
func (l *moduleLoader) explainParts(ctx context.Context) error {
	errs := make([]error, len(l.lost))
	err := l.each(len(l.lost), func(i int) error {
		part := l.lost[i]
		if f, failed := part.node.(failure); failed {
			errs[i] = f.err
			return nil
		}
		if part.reason == nil || i >= mostExplained {
			return nil
		}
		part.query.Strict = true
		_, _, err := l.ask(ctx, part.query)
		if err != nil && !isolates(err) {
			return err
		}
		errs[i] = err
		return nil
	})
	for i, part := range l.lost {
		if part.reason != nil && *part.reason == nil {
			*part.reason = l.failure(errs[i])
		}
	}
	return err
}

// failure is what Nix says, in the user's terms.
func (l *moduleLoader) failure(err error) *module.Failure {
	f := &module.Failure{Text: "does not evaluate", Err: err}
	var nixErr *nixeval.Error
	switch {
	case errors.As(err, &nixErr):
		f.Text = strings.TrimSpace(l.userTerms(nixErr.Message))
	case err != nil:
		f.Text = err.Error()
	}
	return f
}

func (l *moduleLoader) reasonNow(node any) *module.Failure {
	f, _ := node.(failure)
	return l.failure(f.err)
}

// askAll asks for several parts at once and returns them in a tree. If one of them kills Nix, smaller questions find the parts
// that are to blame, which are failures in the tree; it takes few processes for one bad part among many.
func (l *moduleLoader) askAll(ctx context.Context, q query, paths [][]string, depth int) (map[string]any, error) {
	q.Select = paths
	values, result, err := l.ask(ctx, q)
	if err == nil {
		l.sources = result.Sources.WithInputs(l.stores)
	} else {
		if !isolates(err) {
			return nil, err
		}
		// If the flake itself does not evaluate, that is the answer.
		if _, _, err := l.ask(ctx, query{Select: [][]string{{"flake"}}}); err != nil {
			return nil, err
		}
		q.Distinct = true
		values = make([]any, len(paths))
		if err := l.narrow(ctx, q, paths, values, depth); err != nil {
			return nil, err
		}
	}
	facts := map[string]any{}
	for i, path := range paths {
		graft(facts, path, values[i])
	}
	return facts, nil
}

// Where all modules are asked for, narrow goes no deeper than to the roles of one; otherwise to what is to blame.
const roleDepth = 5 // "described", INPUT, MODULE, "interfaces", ROLE

// writtenDepth is that of a module in the part "written": of one that kills Nix it tells nothing.
const writtenDepth = 3

// narrow fills in the values of some parts that together killed Nix: it asks for halves of them, and for the children of one,
// down to parts of a given depth.
func (l *moduleLoader) narrow(ctx context.Context, q query, paths [][]string, into []any, depth int) error {
	halves := [][2]int{{0, len(paths) / 2}, {len(paths) / 2, len(paths)}}
	return l.each(2, func(i int) error {
		from, to := halves[i][0], halves[i][1]
		if from == to {
			return nil
		}
		q := q
		q.Select = paths[from:to]
		values, result, err := l.ask(ctx, q)
		switch {
		case err == nil:
			copy(into[from:to], values)
			l.mutex.Lock()
			l.sources = result.Sources.WithInputs(l.stores)
			l.mutex.Unlock()
			return nil
		case !isolates(err):
			return err
		case to-from > 1:
			return l.narrow(ctx, q, paths[from:to], into[from:to], depth)
		}
		into[from] = failure{err}
		if len(paths[from]) >= depth || len(paths[from]) == writtenDepth && paths[from][0] == "written" {
			return nil
		}
		q.Outline = true
		names, err := l.one(ctx, q, paths[from])
		list := asStrings(names)
		if err != nil || len(list) == 0 {
			return err
		}
		q.Outline = false
		children, values := make([][]string, len(list)), make([]any, len(list))
		for i, name := range list {
			children[i] = extend(paths[from], name)
		}
		if err := l.narrow(ctx, q, children, values, depth); err != nil {
			return err
		}
		node := map[string]any{}
		for i, name := range list {
			node[name] = values[i]
		}
		into[from] = node
		return nil
	})
}
