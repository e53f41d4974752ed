package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/internal/schematest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// set is a set of a random inventory, as JSON.
type set = map[string]any

func below(s set, path ...string) set {
	for _, name := range path {
		if s[name] == nil {
			s[name] = set{}
		}
		s = s[name].(set)
	}
	return s
}

// edit makes one random change to an inventory.
func edit(r *rand.Rand, inv set) {
	pick := func(kind string, n int) string { return fmt.Sprint(kind, r.IntN(n)) }
	machine, tag, name, role := pick("m", 6), pick("t", 3), pick("i", 4), pick("r", 2)
	value := []any{1, 2, "x", true, nil, []any{"a"}, set{"y": 1}, set{}}[r.IntN(8)]
	drop := r.IntN(3) == 0
	put := func(path ...string) {
		last := len(path) - 1
		if in := below(inv, path[:last]...); drop {
			delete(in, path[last])
		} else if in[path[last]] == nil {
			in[path[last]] = set{}
		}
	}
	settings := func(path ...string) {
		if in := below(inv, append(path, "settings")...); drop {
			delete(in, pick("s", 2))
		} else {
			in[pick("s", 2)] = value
		}
	}
	roles := func(path ...string) []string { return append([]string{"instances", name, "roles", role}, path...) }
	below(inv, "instances")
	if below(inv, "instances")[name] == nil && r.IntN(3) > 0 {
		return // not everything makes an instance
	}
	switch r.IntN(12) {
	case 0:
		put("machines", machine)
	case 1:
		below(inv, "machines", machine)["description"] = pick("d", 3)
	case 2:
		in := below(inv, "machines", machine)
		in["tags"] = []any{pick("t", 3), pick("t", 3)}[:r.IntN(3)]
	case 3:
		below(inv, "tags")[tag] = []any{machine, pick("m", 8)}[:r.IntN(3)]
	case 4:
		put("instances", name)
	case 5:
		put(roles()...)
	case 6:
		put(roles("machines", machine)...)
	case 7:
		put(roles("tags", tag)...)
	case 8:
		settings(roles()...)
	case 9:
		settings(roles("machines", machine)...)
	case 10:
		settings(roles("tags", tag)...)
	case 11:
		if r.IntN(8) == 0 {
			below(inv, "meta")["description"] = pick("d", 3)
		}
	}
}

// world is what random inventories are evaluated in.
type world struct {
	evaluator nixeval.Evaluator
	// files are those of the flake beside random.json.
	files map[string]string
	// input is where the instances' module comes from.
	input string
}

const randomInventory = "builtins.fromJSON (builtins.readFile ./random.json)"

// plainWorld is one without clan-core, where settings are merged by structure.
func plainWorld(t *testing.T) world {
	return world{nixtest.Evaluator(t),
		map[string]string{"flake.nix": "{ outputs = _: { clan.modules.svc.roles = { r0 = { }; r1 = { }; }; inventory = " +
			randomInventory + "; }; }"},
		"self"}
}

// coreWorld is one where clan-core merges the settings; the environment is that of the tests in conformance.
func coreWorld(t *testing.T) world {
	core, _, _ := strings.Cut(os.Getenv("CLANCTL_CLAN_CORE"), ",")
	lib := os.Getenv("CLANCTL_NIXPKGS_LIB")
	if core == "" || lib == "" {
		t.Skip("SKIP: CLANCTL_CLAN_CORE and CLANCTL_NIXPKGS_LIB name no clan-core and nixpkgs' lib")
	}
	var lock struct {
		Nodes map[string]struct{ Inputs map[string]any }
		Root  string
	}
	readJSON(t, filepath.Join(core, "flake.lock"), &lock)
	inputs := fmt.Sprintf("stub.url = \"path:./stub\"; clan-core.url = \"path:%s\"; nixpkgs.url = \"path:%s\";", core,
		lib)
	parts := os.Getenv("CLANCTL_FLAKE_PARTS")
	if parts != "" {
		inputs += fmt.Sprintf("flake-parts.url = \"path:%s\"; flake-parts.inputs.nixpkgs-lib.follows = \"nixpkgs\";",
			parts)
	}
	for input := range lock.Nodes[lock.Root].Inputs {
		switch {
		case input == "nixpkgs", input == "flake-parts" && parts != "":
			inputs += fmt.Sprintf("clan-core.inputs.%s.follows = %q;", input, input)
		default:
			inputs += fmt.Sprintf("clan-core.inputs.%s.follows = \"stub\";", input)
		}
	}
	return world{nixeval.Evaluator{Nix: os.Getenv("CLANCTL_NIX"), Offline: os.Getenv("CLANCTL_OFFLINE") != "",
		ProgramDir: t.TempDir()},
		map[string]string{
			"flake.nix": "{ inputs = { " + inputs +
				` }; outputs = { self, clan-core, ... }: { clan = (clan-core.lib.clan {
				inherit self; meta.name = "random"; meta.domain = "random"; modules.svc = ./svc.nix;
				inventory = ` + randomInventory + `; checks.minNixpkgsVersion.ignore = true; }).config; }; }`,
			"stub/flake.nix": "{ outputs = _: { }; }",
			"svc.nix": `{ lib, ... }: let role.interface.options = lib.genAttrs [ "s0" "s1" ] (_: lib.mkOption { type = lib.types.anything; default = "none"; });
				in { _class = "clan.service"; manifest.name = "svc"; manifest.readme = "x"; roles.r0 = role; roles.r1 = role; }`,
		}, "self"}
}

