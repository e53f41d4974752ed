package check

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// missingFiles: extra modules of a role that are files which are not there. Machines with the role do not build.
func missingFiles(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	for ref, role := range inv.Roles() {
		for _, file := range facts.OfRole(role).Missing {
			found = append(found,
				at(inv, []string{"instances", ref.Instance, "roles", ref.Role, "extraModules"},
					codes.MissingFile,
					instance.Subject{Instance: ref.Instance, Role: ref.Role},
					instance.Cause{Part: "extraModules", Name: file, Add: untracked(inv, file)}))
		}
	}
	return found
}

// missingModules: the flake's own modules that are files which are not there. Of one that an instance uses, it is
// another finding.
func missingModules(inv *instance.Inventory) []instance.Finding {
	if len(inv.Instances) != len(inv.InstanceNames()) {
		return nil // another may use it
	}
	used := map[string]bool{}
	for _, inst := range inv.Instances {
		if input := inst.Module.Input; inst.Module.Resolved == "self" || input != nil && *input == "self" {
			used[inst.Module.Name] = true
		}
	}
	var found []instance.Finding
	for _, name := range slices.Sorted(maps.Keys(facts.Of(inv).Missing)) {
		if file := facts.Of(inv).Missing[name]; !used[name] {
			found = append(found,
				at(inv, []string{"modules", name}, codes.MissingModule, instance.Subject{Module: name},
					instance.Cause{Name: file, Add: untracked(inv, file)}))
		}
	}
	return found
}

// machineFiles are those that clan reads in a machine's directory.
var machineFiles = []string{"configuration.nix", "hardware-configuration.nix", "disko.nix", "facter.json"}

// untrackedFiles: what clan reads by itself, but Nix does not see: no other error tells of it.
func untrackedFiles(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	add := func(machine, file string) {
		f := instance.NewFinding(codes.UntrackedFile, instance.Subject{Machine: machine},
			instance.Cause{Name: file, Add: file})
		f.File = file
		found = append(found, f)
	}
	if facts.Of(inv).PersistedFile == "" || inv.Flake.Layout == facts.LayoutInventory {
		return nil // nobody knows the clan's directory, or nothing reads it
	}
	strange := map[string]bool{}
	for _, file := range facts.Of(inv).Untracked {
		machine, inside, isMachine := strings.Cut(strings.TrimPrefix(file,
			path.Join(path.Dir(facts.Of(inv).PersistedFile), "machines")+"/"), "/")
		switch {
		case file == facts.Of(inv).PersistedFile:
			add("", file)
		case !isMachine || machineDirectory(inv, machine)+"/"+inside != file:
		case inv.Machines[machine] != nil:
			if slices.Contains(machineFiles, inside) {
				add(machine, file)
			}
		case inv.Machines != nil && inside == "configuration.nix" && !strange[machine]:
			strange[machine] = true
			add(machine, machineDirectory(inv, machine))
		}
	}
	return found
}

// machineDirectory is where clan looks for a machine.
func machineDirectory(inv *instance.Inventory, machine string) string {
	return path.Join(path.Dir(facts.Of(inv).PersistedFile), "machines", machine)
}

// untracked is what git has to be told of, for Nix to see a file; "" if that is not why it is missing.
func untracked(inv *instance.Inventory, file string) string {
	for _, other := range facts.Of(inv).Untracked {
		if other == file || strings.HasPrefix(other, file+"/") {
			return file
		}
	}
	return ""
}
