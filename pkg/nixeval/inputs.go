package nixeval

import (
	_ "embed" // the Nix half
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

// inputsSource tells what pins a flake's inputs; see there.
//
//go:embed inputs.nix
var inputsSource string

// flakeInputs is its answer for one flake.
type flakeInputs struct {
	// Dir is the flake's directory below the top of its source tree.
	Dir string `json:"dir"`
	// Inputs are those of flake.nix, Formals the arguments of its outputs, which are inputs too.
	Inputs  map[string]inputSpec `json:"inputs"`
	Formals []string             `json:"formals"`
	// Kind is what flake.lock is: "regular", "" if there is none, and nothing else that is known. Lock is its text.
	Kind string `json:"kind"`
	Lock string `json:"lock"`
	// Children are the inputs that Nix fetched because no lock file pins them, Stores where in its store all of these
	// are, also those that are no flakes.
	Children map[string]*flakeInputs `json:"children"`
	Stores   map[string]string       `json:"stores"`
}

// addStores collects where the inputs are that nothing pins, those of inputs, too, by their paths.
func (f *flakeInputs) addStores(into map[string]string, at ...string) {
	for name, store := range f.Stores {
		into[strings.Join(append(slices.Clip(at), name), "/")] = store
	}
	for name, child := range f.Children {
		if child != nil {
			child.addStores(into, append(slices.Clip(at), name)...)
		}
	}
}

// inputSpec is an input as flake.nix has it.
type inputSpec map[string]any

// ref is the input's own reference, in the form of flake.lock.
func (s inputSpec) ref(name string) (attrs refAttrs, text string, ok bool) {
	attrs = refAttrs{}
	for key, value := range s {
		switch value.(type) {
		case string, bool, float64:
			attrs[key] = value
		case map[string]any:
			if key != "inputs" {
				return nil, "", false
			}
		default:
			return nil, "", false
		}
	}
	delete(attrs, "flake")
	delete(attrs, "inputs")
	text = attrs.text("url")
	switch {
	case attrs.text("type") != "":
		return attrs, "", true
	case len(attrs) == 0:
		return refAttrs{"type": "indirect", "id": name}, name, true
	case len(attrs) == 1 && text != "":
		attrs, ok = parseRef(text)
		return attrs, text, ok
	}
	return nil, "", false
}

func (s inputSpec) isFlake() bool { return s["flake"] != false }

func (s inputSpec) follows() bool { _, ok := s["follows"]; return ok }

// inputs are the inputs that flake.nix sets of this input, by name.
func (s inputSpec) inputs() map[string]inputSpec {
	found := map[string]inputSpec{}
	if all, ok := s["inputs"].(map[string]any); ok {
		for name, value := range all {
			spec, _ := value.(map[string]any)
			found[name] = spec
		}
	}
	return found
}

// pinning finds out what an answer hangs on besides the flake's own tree. It follows Nix's own way of bringing a lock
// file up to date (computeLocks in flake.cc, the same from Nix 2.8 to 2.36 but for what is said where it matters), and
// where it does not know the way it says so.
type pinning struct {
	overrides map[string]string // absolute references, by input path
	updated   []string          // input paths
	trees     []filetree.Source // local trees whose content counts
	unknown   string            // why the sameness of some input is not known; empty if all is known
	judged    int
	stores    map[string]string // see sourcetree.Known
}

// More inputs, and one below the other, than any flake has: a lock file may lead in circles.
const (
	maxJudged = 10_000
	maxBelow  = 100
)

// pinningOf judges the inputs of a flake. The local trees are those found, whether or not all is known.
func pinningOf(inputs *flakeInputs, overrides map[string]string, updated []string) *pinning {
	p := &pinning{overrides: overrides, updated: updated}
	lock, err := inputs.lock()
	if err != nil {
		p.giveUp(nil, err.Error())
		return p
	}
	p.flake(nil, inputs, []lockedFlake{{lock, lock.root}}, nil)
	return p
}

func (p *pinning) giveUp(at []string, reason string) {
	if p.unknown == "" {
		if len(at) > 0 {
			reason = fmt.Sprintf("input %s: %s", strings.Join(at, "/"), reason)
		}
		p.unknown = reason
	}
}

func (f *flakeInputs) lock() (*lockFile, error) {
	if f.Kind != "regular" && f.Kind != "" {
		return nil, fmt.Errorf("flake.lock is not a regular file")
	}
	return parseLockFile(f.Lock)
}

// lockedFlake is a flake's node in a lock file.
type lockedFlake struct {
	file *lockFile
	node *lockNode
}

// pinsOf are the nodes that pin an input, of those lock files that have one.
func pinsOf(locks []lockedFlake, input string) []lockedFlake {
	var pins []lockedFlake
	for _, l := range locks {
		if pin := l.file.pin(l.node, input); pin != nil {
			pins = append(pins, lockedFlake{l.file, pin})
		}
	}
	return pins
}

// flake judges the inputs of a flake that was fetched. Where several lock files might count, for versions of Nix
// differ, all must agree; set are the inputs that the flake above sets of it.
func (p *pinning) flake(at []string, f *flakeInputs, locks []lockedFlake, set map[string]inputSpec) {
	names := slices.Clone(f.Formals)
	for name := range f.Inputs {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		spec, here := f.Inputs[name], append(slices.Clip(at), name)
		above, isSet := set[name]
		locks := locks
		if slices.Contains(p.updated, strings.Join(here, "/")) {
			locks = nil // of the updated flake itself, its own counts
		}
		switch override, overridden := p.overrides[strings.Join(here, "/")]; {
		case name == "self":
			p.giveUp(nil, "flake.nix sets inputs.self")
		case overridden:
			attrs, _ := parseRef(override)
			p.fetched(here, f, spec, attrs, override, locks)
		case isSet && !above.follows():
			p.giveUp(here, "its URL is set in another flake.nix")
		case isSet, spec.follows():
			// It is another input, which is judged by itself.
		default:
			p.input(here, f, spec, locks)
		}
	}
}

// input judges an input that comes from where its flake.nix says.
func (p *pinning) input(here []string, f *flakeInputs, spec inputSpec, locks []lockedFlake) {
	name := here[len(here)-1]
	attrs, text, ok := spec.ref(name)
	if !ok {
		p.giveUp(here, fmt.Sprintf("%q is a form of URL that the cache does not know", text))
		return
	}
	pins := pinsOf(locks, name)
	if len(pins) == 0 {
		p.fetched(here, f, spec, attrs, text, locks)
		return
	}
	if len(pins) < len(locks) {
		p.giveUp(here, "only one of two lock files pins it")
		return
	}
	for _, pin := range pins {
		if !attrs.equal(pin.node.Original) {
			p.giveUp(here, "flake.lock is out of date with flake.nix")
			return
		}
		p.pinned(here, f.Children[name], spec.inputs(), pin, false)
	}
}

// pinned judges an input that a lock file pins, and those below it.
func (p *pinning) pinned(here []string, f *flakeInputs, set map[string]inputSpec, pin lockedFlake, trust bool) {
	if p.judged++; p.judged > maxJudged || len(here) > maxBelow {
		p.giveUp(nil, "there are too many inputs")
		return
	}
	if !pin.node.isFixed() {
		p.giveUp(here, "flake.lock has no commit or hash for it")
		return
	}
	if !filepath.IsAbs(pin.node.Locked.text("path")) && pin.node.Locked.text("type") == "path" &&
		(pin.node.Parent == nil || !slices.Equal(*pin.node.Parent, here[:len(here)-1])) {
		p.giveUp(here, "flake.lock does not say what its path is relative to")
		return
	}
	for name, input := range pin.node.Inputs {
		if _, isSet := set[name]; input.Node == "" && !trust && !isSet {
			// Nix reads the input's flake.nix again, in which there may be inputs that the lock file does not have.
			if f == nil {
				p.giveUp(append(here, name), "it follows another input in flake.lock but not in flake.nix")
				return
			}
			p.flake(here, f, []lockedFlake{pin}, set)
			return
		}
	}
	for name, spec := range set {
		if !spec.follows() && (pin.node.Inputs[name].Node != "" || len(pin.node.Inputs[name].Follows) > 0) {
			p.giveUp(append(here, name), "its URL is set in another flake.nix")
			return
		}
	}
	for name, input := range pin.node.Inputs {
		below := append(slices.Clip(here), name)
		at := strings.Join(below, "/")
		if _, overridden := p.overrides[at]; overridden || slices.Contains(p.updated, at) {
			p.giveUp(below, "overridden or updated, and not a direct input")
			return
		}
		if _, isSet := set[name]; input.Node != "" && !isSet {
			p.pinned(below, nil, nil, lockedFlake{pin.file, pin.file.nodes[input.Node]}, true)
		}
	}
}

// fetched judges an input that no lock file pins.
func (p *pinning) fetched(here []string, parent *flakeInputs, spec inputSpec, attrs refAttrs, text string,
	locks []lockedFlake) {
	name := here[len(here)-1]
	tree, ok := fetchedTree(attrs, text, parent.Dir)
	if !ok {
		p.giveUp(here, fmt.Sprintf("%s names no commit and no hash", text))
		return
	}
	if tree.Root != "" && !slices.Contains(p.trees, tree) {
		p.trees = append(p.trees, tree)
	}
	if !spec.isFlake() {
		return
	}
	f := parent.Children[name]
	if f == nil {
		p.giveUp(here, "its own inputs are unknown")
		return
	}
	if dir := sourcetree.Subdirectory(text); dir != "" && dir != f.Dir {
		p.giveUp(here, "its directory is unknown") // Nix 2.8
		return
	}
	own, err := f.lock()
	if err != nil {
		p.giveUp(here, err.Error())
		return
	}
	p.flake(here, f, append(pinsOf(locks, name), lockedFlake{own, own.root}), spec.inputs())
}

// fetchedTree tells where an input lies that no lock file pins: in a local directory, or (an empty one) in one whose
// sameness is known already: in the tree of the flake that has the input (which lies at dir in it), in Nix's store, or
// at a commit. It reports false for any other.
func fetchedTree(attrs refAttrs, text, dir string) (filetree.Source, bool) {
	if text == "" {
		return filetree.Source{}, false
	}
	if isFixedRef(text) {
		return filetree.Source{}, true
	}
	if attrs.text("type") == "path" && !filepath.IsAbs(attrs.text("path")) {
		return filetree.Source{}, filepath.IsLocal(path.Join(dir, attrs.text("path")))
	}
	u, err := url.Parse(text)
	if err != nil || !filepath.IsAbs(u.Path) || u.Host != "" || !sourcetree.IsPlain(text) {
		return filetree.Source{}, false
	}
	switch root := filepath.Clean(u.Path); u.Scheme {
	case "path":
		return filetree.Source{Root: root}, true
	case "git+file":
		return filetree.Source{Root: root, Git: true}, true
	}
	return filetree.Source{}, false
}

// parseInputs reads what inputs.nix told.
func parseInputs(text string) (*flakeInputs, error) {
	f := &flakeInputs{}
	return f, json.Unmarshal([]byte(text), f)
}
