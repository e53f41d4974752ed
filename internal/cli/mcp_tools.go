package cli

import (
	"fmt"
	"reflect"
	"strings"
)

// What tools take. A field is a name, or the names, on the command line; one with the tag flag is the value of that
// flag, each of several with a flag of its own. What may be left out, and is empty, is not there.

// lineOf is a tool's parameters as a command line has them.
func lineOf(in any) (flags, names []string) {
	v := reflect.ValueOf(in)
	for _, field := range reflect.VisibleFields(v.Type()) {
		value, flag := v.FieldByIndex(field.Index), field.Tag.Get("flag")
		if field.Anonymous || value.IsZero() && strings.HasSuffix(field.Tag.Get("json"), ",omitempty") {
			continue
		}
		var texts []string
		switch given := value.Interface().(type) {
		case string:
			texts = []string{given}
		case []string:
			texts = given
		case bool:
			texts = []string{"true"}
		}
		for _, text := range texts {
			switch flag {
			case "":
				names = append(names, text)
			case "-": // it is not of the command line
			default:
				flags = append(flags, "--"+flag+"="+text)
			}
		}
	}
	return flags, names
}

type fleetQuery struct {
	Names    []string `json:"names,omitempty" jsonschema:"only these machines, instances or tags, with all details"`
	On       string   `json:"on,omitempty" flag:"on" jsonschema:"a selector of machines: names, globs, @tags and !exceptions with commas between them"`
	Instance string   `json:"instance,omitempty" flag:"instance" jsonschema:"a selector of instances"`
	Service  string   `json:"service,omitempty" flag:"service" jsonschema:"a selector of modules"`
	Role     string   `json:"role,omitempty" flag:"role" jsonschema:"a selector of roles"`
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
	Severity  string   `json:"severity,omitempty" flag:"severity" jsonschema:"this severity and above: error, warning (the default) or note"`
	Only      []string `json:"only,omitempty" flag:"only" jsonschema:"only findings with these codes"`
}

type explainQuery struct {
	Codes []string `json:"codes" jsonschema:"codes of findings"`
}

type schemaQuery struct {
	Module string `json:"module" jsonschema:"an instance, a module, or INPUT#MODULE"`
	Role   string `json:"role,omitempty"`
}

type modulesQuery struct {
	Inputs []string `json:"inputs,omitempty" flag:"input" jsonschema:"only the modules of these flake inputs; self is the flake"`
}

type moduleQuery struct {
	Module string `json:"module" jsonschema:"MODULE or INPUT#MODULE"`
}

type diffQuery struct {
	Old      string `json:"old,omitempty" jsonschema:"a git revision; without, the last commit"`
	New      string `json:"new,omitempty" jsonschema:"a git revision; without, the clan as it is now"`
	Affected bool   `json:"affected,omitempty" flag:"affected" jsonschema:"only the machines that the difference touches, and why"`
	Exports  bool   `json:"exports,omitempty" flag:"exports" jsonschema:"compare what services export, such as addresses of machines, too"`
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
	Machine  string   `json:"machine,omitempty" flag:"machine" jsonschema:"for this machine only"`
	Tag      string   `json:"tag,omitempty" flag:"tag" jsonschema:"for the members with this tag only"`
	Settings []string `json:"settings" jsonschema:"settings as PATH=JSON, such as keep.daily=7 or schedule=\"daily\"; PATH to unset"`
}

type membersChange struct {
	change
	Instance string   `json:"instance"`
	Role     string   `json:"role"`
	Members  []string `json:"members" jsonschema:"machines, and tags with an @ in front"`
}

type tagChange struct {
	change
	Tag      string   `json:"tag"`
	Machines []string `json:"machines"`
}

type tagAddition struct {
	tagChange
	New bool `json:"new,omitempty" flag:"new" jsonschema:"make a tag that no machine has yet"`
}

type newInstance struct {
	change
	Name   string   `json:"name"`
	Module string   `json:"module,omitempty" flag:"module" jsonschema:"MODULE or INPUT#MODULE; without, that of the instance's own name"`
	Roles  []string `json:"roles" flag:"role" jsonschema:"each role as ROLE=MACHINE,@TAG"`
}

type namedChange struct {
	change
	Name string `json:"name"`
}

func (s *toolServer) addTools() {
	tool[fleetQuery](s, "machines", "List machines with what runs on each, and why; with names also the settings.")
	tool[fleetQuery](s, "instances",
		"List instances of services: module, roles, members, findings; with names also the settings.")
	tool[tagsQuery](s, "tags", "List tags: who carries each and from where, and which roles use it.")
	tool[whyQuery](s, "why",
		"Explain why a machine is in a role or, with a setting, every definition of it, which count, and the option.")
	tool[checkQuery](s, "check", "Report problems of the clan, with file, line and what to do.")
	tool[explainQuery](s, "explain", "Explain codes of findings: what is wrong, what clan does then, what to do.")
	tool[schemaQuery](s, "schema", "JSON Schema of what a role accepts as settings.")
	tool[modulesQuery](s, "modules", "List the service modules of the flake and its inputs, used or not.")
	tool[moduleQuery](s, "modules show", "Show a service module: README, roles, and the options of their settings.")
	tool[diffQuery](s, "diff",
		"Compare the clan between two git revisions: what changed, and which machines are affected.")
	tool[exportsQuery](s, "exports", "List what services export to each other: addresses, networks, endpoints.")
	tool[reachQuery](s, "reach",
		"Show how machines are reached: the ways in clan's order, with host, port and user, and where each comes from.")

	tool[settingsChange](s, "set", "Set settings of a role in inventory.json.")
	tool[settingsChange](s, "unset", "Remove settings of a role from inventory.json.")
	tool[membersChange](s, "roles add", "Add machines and tags to a role.")
	tool[membersChange](s, "roles remove", "Remove machines and tags from a role.")
	tool[tagAddition](s, "tags add", "Give machines a tag.")
	tool[tagChange](s, "tags remove", "Take a tag from machines.")
	tool[newInstance](s, "instances create", "Create an instance of a service.")
	tool[namedChange](s, "instances delete", "Delete an instance of inventory.json.")
}
