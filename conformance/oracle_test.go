package conformance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/nixlang"
)

// answer is what clan-core makes of a clan.
type answer struct {
	// document is what clanctl should print, without positions, findings and the flake's name.
	document map[string]any
	// missing are the parts that throw, each as a setting's path below "instance/role", and the machines for which.
	missing map[string][]string
	// failed are the instances that do not evaluate at all.
	failed map[string]bool
}

const oracleFlake = `{
  inputs.target.url = "path:/overridden";
  outputs = { self, target }: { oracle = import ./oracle.nix target; };
}
`

// newOracle returns what applies a function to the oracle of a flake.
func newOracle(t *testing.T, env environment, flake string, overrides map[string]string) func(into any, apply string) error {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"oracle.nix", "common/layout.nix"} {
		source, err := os.ReadFile(filepath.Join("testdata", name))
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, filepath.Base(name)), source, 0o600))
	}
	check(t, os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(oracleFlake), 0o600))
	return func(into any, apply string) error {
		args := []string{"eval", "path:" + dir + "#oracle", "--override-input", "target", flake}
		for input, ref := range overrides {
			args = append(args, "--override-input", "target/"+input, ref)
		}
		return env.run(t, into, append(args, "--apply", apply)...)
	}
}

// askOracle evaluates the oracle on a flake: all at once or, where that kills Nix, each instance by itself.
func askOracle(t *testing.T, env environment, flake string, overrides map[string]string) (*answer, error) {
	t.Helper()
	ask := newOracle(t, env, flake, overrides)
	a := &answer{missing: map[string][]string{}, failed: map[string]bool{}}
	if whole := ask(&a.document, "oracle: oracle { }"); whole != nil {
		if err := a.piecemeal(ask); err != nil {
			return nil, errors.Join(whole, err)
		}
	}
	a.digest()
	return a, nil
}

// piecemeal asks for each instance alone and, where that kills Nix, for each of its settings.
func (a *answer) piecemeal(ask func(into any, apply string) error) error {
	var names []string
	if err := ask(&names, "oracle: builtins.attrNames (oracle { }).instances"); err != nil {
		return err
	}
	part := func(into any, args string, path ...string) error {
		data, _ := json.Marshal(append([]string{}, path...))
		return ask(into, "oracle: oracle (("+args+") (builtins.fromJSON "+nixlang.Quote(string(data))+"))")
	}
	// value is what is at a path of the settings, as far as it can be had.
	var value func(path ...string) any
	value = func(path ...string) any {
		var v any
		if part(&v, "at: { inherit at; }", path...) == nil {
			return v
		}
		var names []string
		if part(&names, "at: { inherit at; names = true; }", path...) != nil {
			return map[string]any{"<throws>": true}
		}
		settings := map[string]any{}
		for _, name := range names {
			settings[name] = value(append(slices.Clip(path), name)...)
		}
		return settings
	}
	instances := map[string]any{}
	for _, name := range names {
		a.document = nil
		if part(&a.document, "only: { inherit only; }", name) == nil {
			instances[name] = a.document["instances"].(map[string]any)[name]
			continue
		}
		if part(&a.document, "only: { inherit only; shallow = true; }", name) != nil {
			instances[name] = map[string]any{"fails": true}
			continue
		}
		instance := a.document["instances"].(map[string]any)[name].(map[string]any)
		instances[name] = instance
		roles, _ := instance["roles"].(map[string]any)
		for role, r := range roles {
			for machine, member := range r.(map[string]any)["machines"].(map[string]any) {
				member.(map[string]any)["settings"] = value(name, role, machine)
			}
		}
	}
	if err := part(&a.document, "only: { inherit only; }"); err != nil {
		return err
	}
	a.document["instances"] = instances
	return nil
}

// digest takes out of the document what throws, and remembers where it was.
func (a *answer) digest() {
	for name, instance := range a.document["instances"].(map[string]any) {
		instance := instance.(map[string]any)
		if instance["fails"] == true {
			a.failed[name] = true
			continue
		}
		for role, r := range instance["roles"].(map[string]any) {
			for machine, member := range r.(map[string]any)["machines"].(map[string]any) {
				member := member.(map[string]any)
				settings, whole := withoutThrows(member["settings"], func(path []string) {
					key := part(name, role, path)
					a.missing[key] = append(a.missing[key], machine)
				}, nil)
				if whole {
					member["settings"] = settings
				} else {
					delete(member, "settings")
				}
			}
		}
	}
	withoutThrows(a.document, func([]string) {}, nil)
}

// summary says how much there is to compare.
func (a *answer) summary() string {
	members := 0
	instances := a.document["instances"].(map[string]any)
	for _, i := range instances {
		roles, _ := i.(map[string]any)["roles"].(map[string]any)
		for _, role := range roles {
			members += len(role.(map[string]any)["machines"].(map[string]any))
		}
	}
	return fmt.Sprintf("%d instances, %d of them bad; %d members; %d settings that throw", len(instances),
		len(a.failed), members, len(a.missing))
}

// part names a setting of a role.
func part(instance, role string, setting []string) string {
	quoted, _ := json.Marshal(append([]string{instance, role}, setting...))
	return string(quoted)
}

// withoutThrows returns a value without the parts that throw; whole is false if it throws itself. A list that
// lacks an element is left out as a whole, as clanctl promises.
func withoutThrows(v any, report func(path []string), path []string) (clean any, whole bool) {
	switch v := v.(type) {
	case map[string]any:
		if v["<throws>"] == true {
			report(path)
			return nil, false
		}
		for key, value := range v {
			if name, ok := strings.CutPrefix(key, "<"); ok { // how the oracle writes names that Nix has a meaning for
				delete(v, key)
				key = strings.TrimSuffix(name, ">")
			}
			if clean, whole := withoutThrows(value, report, append(slices.Clip(path), key)); whole {
				v[key] = clean
			} else {
				delete(v, key)
			}
		}
		return v, true
	case []any:
		whole = true
		for i, value := range v {
			clean, ok := withoutThrows(value, report, append(slices.Clip(path), strconv.Itoa(i)))
			v[i], whole = clean, whole && ok
		}
		return v, whole
	}
	return v, true
}
