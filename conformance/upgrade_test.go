package conformance_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/programtest"
	"github.com/clanctl/clanctl/internal/schematest"
)

// TestUpgrades holds `clanctl upgrade` against the update itself: real clans are copied twice, once with each clan-core
// in flake.lock, and clan-core evaluates both.
func TestUpgrades(t *testing.T) {
	env := newEnvironment()
	if len(env.clanCores) < 2 {
		fmt.Println("SKIP: CLANCTL_CLAN_CORE does not name two clan-cores to upgrade between (see docs/conformance.md)")
		t.SkipNow()
	}
	clans, overrides := realClans(t)
	program := filepath.Join(t.TempDir(), "clanctl")
	check(t, programtest.Build(program, "../cmd/clanctl"))
	schema := schematest.Strict(t, "../docs/upgrade.schema.json")
	for i, to := range env.clanCores[1:] {
		u := &upgradeTest{environment: env, program: program, schema: schema, overrides: overrides,
			from: env.clanCores[i], to: to}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Run("clans", func(t *testing.T) {
				for _, clan := range clans {
					t.Run(clan, func(t *testing.T) {
						t.Parallel()
						u.test(t, clan)
					})
				}
			})
			fmt.Printf("from %s to %s, of %d clans: %s\n", u.from, u.to, len(clans), u.total)
		})
	}
}

// upgradeTest is one step, from one clan-core to another.
type upgradeTest struct {
	environment
	program   string
	schema    *jsonschema.Schema // of what it prints
	overrides map[string]string
	from, to  string

	mutex sync.Mutex
	total tally
}

// tally says how much was compared.
type tally map[string]int

func (c tally) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		all = append(all, fmt.Sprintf("%d %s", c[name], name))
	}
	return strings.Join(all, ", ")
}

// upgradeReport is what of docs/upgrade.schema.json is compared.
type upgradeReport struct {
	Effects []upgradeEffect
	Exports bool
}

type upgradeEffect struct {
	Instance, Kind, Message, Name, Part, Reason, Role, Service string
	Finding                                                    struct{ Cause struct{ Nix string } }
	Machines, Path                                             []string
	New, Old                                                   json.RawMessage
}

func (u *upgradeTest) test(t *testing.T, clan string) {
	t.Helper()
	before, after, core := u.update(t, clan)
	old, oldExports, err := u.evaluate(t, before)
	if err != nil {
		t.Skipf("clan-core has no answer before the update: %s", lastError(err))
	}
	updated, newExports, updatedErr := u.evaluate(t, after)
	report := u.report(t, before, core)
	c := &upgradeComparison{upgradeReport: report, core: core, counts: tally{"clans that evaluate before": 1}}
	if updated == nil {
		c.whole(updatedErr)
	} else {
		c.compare(old, updated)
		c.exports(before, oldExports, newExports)
	}
	for _, problem := range c.problems {
		t.Error(problem)
	}
	for _, e := range report.Effects {
		c.counts["effects "+e.Kind]++
	}
	fmt.Printf("%s: %s\n", clan, c.counts)
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.total == nil {
		u.total = tally{}
	}
	for name, n := range c.counts {
		u.total[name] += n
	}
}

// lastError is the error that Nix prints last, without the trace.
func lastError(err error) string {
	text := err.Error()
	return text[max(strings.LastIndex(text, "error: "), 0):]
}

// update copies a clan twice, and updates clan-core in each copy's lock file. It names the input that clan-core is.
func (u *upgradeTest) update(t *testing.T, clan string) (before, after, core string) {
	t.Helper()
	var source struct{ Path string }
	check(t, u.run(t, &source, append([]string{"flake", "metadata", clan}, overriding(u.overrides)...)...))
	copyTo := func(from string, overrides map[string]string) string {
		dir := t.TempDir()
		check(t, os.CopyFS(dir, os.DirFS(from)))
		u.lock(t, dir, "", overrides)
		return dir
	}
	before = copyTo(source.Path, u.overrides)
	var lock struct {
		Nodes map[string]struct{ Inputs map[string]any }
		Root  string
	}
	data, err := os.ReadFile(filepath.Join(before, "flake.lock"))
	check(t, err)
	check(t, json.Unmarshal(data, &lock))
	for _, name := range []string{"clan", "clan-core"} {
		if lock.Nodes[lock.Root].Inputs[name] != nil {
			core = name
		}
	}
	if core == "" {
		t.Fatal("no input clan-core")
	}
	u.lock(t, before, core, map[string]string{core: u.from})
	after = copyTo(before, nil)
	u.lock(t, after, core, map[string]string{core: u.to})
	return before, after, core
}

