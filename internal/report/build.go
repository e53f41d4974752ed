package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/palette"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/why"
)

// builder makes the page's data: it gives everything that is referred to an index.
type builder struct {
	inv  *instance.Inventory
	page *page

	files, tags, machines, instances, services map[string]int
	options, rows, blocks                      map[string]int
}

func newPage(inv *instance.Inventory, findings []instance.Finding, options Options) *page {
	description, _ := inv.Meta["description"].(string)
	b := &builder{inv: inv,
		page: &page{Name: title(inv), Description: description, Ref: inv.Flake.Ref, ClanCore: inv.Flake.ClanCore,
			MachinesKnown: inv.MachinesKnown(), Revision: options.Source.Revision, Changed: options.Source.Changed,
			Manual: options.Manual, Colours: map[string]int{},
			Files: []string{}, Tags: []string{}, Machines: []machineData{}, Services: []serviceData{},
			Instances: []instanceData{},
			Options:   [][]optionData{}, Rows: []rowData{}, Blocks: [][]int{}, Findings: []findingData{}},
		files: map[string]int{}, tags: map[string]int{}, machines: map[string]int{}, instances: map[string]int{},
		services: map[string]int{},
		options:  map[string]int{}, rows: map[string]int{}, blocks: map[string]int{},
	}
	for _, name := range slices.Sorted(maps.Keys(inv.Tags)) {
		b.tag(name) // in this order
	}
	b.addMachines()
	for i, name := range inv.InstanceNames() {
		b.instances[name] = i
	}
	byRole := map[[2]string][]int{}
	for i, f := range findings {
		b.page.Findings = append(b.page.Findings, b.finding(f))
		byRole[[2]string{f.Instance, f.Role}] = append(byRole[[2]string{f.Instance, f.Role}], i)
	}
	for _, name := range inv.InstanceNames() {
		b.addInstance(name, findings, byRole)
	}
	b.addExports()
	if !options.Source.Time.IsZero() {
		b.page.Committed = options.Source.Time.Unix()
	}
	if options.Link != nil {
		for _, file := range b.page.Files {
			b.page.Links = append(b.page.Links, options.Link(file))
		}
	}
	return b.page
}

// index returns the index of a value, which add appends where it is new.
func index[T any](known map[string]int, list *[]T, key string, value func() T) int {
	i, found := known[key]
	if !found {
		i = len(*list)
		known[key] = i
		*list = append(*list, value())
	}
	return i
}

func (b *builder) tag(name string) int {
	return index(b.tags, &b.page.Tags, name, func() string { return name })
}

func (b *builder) tagIndices(names []string) []int {
	indices := make([]int, len(names))
	for i, name := range names {
		indices[i] = b.tag(name)
	}
	return indices
}

func (b *builder) position(p *instance.Position) position {
	if p == nil || p.File == "" {
		return nil
	}
	at := position{index(b.files, &b.page.Files, p.File, func() string { return p.File })}
	if p.Line > 0 {
		at = append(at, p.Line)
		if p.Column > 0 {
			at = append(at, p.Column)
		}
	}
	return at
}

// addMachines puts them in order of their names, those that only roles name last.
func (b *builder) addMachines() {
	for _, name := range slices.Sorted(maps.Keys(b.inv.Machines)) {
		m := b.inv.Machines[name]
		at := m.Position
		b.machines[name] = len(b.page.Machines)
		b.page.Machines = append(b.page.Machines,
			machineData{Name: name, Class: m.Class, Tags: b.tagIndices(m.Tags), Description: m.Description,
				Deploy: m.Deploy, InstalledAt: m.InstalledAt, Position: b.position(at)})
	}
	var unknown []string
	for _, inst := range b.inv.Instances {
		for _, role := range inst.Roles {
			for name := range role.Machines {
				if _, known := b.machines[name]; !known {
					unknown = append(unknown, name)
				}
			}
		}
	}
	slices.Sort(unknown)
	for _, name := range slices.Compact(unknown) {
		b.machines[name] = len(b.page.Machines)
		b.page.Machines = append(b.page.Machines, machineData{Name: name, Unknown: true})
	}
}

func (b *builder) addInstance(name string, findings []instance.Finding, byRole map[[2]string][]int) {
	inst := b.inv.Instances[name]
	if inst == nil {
		b.page.Instances = append(b.page.Instances, instanceData{Name: name, Service: -1})
		return
	}
	data := instanceData{Name: name, Service: b.service(inst.Module), Position: b.position(inst.Position)}
	for _, roleName := range slices.Sorted(maps.Keys(inst.Roles)) {
		role := inst.Roles[roleName]
		b.page.Colours[roleName] = palette.Role(roleName)
		shown := roleData{Name: roleName, Description: inst.Module.Roles[roleName].Description,
			Position:     b.position(role.Position),
			ExtraModules: role.ExtraModules, SettingsFrom: role.SettingsFrom,
			Options: b.optionSet(facts.OfRole(role).Interface)}
		for _, tag := range role.Tags {
			at := b.inv.Where("instances", name, "roles", roleName, "tags", tag) // a list has places as a whole only
			shown.Tags = append(shown.Tags, tagData{Tag: b.tag(tag), Position: b.position(at)})
		}
		shown.Groups = b.groups(instance.Scope{Instance: name, Role: roleName}, role, findings,
			byRole[[2]string{name, roleName}])
		data.Roles = append(data.Roles, shown)
	}
	b.page.Instances = append(b.page.Instances, data)
}

