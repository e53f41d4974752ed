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

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// compare reads a flake with clanctl and with the oracle, and reports every difference.
func compare(t *testing.T, env environment, flake string, overrides map[string]string) {
	t.Helper()
	want, err := askOracle(t, env, flake, overrides)
	if err != nil {
		t.Fatalf("the oracle: %v", err)
	}
	evaluator := env.evaluator()
	evaluator.OverrideInputs = overrides
	inventory, err := instance.Load(t.Context(), flake, instance.Config{Evaluator: evaluator})
	if inventory == nil {
		t.Fatalf("clanctl: %v", err)
	}
	for _, d := range differences("", want.document, documentOf(t, inventory, want)) {
		t.Error(d)
	}
	for _, d := range unexplained(want, inventory.Findings) {
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

// failedInstance is what must be true of an instance that clan-core cannot evaluate: it may be shown as it is written, but
// with no settings.
func failedInstance(got, want map[string]any) map[string]any {
	out := map[string]any{"fails": true}
	if module, ok := got["module"].(map[string]any); ok && want["module"] != nil {
		out["module"] = map[string]any{"name": module["name"], "input": module["input"]}
	} else if want["module"] != nil {
		out["module"] = want["module"]
	}
	roles, _ := got["roles"].(map[string]any)
	for name, role := range roles {
		for machine, member := range role.(map[string]any)["machines"].(map[string]any) {
			if settings, has := member.(map[string]any)["settings"]; has {
				out["settings of "+name+" "+machine] = settings
			}
		}
	}
	return out
}

// unexplained lists the parts that are missing without a finding, and the findings of parts that are there.
func unexplained(want *answer, findings []instance.Finding) []string {
	var out []string
	for name := range want.failed {
		if !slices.ContainsFunc(findings, func(f instance.Finding) bool {
			return f.Instance == name && f.Severity == instance.SeverityError
		}) {
			out = append(out, fmt.Sprintf("instances.%s does not evaluate, and no finding says so", nixeval.Quote(name)))
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
			if p := part(f.Instance, f.Role, f.Setting[:n]); want.missing[p] {
				known, found[p] = true, true
				break
			}
		}
		if !known {
			out = append(out, fmt.Sprintf("a finding for what evaluates: %s %s: %s", f.Code, f.Subject(), f.Message))
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
func differences(path string, want, got any) []string {
	w, wantMap := want.(map[string]any)
	g, gotMap := got.(map[string]any)
	if wantMap && gotMap {
		var out []string
		keys := maps.Clone(w)
		maps.Copy(keys, g)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			below := strings.TrimPrefix(path+"."+nixeval.Quote(key), ".")
			wv, inWant := w[key]
			gv, inGot := g[key]
			switch {
			case !inGot:
				out = append(out, fmt.Sprintf("%s: missing; clan-core says %s", below, compact(wv)))
			case !inWant:
				out = append(out, fmt.Sprintf("%s: clan-core has none; clanctl says %s", below, compact(gv)))
			default:
				out = append(out, differences(below, wv, gv)...)
			}
		}
		return out
	}
	wl, wantList := want.([]any)
	gl, gotList := got.([]any)
	if wantList && gotList && len(wl) == len(gl) {
		var out []string
		for i := range wl {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), wl[i], gl[i])...)
		}
		return out
	}
	if reflect.DeepEqual(want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s: clan-core says %s, clanctl says %s", path, compact(want), compact(got))}
}

func compact(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
