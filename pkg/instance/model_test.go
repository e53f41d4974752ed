package instance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/graph"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/internal/report"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/why"
)

// The model is plain data: an inventory that Nix made, one that was made by hand, one that was read back from JSON and
// an empty one are the same to all that is built on them.

// byHand is a clan with names that are not just letters, and findings of every kind.
func byHand() *instance.Inventory {
	inv := invtest.Clan{
		Machines: map[string][]string{"a": {"x"}, `b "c".${d}`: {"x", "y"}, "mac": nil, "": nil},
		Macs:     []string{"mac"},
		Tags:     map[string][]string{"declared": {"a", "ghost"}, "empty": {}},
		Instances: map[string]invtest.Instance{
			"i": {Module: "core#svc",
				Roles: map[string]invtest.Role{"r": {Machines: []string{"a", "gone"}, Tags: []string{"x", "none"},
					Settings: map[string]map[string]any{"role": {"n": 1}, "tag x": {"s": "<&>"}}}, "empty": {}}},
			"j\n/k": {Module: "svc", Roles: map[string]invtest.Role{"r": {Tags: []string{"all"}}}},
		},
	}.Inventory()
	inv.Machines["a"].Deploy, inv.Machines["a"].Description = map[string]any{"targetHost": "root@a"}, "first"
	installed := int64(1700000000)
	inv.Machines["a"].InstalledAt = &installed
	inv.Instances["i"].Module.Manifest = &module.Manifest{Name: "svc", Categories: []string{"System"},
		Constraints: map[string]any{"maxInstances": json.Number("1")},
		Exports:     map[string]any{"out": []any{"x"}}}
	inv.Instances["i"].Position = &instance.Position{File: "clan.nix", Line: 4, Column: 2}
	inv.Instances["i"].Roles["r"].Position = &instance.Position{File: "<in>/x.nix"}
	inv.Instances["i"].Roles["r"].ExtraModules = 2
	inv.Instances["j\n/k"].Roles["r"].Machines["mac"].Settings = nil
	inv.Exports = map[string]*instance.Export{
		"core/net:i::": {Scope: instance.Scope{Service: "core/net", Instance: "i"},
			Networking: &instance.Networking{Module: "m", Priority: 900}},
		"core/net:i:r:a": {Scope: instance.Scope{Service: "core/net", Instance: "i", Role: "r", Machine: "a"},
			Peer: &instance.Peer{Name: "peer", Port: 2222, User: "u", SSHOptions: []string{"-J x"},
				Hosts: []instance.Host{{Address: "192.0.2.1"},
					{Address: "fd00::1", Reference: true, Var: &instance.Var{Machine: "a", Generator: "g", File: "f"}},
					{Missing: codes.HostNotGenerated, Var: &instance.Var{Generator: "g", File: "f"}}}}},
		":::a": {Scope: instance.Scope{Machine: "a"}, Endpoints: &instance.Endpoints{Hosts: []string{"x.example"}},
			DataMesher: &instance.DataMesher{Files: map[string][]string{"f": {"k"}}, Namespaces: []string{}},
			Data: map[string]json.RawMessage{"auth": json.RawMessage(`{"n":9007199254740993,"s":"<&>"}`),
				"own": json.RawMessage(`null`)}},
	}
	inv.Vars = map[string]string{"vars/per-machine/a/openssh/ssh.id_ed25519.pub": "ssh-ed25519 AAAA"}
	for i, info := range instance.Codes() {
		f := instance.NewFinding(info.Code,
			instance.Subject{Instance: "i", Role: "r", Machine: "a", Setting: []string{"s", fmt.Sprint(i)}},
			instance.Cause{Name: "n", Tag: "x", Nix: "Nix says", Values: []any{json.Number("1"), "x"},
				Shape: &instance.Shape{Path: []string{"roles"}, Type: "a list"}})
		f.Position = instance.Position{File: "clan.nix", Line: i + 1}
		f.Definitions = []instance.SettingDefinition{{Layer: "role", Value: json.Number("1")}}
		inv.Findings = append(inv.Findings, f)
	}
	slices.SortFunc(inv.Findings, instance.Finding.Compare)
	return inv
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func readBack(t testing.TB, inv *instance.Inventory) *instance.Inventory {
	t.Helper()
	text := marshal(t, inv)
	var back instance.Inventory
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, marshal(t, &back)); diff != "" {
		t.Errorf("the document does not read back:\n%s", diff)
	}
	return &back
}