func (b *builder) service(m instance.Module) int {
	input := m.Resolved
	if input == "" && m.Input != nil {
		input = *m.Input
	}
	return index(b.services, &b.page.Services, input+"\x00"+m.Name, func() serviceData {
		data := serviceData{Name: m.Name, Input: input}
		if m.Manifest != nil {
			data.Description, data.Categories = m.Manifest.Description, m.Manifest.Categories
		}
		return data
	})
}

// groups are a role's members, those together that differ in their names only.
func (b *builder) groups(ref instance.Scope, role *instance.Role, findings []instance.Finding,
	about []int) []groupData {
	groups := []groupData{}
	at := map[string]int{}
	// Members that share settings share where these come from, too.
	blocks := map[*instance.Settings]int{}
	for _, name := range slices.Sorted(maps.Keys(role.Machines)) {
		member := role.Machines[name]
		block, known := blocks[member.Settings]
		if !known || member.Settings == nil {
			ref.Machine = name
			block = b.block(ref, role, findings, about)
			blocks[member.Settings] = block
		}
		group := groupData{Block: block, Tags: b.tagIndices(member.Tags), Explicit: member.Explicit}
		i := index(at, &groups, key(group), func() groupData { return group })
		g := &groups[i]
		g.Machines = addToRuns(g.Machines, b.machines[name])
		if member.Explicit {
			g.Positions = append(g.Positions, b.position(member.Position))
		}
	}
	return groups
}

// addToRuns appends an index to runs of them.
func addToRuns(runs []int, i int) []int {
	if n := len(runs); n > 0 && runs[n-2]+runs[n-1] == i {
		runs[n-1]++
		return runs
	}
	return append(runs, i, 1)
}

// block are the settings of a member: what has a value, and what has a problem instead.
func (b *builder) block(of instance.Scope, role *instance.Role, findings []instance.Finding, about []int) int {
	member := role.Machines[of.Machine]
	var rows []rowData
	optionIndex := map[*services.Option]int{}
	accepts := facts.OfRole(role).Interface
	if accepts != nil {
		for _, option := range accepts.All() {
			optionIndex[option] = len(optionIndex)
		}
	}
	for _, origin := range why.Origins(b.inv, of) {
		row := rowData{Path: nixlang.PathString(origin.Path), Value: jsonvalue.Text(origin.Value),
			From: origin.From, Option: -1, Finding: -1}
		for _, d := range origin.Definitions {
			row.Definitions = append(row.Definitions, b.definition(d))
		}
		if accepts != nil {
			option, _ := accepts.OptionAt(origin.Path)
			if i, known := optionIndex[option]; known {
				row.Option = i
			}
		}
		rows = append(rows, row)
	}
	for _, i := range about {
		f := findings[i]
		if len(f.Setting) > 0 && (f.Machine == of.Machine || slices.Contains(f.Machines, of.Machine)) {
			if !hasSetting(member, f.Setting) {
				rows = append(rows,
					rowData{Path: nixlang.PathString(f.Setting), From: "problem",
						Definitions: b.page.Findings[i].Definitions, Option: -1, Finding: i})
			}
		}
	}
	if member.Settings == nil && len(rows) == 0 {
		return -1
	}
	slices.SortStableFunc(rows, func(a, b rowData) int { return strings.Compare(a.Path, b.Path) })
	block := make([]int, len(rows))
	for i, row := range rows {
		block[i] = index(b.rows, &b.page.Rows, key(row), func() rowData { return row })
	}
	return index(b.blocks, &b.page.Blocks, key(block), func() []int { return block })
}

func hasSetting(member *instance.Member, path []string) bool {
	if member.Settings == nil {
		return false
	}
	_, has := member.Settings.Lookup(path...)
	return has
}

func (b *builder) definition(d why.Definition) definitionData {
	data := definitionData{Layer: d.Layer, Name: d.Name, Position: b.position(d.Position), Overridden: !d.Counts,
		Value: jsonvalue.Text(d.Value)}
	if d.Priority != 100 {
		data.Priority = d.Priority
	}
	return data
}

// optionSet is the index of what a role declares; roles of one module share it.
func (b *builder) optionSet(of *services.Interface) int {
	if of == nil {
		return -1
	}
	set := []optionData{}
	for path, o := range of.All() {
		data := optionData{Path: nixlang.PathString(path), Description: strings.TrimSpace(o.Description),
			Default:     o.Default,
			DefaultText: o.DefaultText, HasDefault: o.HasDefault}
		if o.Type != nil {
			data.Type = o.Type.Description
		}
		for _, at := range o.Declarations {
			data.Declared = append(data.Declared,
				b.position(&instance.Position{File: at.File, Line: at.Line, Column: at.Column}))
		}
		set = append(set, data)
	}
	return index(b.options, &b.page.Options, key(set), func() []optionData { return set })
}

func (b *builder) finding(f instance.Finding) findingData {
	data := findingData{Severity: string(f.Severity), Code: f.Code, Message: f.Message(), Hint: f.Hint(),
		Position: b.position(&f.Position),
		Subject:  f.About(), Instance: -1, Role: f.Role, Setting: nixlang.PathString(f.Setting)}
	if i, known := b.instances[f.Instance]; known {
		data.Instance = i
	}
	for _, name := range permachine.Machines(f) {
		if i, known := b.machines[name]; known {
			data.Machines = append(data.Machines, i)
		}
	}
	slices.Sort(data.Machines)
	for _, d := range f.Definitions {
		data.Definitions = append(data.Definitions,
			definitionData{Layer: d.Layer, Name: d.Name, Position: b.position(d.Position),
				Value: jsonvalue.Text(d.Value)})
	}
	return data
}

// key is the same for equal values.
func key(value any) string { return string(jsonvalue.Text(value)) } // what is no JSON, Write refuses
