package cli

import "fmt"

// The parameters of tools. Their names are those of the command line.

type fleetQuery struct {
	Names    []string `json:"names,omitempty" jsonschema:"only these machines, instances or tags, with all details"`
	On       string   `json:"on,omitempty" jsonschema:"a selector of machines: names, globs, @tags and !exceptions with commas between them"`
	Instance string   `json:"instance,omitempty" jsonschema:"a selector of instances"`
	Service  string   `json:"service,omitempty" jsonschema:"a selector of modules"`
	Role     string   `json:"role,omitempty" jsonschema:"a selector of roles"`
}

func (q fleetQuery) line() (flags, names []string) {
	return append(givenFlags("on", q.On, "instance", q.Instance, "service", q.Service, "role", q.Role), "--json"),
		q.Names
}

// givenFlags are flags with the values that are not empty.
func givenFlags(namesAndValues ...string) []string {
	var flags []string
	for i := 0; i < len(namesAndValues); i += 2 {
		if value := namesAndValues[i+1]; value != "" {
			flags = append(flags, "--"+namesAndValues[i]+"="+value)
		}
	}
	return flags
}

type tagsQuery struct {
	Names []string `json:"names,omitempty" jsonschema:"only these tags"`
}

type whyQuery struct {
	Instance string `json:"instance"`
	Role     string `json:"role"`
	Machine  string `json:"machine"`
	Setting  string `json:"setting,omitempty" jsonschema:"the path of a setting, as in Nix: keep.daily"`
}

type checkQuery struct {
	Instances []string `json:"instances,omitempty" jsonschema:"only these instances"`
	Severity  string   `json:"severity,omitempty" jsonschema:"this severity and above: error, warning (the default) or note"`
	Only      []string `json:"only,omitempty" jsonschema:"only findings with these codes"`
}

type explainQuery struct {
	Codes []string `json:"codes" jsonschema:"codes of findings"`
}

type schemaQuery struct {
	Module string `json:"module" jsonschema:"an instance, a module, or INPUT#MODULE"`
	Role   string `json:"role,omitempty"`
}

type modulesQuery struct {
	Inputs []string `json:"inputs,omitempty" jsonschema:"only the modules of these flake inputs; self is the flake"`
}

type moduleQuery struct {
	Module string `json:"module" jsonschema:"MODULE or INPUT#MODULE"`
}

type diffQuery struct {
	Old      string `json:"old,omitempty" jsonschema:"a git revision; without, the last commit"`
	New      string `json:"new,omitempty" jsonschema:"a git revision; without, the clan as it is now"`
	Affected bool   `json:"affected,omitempty" jsonschema:"only the machines that the difference touches, and why"`
	Exports  bool   `json:"exports,omitempty" jsonschema:"compare what services export, such as addresses of machines, too"`
}

// check keeps the agent to the clan: another flake could be anywhere.
func (q diffQuery) check() error {
	for _, side := range []string{q.Old, q.New} {
		if side != "" && !isRevision(side) {
			return fmt.Errorf("%q is not a git revision", side)
		}
	}
	if q.New != "" && q.Old == "" {
		return fmt.Errorf("new is compared with old: name that, too")
	}
	return nil
}

type exportsQuery struct {
	Instances []string `json:"instances,omitempty" jsonschema:"only what these instances export"`
}

type reachQuery struct {
	Machines []string `json:"machines,omitempty" jsonschema:"all ways to these machines; without, the first way to each"`
}

type settingsChange struct {
	change
	Instance string   `json:"instance"`
	Role     string   `json:"role"`
	Machine  string   `json:"machine,omitempty" jsonschema:"for this machine only"`
	Tag      string   `json:"tag,omitempty" jsonschema:"for the members with this tag only"`
	Settings []string `json:"settings" jsonschema:"settings as PATH=JSON, such as keep.daily=7 or schedule=\"daily\"; PATH to unset"`
}

func (s settingsChange) line() (flags, names []string) {
	return append(givenFlags("machine", s.Machine, "tag", s.Tag), "--json"),
		append([]string{s.Instance, s.Role}, s.Settings...)
}

type membersChange struct {
	change
	Instance string   `json:"instance"`
	Role     string   `json:"role"`
	Members  []string `json:"members" jsonschema:"machines, and tags with an @ in front"`
}

func (m membersChange) line() (flags, names []string) {
	return []string{"--json"}, append([]string{m.Instance, m.Role}, m.Members...)
}

type tagChange struct {
	change
	Tag      string   `json:"tag"`
	Machines []string `json:"machines"`
}

type tagAddition struct {
	tagChange
	New bool `json:"new,omitempty" jsonschema:"make a tag that no machine has yet"`
}