// uses are what is built on the model; each returns what it says.
var uses = map[string]func(*instance.Inventory) (any, error){
	"check":     func(inv *instance.Inventory) (any, error) { return check.All(inv), nil },
	"machines":  func(inv *instance.Inventory) (any, error) { return view.Machines(inv, nil, view.Query{}) },
	"instances": func(inv *instance.Inventory) (any, error) { return view.Instances(inv, nil, view.Query{}) },
	"tags":      func(inv *instance.Inventory) (any, error) { return view.Tags(inv, nil) },
	"add tag":   func(inv *instance.Inventory) (any, error) { return view.AddTag(inv, "new", nil) },
	"origins": func(inv *instance.Inventory) (any, error) {
		all := map[string]any{}
		for ref, role := range inv.Roles() {
			for machine := range role.Machines {
				ref.Machine = machine
				all[fmt.Sprint(ref)] = why.Origins(inv, ref)
			}
		}
		return all, nil
	},
	"why": func(inv *instance.Inventory) (any, error) {
		var all []any
		for ref, role := range inv.Roles() {
			for machine := range role.Machines {
				e, err := why.Explain(inv,
					instance.Subject{Instance: ref.Instance, Role: ref.Role, Machine: machine})
				if err != nil {
					return nil, err
				}
				all = append(all, e)
			}
		}
		return len(all), nil
	},
	"diff with itself":  func(inv *instance.Inventory) (any, error) { return diff.Of(inv, inv), nil },
	"diff with nothing": func(inv *instance.Inventory) (any, error) { return diff.Of(&instance.Inventory{}, inv), nil },
	"graph": func(inv *instance.Inventory) (any, error) {
		g, err := graph.Of(inv, nil, view.Query{}, nil)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = g.WriteSVG(&b)
		return b.String(), err
	},
	"report": func(inv *instance.Inventory) (any, error) {
		return nil, report.Write(io.Discard, inv, check.All(inv), report.Options{})
	},
	"places": func(inv *instance.Inventory) (any, error) {
		var all []*instance.Position
		for _, path := range [][]string{nil, {"instances"}, {"instances", "i", "roles", "r", "machines", "a"},
			{"machines", "a"}, {"tags", "x"}} {
			all = append(all, facts.At(inv, path...), inv.Where(path...))
		}
		return all, nil
	},
	"index": func(inv *instance.Inventory) (any, error) {
		return []any{inv.InstanceNames(), inv.MachinesKnown(), inv.Partial(),
			inv.Failure(instance.Subject{Instance: "i"}) != nil}, nil
	},
}

// sick is a clan of package check's, with all that is wrong with it: lines marked "#+" are those of the cured one.
func sick(t *testing.T, dir string) instance.Ref {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		for line := range strings.Lines(string(text)) {
			if !strings.HasSuffix(line, " #+\n") {
				files[name] += line
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return nixtest.Flake(t, files)
}

func TestModel(t *testing.T) {
	hand := byHand()
	homelab, err := instance.Load(t.Context(), nixtest.Ref(t, "../../examples/homelab"),
		instance.Config{Evaluator: nixtest.Evaluator(t)})
	if err != nil {
		t.Fatal(err)
	}
	broken, err := instance.Load(t.Context(), sick(t, "../check/testdata/plain"),
		instance.Config{Evaluator: nixtest.Evaluator(t)})
	if broken == nil {
		t.Fatal(err)
	}
	for name, inv := range map[string]*instance.Inventory{"empty": {}, "by hand": hand, "example": homelab,
		"broken": broken} {
		t.Run(name, func(t *testing.T) {
			back := readBack(t, inv)
			for use, of := range uses {
				said, err := of(inv)
				if err != nil {
					t.Errorf("%s: %v", use, err)
					continue
				}
				again, err := of(back)
				if err != nil {
					t.Errorf("%s, read back: %v", use, err)
				}
				// What stands in the document is enough for these; that of machines has no places.
				if slices.Contains([]string{"instances", "graph", "diff with itself", "index"}, use) &&
					marshal(t, said) != marshal(t, again) {
					t.Errorf("%s: read back, it says something else:\n%s", use,
						cmp.Diff(marshal(t, said), marshal(t, again)))
				}
			}
			keys := map[string]bool{}
			for _, f := range check.All(back) {
				if keys[f.Key()] {
					t.Errorf("found twice: %s", f.String())
				}
				keys[f.Key()] = true
			}
			// Whoever reads a document that has been checked already finds nothing more in it.
			checked := readBack(t, back)
			checked.Findings = check.All(back)
			if again := check.All(readBack(t, checked)); len(again) != len(checked.Findings) {
				t.Errorf("%d findings became %d", len(checked.Findings), len(again))
			}
		})
	}
}

// Whatever an Inventory has, it has in fields that anyone can set, but for facts that are not in the document.
func TestInventoryIsPlain(t *testing.T) {
	for _, of := range []any{instance.Inventory{}, instance.Machine{}, instance.Instance{}, instance.Module{},
		instance.Role{}, instance.Member{}, facts.Layers{}, facts.Owners{}, facts.Place{}, instance.Finding{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
			if !field.IsExported() && field.Name != "facts" {
				t.Errorf("%T has %s", of, field.Name)
			}
		}
	}
}

// Any number of goroutines may read an inventory. (Run with -race.)
func TestConcurrentReaders(t *testing.T) {
	inv := byHand()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for name, of := range uses {
				if _, err := of(inv); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			_ = marshal(t, inv)
		})
	}
	group.Wait()
}
