package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/gogen"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// TestGeneratedCode generates Go code for every service that each clan-core offers, makes an instance of it
// with a machine in each of its roles and no settings, and lets the compiled code decode the final settings
// and encode them again.
func TestGeneratedCode(t *testing.T) {
	env := newEnvironment()
	if len(env.clanCores) == 0 {
		fmt.Println("SKIP: CLANCTL_CLAN_CORE names no clan-core to generate code for (see docs/conformance.md)")
		t.SkipNow()
	}
	for i, ref := range env.clanCores {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			core := newClanCore(t, env, ref)
			if !core.features["instances"] {
				t.Skip("this clan-core has no instances")
			}
			core.testGenerated(t)
		})
	}
}

// TestGeneratedCodeOfExample does the same with the example's services and instances, in a plain flake.
func TestGeneratedCodeOfExample(t *testing.T) {
	nix, err := exec.LookPath(newEnvironment().nix)
	if err != nil {
		fmt.Println("SKIP: there is no nix to read the example with")
		t.SkipNow()
	}
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS("../examples/homelab")))
	config := instance.Config{Evaluator: nixeval.Evaluator{Nix: nix, Offline: true}}
	found, err := modulesOf(t, "path:"+dir, config, facts.ModuleQuery{Interfaces: true})
	check(t, err)
	inventory, err := loadWith(t, "path:"+dir, config)
	check(t, err)
	counts := decodeGenerated(t, found.Catalogue, inventory)
	if counts.services != 3 || counts.decoded == 0 || counts.without > 0 {
		t.Errorf("%+v", counts)
	}
}

// TestGeneratedCodeOfClans does the same with the services that real clans use, and the settings that people wrote.
func TestGeneratedCodeOfClans(t *testing.T) {
	clans, overrides := realClans(t)
	env := newEnvironment()
	config := instance.Config{Evaluator: nixeval.Evaluator{Nix: env.nix, Offline: env.offline,
		OverrideInputs: overrides}}
	for _, clan := range clans {
		t.Run(clan, func(t *testing.T) {
			inventory, err := loadWith(t, clan, config)
			if inventory == nil {
				t.Skipf("clanctl cannot read it: %v", err)
			}
			used := map[string]bool{}
			for _, inst := range inventory.Instances {
				if inst.Module.Resolved != "" {
					used[inst.Module.Resolved+"#"+inst.Module.Name] = true
				}
			}
			if len(used) == 0 {
				t.Skip("it has no instances")
			}
			found, err := modulesOf(t, clan, config, facts.ModuleQuery{Of: sortedNames(used)})
			check(t, err)
			fmt.Printf("%s: %+v\n", clan, decodeGenerated(t, found.Catalogue, inventory))
		})
	}
}

func (c *clanCore) testGenerated(t *testing.T) {
	t.Helper()
	config := instance.Config{Evaluator: nixeval.Evaluator{Nix: c.nix, Offline: c.offline}}
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS("testdata/cases/empty")))
	c.write(t, dir, "export")
	found, err := modulesOf(t, "path:"+dir, config, facts.ModuleQuery{Inputs: []string{"clan-core"}, Interfaces: true})
	check(t, err)
	services := found.Catalogue.Inputs["clan-core"].Modules
	if len(services) == 0 {
		t.Skip("this clan-core offers no services")
	}
	check(t, os.WriteFile(filepath.Join(dir, "clan.nix"), []byte(clanOfAll(services)), 0o600))
	inventory, err := loadWith(t, "path:"+dir, config)
	if inventory == nil {
		t.Fatal(err)
	}
	counts := decodeGenerated(t, found.Catalogue, inventory)
	roles := 0
	for _, service := range services {
		roles += len(service.Roles)
	}
	if counts.decoded+counts.without != roles || counts.decoded == 0 {
		t.Errorf("%+v, of %d roles", counts, roles)
	}
	fmt.Printf("clan-core %s: code for %d services with %d roles; final settings of a member of each: %d decoded, in which %d settings have no value; %d have no settings\n",
		c.name, counts.services, roles, counts.decoded, counts.missing, counts.without)
}

// counts are of services with code, of members whose settings were decoded, of settings that have no value in
// them, and of members without settings.
type counts struct{ services, decoded, missing, without int }

// decodeGenerated compiles generated code for services, and lets it decode the settings of their instances' members.
func decodeGenerated(t *testing.T, catalogue services.Catalogue, inventory *instance.Inventory) counts {
	t.Helper()
	var n counts
	var packages []generated
	overlay := overlay{t: t, dir: t.TempDir(), Replace: map[string]string{}}
	for _, input := range sortedNames(catalogue.Inputs) {
		services := catalogue.Inputs[input].Modules
		for _, name := range sortedNames(services) {
			service := services[name]
			if service.Roles == nil {
				t.Logf("%s: %s", name, service.Err)
				continue
			}
			n.services++
			p := generated{Package: fmt.Sprintf("%s%d", gogen.PackageName(name), n.services)}
			code, err := gogen.Generate(service, gogen.Config{Package: p.Package})
			check(t, err)
			for _, decl := range strings.Split(string(code), "\nfunc ")[1:] {
				if function, _, isPlain := strings.Cut(decl, "(inst *instance.Instance)"); isPlain {
					p.Functions = append(p.Functions, function)
				}
			}
			if len(p.Functions) != len(service.Roles) {
				t.Errorf("%s: functions %v for %d roles", name, p.Functions, len(service.Roles))
			}
			for of, inst := range inventory.Instances {
				if inst.Module.Resolved == input && inst.Module.Name == name {
					p.Instances = append(p.Instances, of)
				}
			}
			overlay.add("testdata/generated/"+p.Package+"/settings.go", code)
			packages = append(packages, p)
		}
	}
	var program bytes.Buffer
	check(t, programTemplate.Execute(&program, packages))
	overlay.add("testdata/generated/main.go", program.Bytes())
	input, err := json.Marshal(inventory.Instances)
	check(t, err)
	for _, line := range strings.Split(strings.TrimSpace(overlay.run("./testdata/generated", input)), "\n") {
		switch {
		case strings.HasPrefix(line, "decoded "):
			n.decoded++
		case strings.HasPrefix(line, "missing "):
			n.missing++
			t.Log(line)
		case strings.HasPrefix(line, "without settings "):
			n.without++
			t.Log(line)
		default:
			t.Error(line)
		}
	}
	return n
}

