package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// clanModule is what clan-core itself says of one of its services.
type clanModule struct {
	Manifest struct {
		Name, Description string
		Categories        []string
	}
	Roles   map[string]*string
	Schemas map[string]map[string]any
}

// TestModules lists the services of each clan-core that the caller names, and holds their manifests, roles
// and schemas against what clan-core says.
func TestModules(t *testing.T) {
	env := newEnvironment()
	if len(env.clanCores) == 0 {
		fmt.Println("SKIP: CLANCTL_CLAN_CORE names no clan-core whose services to list (see docs/conformance.md)")
		t.SkipNow()
	}
	for i, ref := range env.clanCores {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			core := newClanCore(t, env, ref)
			if !core.features["instances"] {
				fmt.Printf("SKIP: clan-core %s has no services yet\n", core.name)
				return
			}
			dir := t.TempDir()
			check(t, os.CopyFS(dir, os.DirFS("testdata/cases/empty")))
			core.write(t, dir, "export")
			modules := loadModules(t, env, "path:"+dir, nil, facts.ModuleQuery{Interfaces: true})
			want := core.modules(t, "path:"+dir)
			got := modules.Catalogue.Inputs["clan-core"].Modules
			roles := 0
			for name, service := range got {
				if service.Err != nil {
					t.Errorf("%s: %s", name, service.Err)
				}
				for role, of := range service.Roles {
					roles++
					if of.Interface == nil {
						t.Errorf("%s.%s: %s", name, role, of.Err)
						continue
					}
					validSchema(t, of.Interface)
				}
			}
			fmt.Printf("clan-core %s: %d services, %d roles\n", core.name, len(got), roles)
			if want == nil {
				fmt.Println("SKIP: this clan-core does not describe its services by itself")
				return
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
				t.Fatalf("services (-clan +clanctl):\n%s", diff)
			}
			for name, service := range got {
				compareService(t, want[name], service)
			}
		})
	}
}

func (c *clanCore) modules(t *testing.T, flake string) map[string]clanModule {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile("testdata/modules.nix")
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "modules.nix"), source, 0o600))
	program := strings.ReplaceAll(oracleFlake, "oracle = import ./oracle.nix", "modules = import ./modules.nix")
	check(t, os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(program), 0o600))
	var answer map[string]clanModule
	check(t, c.run(t, &answer, "eval", "path:"+dir+"#modules", "--override-input", "target", flake))
	return answer
}

func compareService(t *testing.T, want clanModule, got *services.Service) {
	t.Helper()
	say := func(what string, want, got any) {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s (-clan +clanctl):\n%s", got, what, diff)
		}
	}
	say("name", want.Manifest.Name, got.Manifest.Name)
	say("description", want.Manifest.Description, got.Manifest.Description)
	say("categories", append([]string{}, want.Manifest.Categories...), append([]string{}, got.Manifest.Categories...))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want.Roles)), slices.Sorted(maps.Keys(got.Roles))); diff != "" {
		t.Fatalf("%s: roles (-clan +clanctl):\n%s", got.Name, diff)
	}
	for role, description := range want.Roles {
		if description != nil {
			say("description of the role "+role, *description, got.Roles[role].Description)
		}
		schema := want.Schemas[role]
		if schema == nil || got.Roles[role].Interface == nil {
			fmt.Printf("%s.%s: clan has no schema\n", got.Name, role)
			continue
		}
		// What clan requires is required; fields that its conversion leaves out are those that nobody sees.
		c := schemaComparison{t: t, root: schema}
		ours := decodeSchema(t, services.NewSchema(got.Roles[role].Interface, services.SchemaOptions{Whole: true}))
		c.compare(got.Name+"."+role, schemaRoot(schema), ours, got.Roles[role].Interface, nil)
	}
}

func schemaRoot(schema map[string]any) map[string]any {
	if defs, ok := schema["$defs"].(map[string]any); ok {
		if input, ok := defs["Input"].(map[string]any); ok {
			return input
		}
	}
	return schema
}

func decodeSchema(t *testing.T, schema *services.Schema) map[string]any {
	t.Helper()
	data, err := json.Marshal(schema)
	check(t, err)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var document map[string]any
	check(t, dec.Decode(&document))
	return document
}

// schemaComparison holds a schema against clan's: the same settings, of the same types, and no more of them
// required. (clan requires what has no default, also where its type has an empty value by itself.)
type schemaComparison struct {
	t    *testing.T
	root map[string]any
}

func (c schemaComparison) resolve(schema map[string]any) map[string]any {
	for {
		ref, isRef := schema["$ref"].(string)
		if !isRef {
			return schema
		}
		target := c.root
		for _, key := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			target, _ = target[key].(map[string]any)
		}
		schema = target
	}
}

