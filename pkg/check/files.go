package check

import (
	"path"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// missingFiles: extra modules of a role that are files which are not there. Machines with the role do not build.
func missingFiles(c *checker) {
	for ref, role := range c.Roles() {
		for _, file := range facts.OfRole(role).Missing {
			c.add(codes.MissingFile, about(ref),
				instance.Cause{Part: "extraModules", Name: file, Add: c.untracked(file)}, "extraModules")
		}
	}
}

// missingModules: the flake's own modules that are files which are not there. Of one that an instance uses, it is
// another finding.
func missingModules(c *checker) {
	used := map[string]bool{}
	for _, inst := range c.Instances {
		if input := inst.Module.Input; inst.Module.Resolved == "self" || input != nil && *input == "self" {
			used[inst.Module.Name] = true
		}
	}
	for name, file := range c.facts.Missing {
		if !used[name] {
			c.add(codes.MissingModule, instance.Subject{Module: name},
				instance.Cause{Name: file, Add: c.untracked(file)})
		}
	}
}

// machineFiles are those that clan reads in a machine's directory.
var machineFiles = []string{"configuration.nix", "hardware-configuration.nix", "disko.nix", "facter.json"}

// untrackedFiles: what clan reads by itself, but Nix does not see: no other error tells of it.
func untrackedFiles(c *checker) {
	persisted := c.facts.PersistedFile
	if persisted == "" {
		return // nobody knows the clan's directory
	}
	add := func(machine, file string) {
		f := instance.NewFinding(codes.UntrackedFile, instance.Subject{Machine: machine},
			instance.Cause{Name: file, Add: file})
		f.File = file
		c.found = append(c.found, f)
	}
	machines := path.Join(path.Dir(persisted), "machines")
	strange := map[string]bool{}
	for _, file := range c.facts.Untracked {
		below, isBelow := strings.CutPrefix(file, machines+"/")
		machine, inside, isMachine := strings.Cut(below, "/")
		switch {
		case file == persisted:
			add("", file)
		case !isBelow || !isMachine:
		case c.Machines[machine] != nil:
			if slices.Contains(machineFiles, inside) {
				add(machine, file)
			}
		case c.Machines != nil && inside == "configuration.nix" && !strange[machine]:
			strange[machine] = true
			add(machine, path.Join(machines, machine))
		}
	}
}

// untracked is what git has to be told of, for Nix to see a file; "" if that is not why it is missing.
func (c *checker) untracked(file string) string {
	for _, other := range c.facts.Untracked {
		if other == file || strings.HasPrefix(other, file+"/") {
			return file
		}
	}
	return ""
}