type newInstance struct {
	change
	Name   string   `json:"name"`
	Module string   `json:"module,omitempty" jsonschema:"MODULE or INPUT#MODULE; without, that of the instance's own name"`
	Roles  []string `json:"roles" jsonschema:"each role as ROLE=MACHINE,@TAG"`
}

type namedChange struct {
	change
	Name string `json:"name"`
}

func (s *toolServer) addTools() {
	tool(s, "machines", "List machines with what runs on each, and why; with names also the settings.", fleetQuery.line)
	tool(s, "instances", "List instances of services: module, roles, members, findings; with names also the settings.",
		fleetQuery.line)
	tool(s, "tags", "List tags: who carries each and from where, and which roles use it.",
		func(q tagsQuery) ([]string, []string) {
			return []string{"--json"}, q.Names
		})
	tool(s, "why",
		"Explain why a machine is in a role or, with a setting, every definition of it, which count, and the option.",
		func(q whyQuery) ([]string, []string) {
			names := []string{q.Instance, q.Role, q.Machine}
			if q.Setting != "" {
				names = append(names, q.Setting)
			}
			return []string{"--json"}, names
		})
	tool(s, "check", "Report problems of the clan, with file, line and what to do.",
		func(q checkQuery) ([]string, []string) {
			flags := append(givenFlags("severity", q.Severity), "--json")
			for _, code := range q.Only {
				flags = append(flags, "--only="+code)
			}
			return flags, q.Instances
		})
	tool(s, "explain", "Explain codes of findings: what is wrong, what clan does then, what to do.",
		func(q explainQuery) ([]string, []string) {
			return []string{"--json"}, q.Codes
		})
	tool(s, "schema", "JSON Schema of what a role accepts as settings.", func(q schemaQuery) ([]string, []string) {
		if q.Role == "" {
			return nil, []string{q.Module}
		}
		return nil, []string{q.Module, q.Role}
	})
	tool(s, "modules", "List the service modules of the flake and its inputs, used or not.",
		func(q modulesQuery) ([]string, []string) {
			flags := []string{"--json"}
			for _, input := range q.Inputs {
				flags = append(flags, "--input="+input)
			}
			return flags, nil
		})
	tool(s, "modules show", "Show a service module: README, roles, and the options of their settings.",
		func(q moduleQuery) ([]string, []string) {
			return []string{"--json"}, []string{q.Module}
		})
	tool(s, "diff", "Compare the clan between two git revisions: what changed, and which machines that touches.",
		func(q diffQuery) ([]string, []string) {
			flags := []string{"--json"}
			if q.Affected {
				flags = append(flags, "--affected")
			}
			if q.Exports {
				flags = append(flags, "--exports")
			}
			switch {
			case q.New != "":
				return flags, []string{q.Old, q.New}
			case q.Old != "":
				return flags, []string{q.Old}
			}
			return flags, nil
		})
	tool(s, "exports", "List what services export to each other: addresses, networks, endpoints.",
		func(q exportsQuery) ([]string, []string) {
			return []string{"--json"}, q.Instances
		})
	tool(s, "reach",
		"Show how machines are reached: the ways in clan's order, with host, port and user, and where each comes from.",
		func(q reachQuery) ([]string, []string) {
			return []string{"--json"}, q.Machines
		})

	writingTool(s, "set", "Set settings of a role in inventory.json.", settingsChange.line)
	writingTool(s, "unset", "Remove settings of a role from inventory.json.", settingsChange.line)
	writingTool(s, "roles add", "Add machines and tags to a role.", membersChange.line)
	writingTool(s, "roles remove", "Remove machines and tags from a role.", membersChange.line)
	writingTool(s, "tags add", "Give machines a tag.", func(q tagAddition) ([]string, []string) {
		flags := []string{"--json"}
		if q.New {
			flags = append(flags, "--new")
		}
		return flags, append([]string{q.Tag}, q.Machines...)
	})
	writingTool(s, "tags remove", "Take a tag from machines.", func(q tagChange) ([]string, []string) {
		return []string{"--json"}, append([]string{q.Tag}, q.Machines...)
	})
	writingTool(s, "instances create", "Create an instance of a service.", func(q newInstance) ([]string, []string) {
		flags := append(givenFlags("module", q.Module), "--json")
		for _, role := range q.Roles {
			flags = append(flags, "--role="+role)
		}
		return flags, []string{q.Name}
	})
	writingTool(s, "instances delete", "Delete an instance of inventory.json.",
		func(q namedChange) ([]string, []string) {
			return []string{"--json"}, []string{q.Name}
		})
}
