package conformance_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// answer is what clan-core makes of a clan.
type answer struct {
	// document is what clanctl should print, without positions, findings and the flake's name.
	document map[string]any
	// missing are the parts that throw, each as a setting's path below "instance/role".
	missing map[string]bool
	// failed are the instances that do not evaluate at all.
	failed map[string]bool
}

const oracleFlake = `{
  inputs.target.url = "path:/overridden";
  outputs = { self, target }: { oracle = import ./oracle.nix target; };
}
`

// askOracle evaluates the oracle on a flake: all at once or, where that kills Nix, each instance by itself.
func askOracle(t *testing.T, env environment, flake string, overrides map[string]string) (*answer, error) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"oracle.nix", "common/layout.nix"} {
		source, err := os.ReadFile(filepath.Join("testdata", name))
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, filepath.Base(name)), source, 0o600))
	}
	check(t, os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(oracleFlake), 0o600))
	ask := func(into any, apply string) error {
		args := []string{"eval", "path:" + dir + "#oracle", "--override-input", "target", flake}
		for input, ref := range overrides {
			args = append(args, "--override-input", "target/"+input, ref)
		}
		return env.run(t, into, append(args, "--apply", apply)...)
	}

	a := &answer{missing: map[string]bool{}, failed: map[string]bool{}}
	if whole := ask(&a.document, "oracle: oracle { }"); whole != nil {
		var names []string
		if err := ask(&names, "oracle: builtins.attrNames (oracle { }).instances"); err != nil {
			return nil, whole
		}
		instances := map[string]any{}
		for _, name := range names {
			a.document = nil
			only, err := json.Marshal([]string{name})
			check(t, err)
			if ask(&a.document, "oracle: oracle { only = builtins.fromJSON "+nixeval.Quote(string(only))+"; }") == nil {
				instances[name] = a.document["instances"].(map[string]any)[name]
			} else {
				instances[name] = map[string]any{"fails": true}
			}
		}
		if err := ask(&a.document, "oracle: oracle { only = [ ]; }"); err != nil {
			return nil, err
		}
		a.document["instances"] = instances
	}
	a.digest()
	return a, nil
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
			for _, member := range r.(map[string]any)["machines"].(map[string]any) {
				member := member.(map[string]any)
				settings, whole := withoutThrows(member["settings"], func(path []string) {
					a.missing[part(name, role, path)] = true
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

// part names a setting of a role.
func part(instance, role string, setting []string) string {
	quoted, _ := json.Marshal(append([]string{instance, role}, setting...))
	return string(quoted)
}

// withoutThrows returns a value without the parts that throw; whole is false if it throws itself. A list that lacks an element
// is left out as a whole, as clanctl promises.
func withoutThrows(v any, report func(path []string), path []string) (clean any, whole bool) {
	switch v := v.(type) {
	case map[string]any:
		if v["<throws>"] == true {
			report(path)
			return nil, false
		}
		for key, value := range v {
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
