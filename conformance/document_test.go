package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// load reads a flake with clanctl.
func load(t *testing.T, env environment, flake string, overrides map[string]string) (*instance.Inventory, error) {
	t.Helper()
	evaluator := nixeval.Evaluator{Nix: env.nix, Offline: env.offline, OverrideInputs: overrides}
	return loadWith(t, flake, instance.Config{Evaluator: evaluator})
}

func loadWith(t *testing.T, flake string, config instance.Config) (*instance.Inventory, error) {
	t.Helper()
	ref, err := nixeval.ResolveRef(flake)
	check(t, err)
	return instance.Load(t.Context(), ref, config)
}

// modulesOf are the modules that are asked for.
func modulesOf(t *testing.T, flake string, config instance.Config, want facts.ModuleQuery) (*facts.Modules, error) {
	t.Helper()
	config.Need, facts.Ask(&config).Modules = facts.NeedModules, want
	inventory, err := loadWith(t, flake, config)
	if inventory == nil {
		return nil, err
	}
	return facts.Of(inventory).Modules, err
}

// compare reports every difference between what the oracle says and what clanctl read.
func compare(t *testing.T, want *answer, inventory *instance.Inventory) {
	t.Helper()
	t.Log(want.summary())
	for _, d := range differences(want.document, documentOf(t, inventory, want)) {
		t.Error(d)
	}
	for _, d := range unexplained(want, ofMembers(inventory)) {
		t.Error(d)
	}
}

// documentOf is the document that clanctl prints, without what the oracle does not know.
func documentOf(t *testing.T, inventory *instance.Inventory, want *answer) map[string]any {
	t.Helper()
	data, err := json.Marshal(inventory)
	check(t, err)
	var document map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	check(t, dec.Decode(&document))
	delete(document, "findings")
	delete(document, "flake")

	instances := document["instances"].(map[string]any)
	for name := range want.failed {
		got, _ := instances[name].(map[string]any)
		instances[name] = failedInstance(got, want.document["instances"].(map[string]any)[name].(map[string]any))
	}
	for _, i := range instances {
		i := i.(map[string]any)
		delete(i, "position")
		module, _ := i["module"].(map[string]any)
		delete(module, "resolved")
		roles, _ := i["roles"].(map[string]any)
		for _, role := range roles {
			role := role.(map[string]any)
			delete(role, "position")
			for _, member := range role["machines"].(map[string]any) {
				delete(member.(map[string]any), "position")
			}
		}
	}
	return document
}

// failedInstance is what must be true of an instance that clan-core cannot evaluate: it may be shown as it is
// written, with settings only of a role that says to have them from somewhere else.
func failedInstance(got, want map[string]any) map[string]any {
	out := map[string]any{"fails": true}
	if module, ok := got["module"].(map[string]any); ok && want["module"] != nil {
		out["module"] = map[string]any{"name": module["name"], "input": module["input"]}
	} else if want["module"] != nil {
		out["module"] = want["module"]
	}
	roles, _ := got["roles"].(map[string]any)
	for name, role := range roles {
		if role.(map[string]any)["settingsFrom"] != "clan" {
			continue
		}
		for machine, member := range role.(map[string]any)["machines"].(map[string]any) {
			if settings, has := member.(map[string]any)["settings"]; has {
				out["settings of "+name+" "+machine] = settings
			}
		}
	}
	return out
}

// ofMembers leaves out the warnings about settings that no member evaluates, and about extraModules:
// clan-core never looks, so that it has no answer.
func ofMembers(inventory *instance.Inventory) []instance.Finding {
	return slices.DeleteFunc(slices.Clone(inventory.Findings), func(f instance.Finding) bool {
		inst := inventory.Instances[f.Instance]
		return f.Code == "evaluation-failed" || f.Code == "extra-modules-failed" ||
			f.Severity == instance.SeverityWarning && inst != nil && inst.Roles[f.Role] != nil &&
				len(inst.Roles[f.Role].Machines) == 0
	})
}

// unexplained lists the parts that are missing without a finding, and the findings of parts that are there.
func unexplained(want *answer, findings []instance.Finding) []string {
	var out []string
	for name := range want.failed {
		if !slices.ContainsFunc(findings, func(f instance.Finding) bool {
			return f.Instance == name && f.Severity == instance.SeverityError
		}) {
			out = append(out,
				fmt.Sprintf("instances.%s does not evaluate, and no finding says so", nixlang.Quote(name)))
		}
	}
	found := map[string]bool{}
	for _, f := range findings {
		if f.Role == "" || want.failed[f.Instance] {
			continue
		}
		// A finding may point deeper than what it leaves out: at the unknown option of a submodule, say.
		known := false
		for n := len(f.Setting); n >= 0; n-- {
			if p := part(f.Instance, f.Role, f.Setting[:n]); want.missing[p] != nil {
				known, found[p] = true, true
				break
			}
		}
		if !known {
			out = append(out, fmt.Sprintf("a finding for what evaluates: %s %s: %s", f.Code, f.About(), f.Message()))
		}
	}
	for _, part := range slices.Sorted(maps.Keys(want.missing)) {
		if !found[part] {
			out = append(out, "no finding for what throws: "+part)
		}
	}
	return out
}

// differences lists where two JSON values differ, each with its path.
func differences(want, got any) []string {
	var r reporter
	cmp.Equal(want, got, cmp.Reporter(&r))
	return r.found
}

type reporter struct {
	path  cmp.Path
	found []string
}

func (r *reporter) PushStep(step cmp.PathStep) { r.path = append(r.path, step) }
func (r *reporter) PopStep()                   { r.path = r.path[:len(r.path)-1] }

func (r *reporter) Report(result cmp.Result) {
	if result.Equal() {
		return
	}
	want, got := r.path.Last().Values()
	r.found = append(r.found,
		fmt.Sprintf("%s: clan-core says %s, clanctl says %s", showPath(r.path), show(want), show(got)))
}

// showPath writes a path as jq does.
func showPath(path cmp.Path) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case cmp.MapIndex:
			fmt.Fprintf(&b, ".%q", step.Key())
		case cmp.SliceIndex:
			i, j := step.SplitKeys()
			fmt.Fprintf(&b, "[%d]", max(i, j))
		}
	}
	return b.String()
}

func show(v reflect.Value) string {
	if !v.IsValid() {
		return "nothing"
	}
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