// lock completes the lock file of a flake or, with an input, updates that. Nix keeps to overrides in a lock file.
func (u *upgradeTest) lock(t *testing.T, dir, input string, overrides map[string]string) {
	t.Helper()
	args := []string{"flake", "lock", "path:" + dir}
	if input != "" {
		args = []string{"flake", "update", input, "--flake", "path:" + dir}
	}
	cmd := u.command(t.Context(), append(args, overriding(overrides)...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func overriding(overrides map[string]string) (args []string) {
	for name, ref := range overrides {
		args = append(args, "--override-input", name, ref)
	}
	return args
}

// evaluate has clan-core evaluate a clan. The exports are nil where they do not evaluate, or there are none.
func (u *upgradeTest) evaluate(t *testing.T, dir string) (*answer, map[string]any, error) {
	t.Helper()
	a, err := askOracle(t, u.environment, "path:"+dir, nil)
	if err != nil {
		return nil, nil, err
	}
	return a, exportsOf(newOracle(t, u.environment, "path:"+dir, nil)), nil
}

// exportsOf are what services export: all at once or, where that kills Nix, each by itself; nil is one that kills it.
func exportsOf(ask func(into any, apply string) error) map[string]any {
	const all = "(oracle { exports = true; })"
	var exports map[string]any
	if ask(&exports, "oracle: "+all) != nil {
		var names []string
		if ask(&names, "oracle: builtins.attrNames "+all) != nil {
			return nil
		}
		exports = map[string]any{}
		for _, name := range names {
			var export any
			_ = ask(&export, "oracle: "+all+"."+nixlang.Quote(name))
			exports[name] = export
		}
	}
	if exports["<throws>"] != nil {
		return nil
	}
	return exports
}

// report is what clanctl says of the update.
func (u *upgradeTest) report(t *testing.T, dir, core string) upgradeReport {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), u.program, "upgrade", core+"="+u.to, "--json", "--flake", "path:"+dir)
	if u.offline {
		cmd.Args = append(cmd.Args, "--offline")
	}
	cmd.Env = append(os.Environ(), "CLANCTL_NIX="+u.nix)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var report upgradeReport
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.UseNumber()
	if err := errors.Join(err, dec.Decode(&report)); len(out) == 0 {
		t.Fatalf("clanctl upgrade: %v\n%s", err, stderr.String())
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	check(t, err)
	if err := u.schema.Validate(document); err != nil {
		t.Error(err)
	}
	return report
}

// upgradeComparison is of what clanctl says of a clan with what clan-core makes of it.
type upgradeComparison struct {
	upgradeReport
	core     string // the input that clan-core is
	counts   tally
	problems []string
}

func (c *upgradeComparison) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// whole is about a clan that clan-core does not evaluate after the update: clanctl gives Nix's own error.
func (c *upgradeComparison) whole(err error) {
	c.counts["clans that break as a whole"]++
	if len(c.Effects) != 1 || c.Effects[0].Kind != "breaks" || c.Effects[0].Part != "clan" {
		c.problem("the clan does not evaluate after the update, and clanctl says %+v: %v", c.Effects, err)
		return
	}
	// Nix indents what it prints, and names its copies of files.
	flat := func(text string) string {
		return strings.Join(strings.Fields(storePath.ReplaceAllString(text, "")), " ")
	}
	if !strings.Contains(flat(err.Error()), flat(c.Effects[0].Message)) {
		c.problem("the clan breaks in clan-core with\n%v\nand clanctl says\n%s", err, c.Effects[0].Message)
	}
}

var storePath = regexp.MustCompile(`/nix/store/[a-z0-9]{32}-source/`)

// A change is of one value: its JSON before and after, empty where there is none.
type change struct{ old, new string }

// changes are by path.
type changes map[string]change

// absent is no value: null is one.
type absent struct{}

// add adds the changes from one value to another, down to what is no set.
func (c changes) add(path []string, old, new any) {
	before, wasSet := old.(map[string]any)
	after, isSet := new.(map[string]any)
	if (wasSet || old == absent{}) && (isSet || new == absent{}) && len(before)+len(after) > 0 {
		for name := range union(before, after) {
			c.add(append(slices.Clip(path), name), in(before, name), in(after, name))
		}
		return
	}
	if was, is := text(old), text(new); was != is {
		c[text(path)] = change{was, is}
	}
}

func in(set map[string]any, name string) any {
	if v, has := set[name]; has {
		return v
	}
	return absent{}
}

// parsed is a value of clanctl's document.
func parsed(data json.RawMessage) any {
	if data == nil {
		return absent{}
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	_ = dec.Decode(&v)
	return v
}

func text(v any) string {
	if v == any(absent{}) {
		return ""
	}
	data, _ := json.Marshal(v)
	return string(data)
}

func union[V any](a, b map[string]V) map[string]bool {
	all := map[string]bool{}
	for _, m := range []map[string]V{a, b} {
		for name := range m {
			all[name] = true
		}
	}
	return all
}

// hold reports every change of a kind that only one side knows of, or of other values.
func (c *upgradeComparison) hold(kind string, real, told changes) {
	c.counts[kind] += len(real)
	for path := range union(real, told) {
		if real[path] != told[path] {
			c.problem("%s %s: in clan-core %+v, clanctl says %+v", kind, path, real[path], told[path])
		}
	}
}

// broken is a part that clan-core evaluates before the update and not after it.
type broken struct {
	instance, role, machine string
	path                    []string
}

func (e upgradeEffect) isBreak() bool { return e.Kind == "breaks" || e.Kind == "required" }

// tells reports whether an effect says so. It may be about more, or about a part within.
func (e upgradeEffect) tells(b broken) bool {
	if !e.isBreak() || e.Instance == "" || e.Instance != b.instance {
		return false
	}
	n := min(len(e.Path), len(b.path))
	return b.role == "" || e.Role == "" || e.Role == b.role &&
		(b.machine == "" || e.Machines == nil || slices.Contains(e.Machines, b.machine)) &&
		slices.Equal(e.Path[:n], b.path[:n])
}

// breaks reports whether clanctl says that something in an instance's role breaks.
func (c *upgradeComparison) breaks(name, role string) bool {
	part := broken{instance: name, role: role}
	return slices.ContainsFunc(c.Effects, func(e upgradeEffect) bool { return e.tells(part) })
}

func (c *upgradeComparison) compare(old, updated *answer) {
	var all []broken
	real, told := map[string]changes{}, map[string]changes{}
	of := func(side map[string]changes, kind string) changes {
		if side[kind] == nil {
			side[kind] = changes{}
		}
		return side[kind]
	}
	of(real, "meta").add(nil, old.document["meta"], updated.document["meta"])
	of(real, "machines").add(nil, machinesIn(old), machinesIn(updated))
	then, now := at(old.document, "instances"), at(updated.document, "instances")
	services := map[string]string{} // the instance whose module is described
	for _, name := range slices.Sorted(maps.Keys(then)) {
		if old.failed[name] {
			continue
		}
		if now[name] == nil || updated.failed[name] {
			all = append(all, broken{instance: name})
			continue
		}
		service := c.service(at(then, name, "module"))
		if services[service] == "" {
			services[service] = name
			of(real, "descriptions").add([]string{service},
				describing(at(then, name, "module")), describing(at(now, name, "module")))
		}
		was, is := at(then, name, "roles"), at(now, name, "roles")
		for role := range was {
			if is[role] == nil {
				all = append(all, broken{instance: name, role: role})
				continue
			}
			before, after := at(was, role, "machines"), at(is, role, "machines")
			for machine := range union(before, after) {
				path := []string{name, role, machine}
				if before[machine] == nil || after[machine] == nil {
					of(real, "members").add(path, before[machine] != nil, after[machine] != nil)
					continue
				}
				of(real, "settings").add(path, in(at(before, machine), "settings"), in(at(after, machine), "settings"))
			}
		}
	}
	// What throws on one side only is no change.
	thrown := func(a *answer) (parts []broken) {
		for key, machines := range a.missing {
			var path []string
			_ = json.Unmarshal([]byte(key), &path)
			for _, machine := range machines {
				parts = append(parts, broken{path[0], path[1], machine, path[2:]})
			}
		}
		return parts
	}
	threw, throws := thrown(old), thrown(updated)
	same := func(a broken) func(broken) bool { return func(b broken) bool { return text(a.key()) == text(b.key()) } }
	for _, b := range throws {
		if !old.failed[b.instance] && !slices.ContainsFunc(threw, same(b)) {
			all = append(all, b)
		}
	}
	for _, b := range slices.Concat(threw, throws) {
		real["settings"].forget(b.key())
	}

	for _, e := range c.Effects {
		if e.Kind != "changed" {
			continue
		}
		switch e.Part {
		case "meta":
			of(told, "meta").add(e.Path, parsed(e.Old), parsed(e.New))
		case "machine":
			of(told, "machines").add(append([]string{e.Name}, e.Path...), parsed(e.Old), parsed(e.New))
		case "tag":
			for _, machine := range e.Machines {
				of(told, "machines").add([]string{machine, "tags", e.Name},
					onlyIf(e.Reason == "removed"), onlyIf(e.Reason == "added"))
			}
		case "members":
			for _, machine := range e.Machines {
				of(told, "members").add([]string{e.Instance, e.Role, machine},
					e.Reason == "removed", e.Reason == "added")
			}
		case "setting":
			for _, machine := range e.Machines {
				of(told, "settings").add(append([]string{e.Instance, e.Role, machine}, e.Path...),
					parsed(e.Old), parsed(e.New))
			}
		case "module":
			if services[e.Service] != "" {
				of(told, "descriptions").add(append([]string{e.Service}, e.Path...), parsed(e.Old), parsed(e.New))
			}
		}
	}
	for kind := range union(real, told) {
		c.hold(kind, real[kind], told[kind])
	}
	c.counts["parts that break"] += len(all)
	for _, b := range all {
		if !slices.ContainsFunc(c.Effects, func(e upgradeEffect) bool { return e.tells(b) }) {
			c.problem("breaks in clan-core, and clanctl does not say so: %q", b.key())
		}
	}
	for _, e := range c.Effects {
		if e.isBreak() && !slices.ContainsFunc(all, e.tells) {
			c.problem("breaks only for clanctl: %s %s %q: %s", e.Instance, e.Role, e.Path, e.Message)
		}
	}
}

func (b broken) key() []string { return append([]string{b.instance, b.role, b.machine}, b.path...) }

// forget takes out the changes of a part, and of what is within it.
func (c changes) forget(path []string) {
	maps.DeleteFunc(c, func(key string, _ change) bool {
		var p []string
		_ = json.Unmarshal([]byte(key), &p)
		return len(p) >= len(path) && slices.Equal(p[:len(path)], path)
	})
}

// at is a set within a set.
func at(v map[string]any, path ...string) map[string]any {
	for _, name := range path {
		v, _ = v[name].(map[string]any)
	}
	return v
}

// onlyIf is true or no value.
func onlyIf(is bool) any {
	if is {
		return true
	}
	return absent{}
}

// machinesIn are the machines of a clan, with their tags as a set.
func machinesIn(a *answer) map[string]any {
	machines := at(a.document, "machines")
	for _, m := range machines {
		m := m.(map[string]any)
		tags, _ := m["tags"].([]any)
		set := map[string]any{}
		for _, tag := range tags {
			set[tag.(string)] = true
		}
		m["tags"] = set
	}
	return machines
}

// service is a module as clanctl names it.
func (c *upgradeComparison) service(module map[string]any) string {
	input, _ := module["input"].(string)
	return cmp.Or(input, c.core) + "#" + module["name"].(string)
}

// describing is what a module says of itself; that it has a role is none of it.
func describing(module map[string]any) map[string]any {
	return map[string]any{"manifest": module["manifest"], "roles": module["roles"]}
}

// exports compares what services offer each other, where they do so before and after. Clan-core names them
// INPUT/SERVICE:INSTANCE:ROLE:MACHINE.
func (c *upgradeComparison) exports(dir string, old, updated map[string]any) {
	if c.Exports != (old != nil && updated != nil) {
		c.problem("exports evaluate before: %v, after: %v; clanctl compares them: %v",
			old != nil, updated != nil, c.Exports)
	}
	if old == nil || updated == nil {
		c.counts["clans whose exports do not evaluate on both sides"]++
		return
	}
	real, told := changes{}, changes{}
	var left [][]string // what breaks has an effect of its own
	for key := range union(old, updated) {
		path := strings.Split(key, ":")[1:]
		before, after := interfacesIn(dir, at(old, key)), interfacesIn(dir, at(updated, key))
		if c.breaks(path[0], path[1]) || in(old, key) == nil || in(updated, key) == nil {
			left = append(left, path)
			continue
		}
		c.counts["exports"]++
		c.counts["exported interfaces"] += len(before)
		real.add(path, before, after)
	}
	for _, e := range c.Effects {
		if e.Part != "export" || e.Kind != "changed" {
			continue
		}
		machines := e.Machines
		if machines == nil {
			machines = []string{""}
		}
		for _, machine := range machines {
			wrap := func(v any) any {
				if v == any(absent{}) {
					return v
				}
				for _, name := range slices.Backward(e.Path) {
					v = map[string]any{name: v}
				}
				return addressesTold(v.(map[string]any))
			}
			told.add([]string{e.Instance, e.Role, machine}, wrap(parsed(e.Old)), wrap(parsed(e.New)))
		}
	}
	for _, path := range left {
		told.forget(path)
	}
	c.hold("exported values", real, told)
}

// interfacesIn are the interfaces of an export, as far as clanctl knows their fields: a peer has addresses.
func interfacesIn(dir string, export map[string]any) map[string]any {
	interfaces := map[string]any{}
	for name, value := range export {
		set, _ := value.(map[string]any)
		switch {
		case value == nil:
			continue
		case name == "networking":
			value = map[string]any{"module": set["module"], "priority": set["priority"]}
		case name == "peer":
			peer := map[string]any{"hosts": addressesIn(dir, set["hosts"])}
			for _, field := range []string{"SSHOptions", "name", "port", "user"} {
				if v := text(set[field]); !slices.Contains([]string{"null", `""`, "[]", "0"}, v) {
					peer[field] = set[field]
				}
			}
			value = peer
		}
		interfaces[name] = value
	}
	withoutThrows(interfaces, func([]string) {}, nil)
	return interfaces
}

// addressesIn are the addresses that clan connects to: what is given, or what is in a var; empty where there is none.
func addressesIn(dir string, hosts any) any {
	list, isList := hosts.([]any)
	if !isList {
		return hosts
	}
	addresses := []any{}
	for _, host := range list {
		host, _ := host.(map[string]any)
		address, _ := host["plain"].(string)
		if name, isVar := host["var"].(map[string]any); isVar {
			path := filepath.Join("vars", "shared")
			if machine, _ := name["machine"].(string); machine != "" {
				path = filepath.Join("vars", "per-machine", machine)
			}
			generator, _ := name["generator"].(string)
			file, _ := name["file"].(string)
			data, _ := os.ReadFile(filepath.Join(dir, path, generator, file, "value"))
			address = string(data)
		}
		addresses = append(addresses, strings.TrimSpace(address))
	}
	return addresses
}

// addressesTold replaces a peer's hosts by their addresses.
func addressesTold(interfaces map[string]any) map[string]any {
	peer, _ := interfaces["peer"].(map[string]any)
	hosts, _ := peer["hosts"].([]any)
	for i, host := range hosts {
		address, _ := host.(map[string]any)["address"].(string)
		hosts[i] = address
	}
	return interfaces
}