// clanOfAll is a clan with an instance of each service, and in each role a machine of its own.
func clanOfAll(services map[string]*services.Service) string {
	var b strings.Builder
	b.WriteString("{ ... }:\n{\n")
	machines := map[string]bool{}
	for _, name := range sortedNames(services) {
		path := "inventory.instances." + nixlang.Quote(name)
		fmt.Fprintf(&b, "  %s.module = { name = %s; input = \"clan-core\"; };\n", path, nixlang.Quote(name))
		for _, role := range sortedNames(services[name].Roles) {
			machine := "in-" + role
			machines[machine] = true
			fmt.Fprintf(&b, "  %s.roles.%s.machines.%s = { };\n", path, nixlang.Quote(role), nixlang.Quote(machine))
		}
	}
	for _, machine := range sortedNames(machines) {
		fmt.Fprintf(&b, "  inventory.machines.%s = { };\n", nixlang.Quote(machine))
	}
	return b.String() + "}\n"
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// overlay are files that the Go command sees though they are nowhere in the source tree.
type overlay struct {
	t       *testing.T
	dir     string
	Replace map[string]string
}

func (o *overlay) add(path string, content []byte) {
	o.t.Helper()
	at, err := filepath.Abs(path)
	check(o.t, err)
	file := filepath.Join(o.dir, fmt.Sprintf("%d.go", len(o.Replace)))
	check(o.t, os.WriteFile(file, content, 0o600))
	o.Replace[at] = file
}

func (o *overlay) run(program string, stdin []byte) string {
	o.t.Helper()
	file := filepath.Join(o.dir, "overlay.json")
	data, err := json.Marshal(o)
	check(o.t, err)
	check(o.t, os.WriteFile(file, data, 0o600))
	cmd := exec.CommandContext(o.t.Context(), "go", "run", "-overlay", file, program)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		o.t.Fatalf("%v\n%s", err, stderr.String())
	}
	return string(out)
}

// generated is a package of generated code.
type generated struct {
	Package              string
	Functions, Instances []string
}

// programTemplate is a program that takes instances as JSON, decodes the settings of all their members with
// the generated code, and encodes them again.
var programTemplate = template.Must(template.New("main.go").Parse(`package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/typed"
{{- range .}}
	{{if not .Functions}}_ {{end}}"github.com/clanctl/clanctl/conformance/testdata/generated/{{.Package}}"
{{- end}}
)

func main() {
	var input map[string]struct {
		Module struct{ Name string }
		Roles  map[string]struct{ Machines map[string]struct{ Settings json.RawMessage } }
	}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		panic(err)
	}
	instances := map[string]*instance.Instance{}
	for name, i := range input {
		inst := &instance.Instance{Module: instance.Module{Name: i.Module.Name}, Roles: map[string]*instance.Role{}}
		for role, r := range i.Roles {
			members := map[string]*instance.Member{}
			for machine, m := range r.Machines {
				member := &instance.Member{}
				if m.Settings == nil {
					fmt.Println("without settings", name, role)
				} else if settings, err := instance.NewSettings(m.Settings); err == nil {
					member.Settings = settings
					members[machine] = member
				} else {
					panic(err)
				}
			}
			inst.Roles[role] = &instance.Role{Machines: members}
		}
		instances[name] = inst
	}
{{- range .}}{{$p := .Package}}
	for _, name := range []string{ {{- range .Instances}}{{printf "%q" .}}, {{end -}} } {
		inst := instances[name]
		{{- range .Functions}}
		show(name, {{printf "%q" .}})({{$p}}.{{.}}(inst))
		{{- end}}
		_ = inst
	}
{{- end}}
}

func show(service, function string) func(members any, err error) {
	return func(list any, err error) {
		if err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
		}
		members := reflect.ValueOf(list)
		for i := range members.Len() {
			m := members.Index(i)
			member := m.FieldByName("Member").Interface().(*instance.Member)
			fmt.Println("decoded", service, function, m.FieldByName("Machine").String())
			missing := m.FieldByName("Missing").Interface().([][]string)
			for _, path := range missing {
				fmt.Println("missing", service, function, strings.Join(path, "."))
			}
			text, err := json.Marshal(m.FieldByName("Settings").Interface())
			if err != nil && len(missing) == 0 {
				fmt.Println(service, function, "cannot be encoded:", err)
			}
			if again, err := instance.NewSettings(json.RawMessage(text)); err == nil && len(missing) == 0 &&
				!reflect.DeepEqual(again.Value(), member.Settings.Value()) {
				fmt.Println(service, function, "is encoded as", string(text), "instead of", string(member.Settings.JSON()))
			}
		}
	}
}

var _ typed.Member[int]
`))