func (c schemaComparison) compare(at string, clan, ours map[string]any, of *services.Interface, path []string) {
	clan = c.resolve(clan)
	theirs, _ := clan["properties"].(map[string]any)
	properties, _ := ours["properties"].(map[string]any)
	for name, property := range theirs {
		mine, ok := properties[name].(map[string]any)
		if !ok {
			c.t.Errorf("%s: only clan has the setting %s", at, name)
			continue
		}
		c.compare(at+"."+name, property.(map[string]any), mine, of, append(slices.Clip(path), name))
	}
	for name := range properties {
		if _, ok := theirs[name]; !ok && !hidden(of, append(slices.Clip(path), name)) {
			c.t.Errorf("%s: only clanctl has the setting %s", at, name)
		}
	}
	required, _ := clan["required"].([]any)
	mine, _ := ours["required"].([]any)
	for _, name := range mine {
		if !slices.Contains(required, name) {
			c.t.Errorf("%s: only clanctl requires %v", at, name)
		}
	}
	if clan["type"] != nil && ours["type"] != nil {
		if diff := cmp.Diff(clan["type"], ours["type"]); diff != "" {
			c.t.Errorf("%s: type (-clan +clanctl):\n%s", at, diff)
		}
	}
	if diff := cmp.Diff(clan["enum"], ours["enum"]); diff != "" {
		c.t.Errorf("%s: values (-clan +clanctl):\n%s", at, diff)
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		inner, ok := clan[keyword].(map[string]any)
		mine, same := ours[keyword].(map[string]any)
		if ok && same {
			c.compare(at+".*", inner, mine, of, append(slices.Clip(path), "0"))
		}
		if isFalse(clan[keyword]) != isFalse(ours[keyword]) {
			c.t.Errorf("%s: %s is %v in clan's, %v here", at, keyword, clan[keyword], ours[keyword])
		}
	}
	if clan["default"] != nil {
		if diff := cmp.Diff(clan["default"], ours["default"]); diff != "" {
			c.t.Errorf("%s: default (-clan +clanctl):\n%s", at, diff)
		}
	}
}

func isFalse(v any) bool { return v == false }

// hidden reports whether an option is one that nobody is to see.
func hidden(of *services.Interface, path []string) bool {
	options := of.Options
	for i, name := range path {
		o := options[name]
		switch {
		case o == nil:
			return false
		case i+1 == len(path):
			return o.Hidden || o.Internal
		}
		options = o.Options
	}
	return false
}

func loadModules(t *testing.T, env environment, flake string, overrides map[string]string,
	want facts.ModuleQuery) *facts.Modules {
	t.Helper()
	config := instance.Config{Evaluator: nixeval.Evaluator{Nix: env.nix, Offline: env.offline,
		OverrideInputs: overrides}}
	modules, err := modulesOf(t, flake, config, want)
	check(t, err)
	return modules
}

// validSchema compiles both schemas of an interface, which holds them against the metaschema.
func validSchema(t *testing.T, of *services.Interface) {
	t.Helper()
	for _, whole := range []bool{false, true} {
		data, err := json.Marshal(services.NewSchema(of, services.SchemaOptions{Whole: whole}))
		check(t, err)
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		check(t, err)
		compiler := jsonschema.NewCompiler()
		check(t, compiler.AddResource("test:schema", document))
		if _, err := compiler.Compile("test:schema"); err != nil {
			t.Errorf("%v\n%s", err, data)
		}
	}
}

// settingsFit holds all settings of a clan, as they are written and as they come out, against the schemas of
// their roles. Where clan itself finds something wrong, there is nothing to expect.
func settingsFit(t *testing.T, env environment, flake string, overrides map[string]string,
	inv *instance.Inventory) (checked int) {
	t.Helper()
	var known []string
	for name, inst := range inv.Instances {
		if inst.Module.Manifest != nil && inst.Module.Resolved != "" {
			known = append(known, name)
		}
	}
	if known == nil {
		return 0
	}
	modules := loadModules(t, env, flake, overrides, facts.ModuleQuery{Of: known, ByInstance: true})
	wrong := map[string]bool{}
	for _, f := range inv.Findings {
		if f.Role != "" {
			wrong[f.Instance+"\x00"+f.Role] = true
		}
	}
	for _, name := range known {
		inst, service := inv.Instances[name], modules.Found[name]
		for roleName, role := range inst.Roles {
			of := service.Roles[roleName]
			if of == nil || of.Interface == nil || wrong[name+"\x00"+roleName] {
				continue
			}
			where := name + "." + roleName
			final := services.NewSchema(of.Interface,
				services.SchemaOptions{Whole: role.SettingsFrom != codes.SettingsFromLayers})
			for machine, member := range role.Machines {
				if member.Settings != nil {
					checked++
					if err := final.Validate(member.Settings); err != nil {
						t.Errorf("final settings of %s.%s: %v", where, machine, err)
					}
				}
			}
			layer := services.NewSchema(of.Interface, services.SchemaOptions{})
			written := slices.Clone(facts.OfRole(role).Layers.Role)
			for _, definitions := range []map[string][]facts.Definition{facts.OfRole(role).Layers.Machines,
				facts.OfRole(role).Layers.Tags} {
				for _, some := range definitions {
					written = append(written, some...)
				}
			}
			for _, definition := range written {
				if isModule(definition.Value()) {
					continue
				}
				checked++
				if err := layer.Validate(withoutPriorities(definition.Value())); err != nil {
					t.Errorf("settings of %s in %s: %v", where, definition.File, err)
				}
			}
		}
	}
	return checked
}

// isModule reports whether a layer is no settings but a module, in a file or as a function: clan-core took
// these until mid 2025.
func isModule(layer any) bool {
	settings, isSet := layer.(map[string]any)
	_, isFunction := settings["$function"]
	return !isSet || isFunction
}

// withoutPriorities is a value without mkForce, mkIf, mkMerge and their like.
func withoutPriorities(value any) any {
	switch v := value.(type) {
	case map[string]any:
		switch v["_type"] {
		case "override", "order", "if":
			return withoutPriorities(v["content"])
		case "merge":
			contents, _ := v["contents"].([]any)
			merged := map[string]any{}
			for _, content := range contents {
				set, isSet := withoutPriorities(content).(map[string]any)
				if !isSet {
					return withoutPriorities(content) // what it is merged with is of the same kind
				}
				maps.Copy(merged, set)
			}
			return merged
		}
		set := make(map[string]any, len(v))
		for name, inner := range v {
			set[name] = withoutPriorities(inner)
		}
		return set
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = withoutPriorities(inner)
		}
		return list
	}
	return value
}