// evaluate reads a random inventory with real Nix.
func (w world) evaluate(t *testing.T, inv set) *instance.Inventory {
	t.Helper()
	for _, i := range below(inv, "instances") {
		below(i.(set), "module")["name"] = "svc"
		below(i.(set), "module")["input"] = w.input
	}
	text, err := json.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(w.files)
	files["random.json"] = string(text)
	read, err := instance.Load(t.Context(), nixtest.Flake(t, files), instance.Config{Evaluator: w.evaluator})
	if read == nil {
		t.Fatal(err)
	}
	return read
}

// document is an inventory as clanctl eval prints it, decoded without any type of ours.
func document(t *testing.T, inv *instance.Inventory) set {
	text, err := json.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	var doc set
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// own is what a document says of a machine by itself: its entry, its roles and its final settings there.
func own(doc set, machine string) set {
	view := set{"machine": below(doc, "machines")[machine]}
	for name, i := range below(doc, "instances") {
		for role, r := range below(i.(set), "roles") {
			if member, ok := below(r.(set), "machines")[machine].(set); ok {
				view[name+" "+role] = set{"settings": member["settings"]}
			}
		}
	}
	return view
}

// shared is all that a document says of the members and settings of the instances that a machine belongs to.
func shared(doc set, machine string) set {
	view := set{}
	for name, i := range below(doc, "instances") {
		belongs := false
		members := set{}
		for role, r := range below(i.(set), "roles") {
			members[role] = set{}
			for other, m := range below(r.(set), "machines") {
				belongs = belongs || other == machine
				below(members, role)[other] = set{"settings": m.(set)["settings"]}
			}
		}
		if belongs {
			view[name] = members
		}
	}
	return view
}

// TestAffected holds the affected machines of random changes against a naive comparison of the two documents.
func TestAffected(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	t.Run("plain", func(t *testing.T) { testAffected(t, plainWorld(t), 40) })
	t.Run("clan-core", func(t *testing.T) { testAffected(t, coreWorld(t), 15) })
}

func testAffected(t *testing.T, w world, steps int) {
	schema := schematest.Strict(t, "../../docs/diff.schema.json")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	inv := set{}
	for range 60 {
		edit(r, inv)
	}
	old := w.evaluate(t, inv)
	counts := map[string]int{}
	for range steps {
		for range 1 + r.IntN(3) {
			edit(r, inv)
		}
		new := w.evaluate(t, inv)
		d := Of(old, new)
		validate(t, schema, d)
		before, after := document(t, old), document(t, new)
		got := map[string]string{}
		for _, a := range d.Affected {
			got[a.Machine] = a.Kind
			counts[a.Kind]++
		}
		for _, machine := range slices.Sorted(maps.Keys(new.Machines)) {
			want := ""
			switch {
			case !cmp.Equal(own(before, machine), own(after, machine)), !cmp.Equal(before["meta"], after["meta"]):
				want = codes.AffectedDirect
			case !cmp.Equal(shared(before, machine), shared(after, machine)):
				want = codes.AffectedShared
			}
			// What is written for a role without members is seen by the others, but not in the document.
			if got[machine] != want && !(want == "" && got[machine] == codes.AffectedShared && onlyWritten(d)) {
				t.Errorf("%s is affected %q, want %q\n%s", machine, got[machine], want, asText(t, d))
			}
			delete(got, machine)
		}
		if len(got) > 0 {
			t.Errorf("not in the clan: %v", got)
		}
		if back := Of(new, old); len(back.Instances) != len(d.Instances) || len(back.Machines) != len(d.Machines) ||
			back.Empty() != d.Empty() {
			t.Errorf("the way back differs:\n%s\n%s", asText(t, d), asText(t, back))
		}
		if !Of(new, new).Empty() || len(Of(new, new).Affected) > 0 {
			t.Errorf("a clan differs from itself: %s", asText(t, Of(new, new)))
		}
		old = new
	}
	t.Log(counts)
	if few := steps / 8; counts[codes.AffectedDirect] < few || counts[codes.AffectedShared] < few {
		t.Errorf("too little happened: %v", counts)
	}
}

func onlyWritten(d *Difference) bool {
	for _, i := range d.Instances {
		for _, role := range i.Roles {
			if role.Written {
				return true
			}
		}
	}
	return false
}

func asText(t *testing.T, d *Difference) string {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func validate(t *testing.T, schema *jsonschema.Schema, d *Difference) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(asText(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, asText(t, d))
	}
}

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}
