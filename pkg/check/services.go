package check

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// byKey groups the instances by the key under which clan evaluates their modules: without clan-core there is none.
func (c *checker) byKey() map[string][]string {
	groups := map[string][]string{}
	for _, name := range sortedKeys(c.Instances) {
		key := services.Key(c.Instances[name].Module.Spec())
		groups[key] = append(groups[key], name)
	}
	return groups
}

// keyCollisions: two references that mean different modules have the same key, and clan gives all their instances the
// module of the first.
func keyCollisions(c *checker) {
	for key, names := range c.byKey() {
		first := names[0]
		other := c.Instances[first].Module.Spec().String()
		for _, name := range names[1:] {
			if spec := c.Instances[name].Module.Spec().String(); spec != other {
				c.add(codes.KeyCollision, instance.Subject{Instance: name},
					instance.Cause{Name: key, Service: spec, Other: first, OtherService: other}, "module")
			}
		}
	}
}

// splitServices: clan evaluates a service once for each way of writing its module: with and without the input, by one
// or another input of the same source, under its short name and its long one.
func splitServices(c *checker) {
	first := map[string]module.Spec{}
	reported := map[string]bool{}
	groups := c.byKey()
	for _, key := range sortedKeys(groups) {
		name := groups[key][0]
		of := c.Instances[name].Module
		if of.Resolved == "" || of.Resolved == "self" {
			continue // there is no such module, or but one way of writing it
		}
		service := strings.TrimPrefix(of.Name, "@clan/")
		source := cmp.Or(c.facts.Catalogue.Inputs[of.Resolved].Source, of.Resolved) + "\x00" + service
		other, known := first[source]
		if !known {
			first[source] = of.Spec()
			continue
		}
		if reported[source] {
			continue
		}
		reported[source] = true
		c.add(codes.SplitService, instance.Subject{Instance: name},
			instance.Cause{Name: service, Service: of.Spec().String(), Instances: nearest.First(groups[key]),
				OtherService: other.String(), OtherInstances: nearest.First(groups[services.Key(other)])}, "module")
	}
}

// deprecatedModules: modules that work still, but will be removed. clan-core has no other sign for it than a setting.
func deprecatedModules(c *checker) {
	for name, inst := range c.Instances {
		of := inst.Module.Resolved
		if of != "" && (slices.Contains(c.facts.Catalogue.Inputs[of].Deprecated, inst.Module.Name) ||
			of == c.Flake.ClanCore && warnsOfItself(inst)) {
			c.add(codes.DeprecatedModule, instance.Subject{Instance: name},
				instance.Cause{Service: inst.Module.Spec().String()}, "module")
		}
	}
}

func warnsOfItself(inst *instance.Instance) bool {
	looked := map[*instance.Settings]bool{nil: true} // which members share
	for _, role := range inst.Roles {
		for _, member := range role.Machines {
			if looked[member.Settings] {
				continue
			}
			looked[member.Settings] = true
			// To look for the name first spares decoding.
			if !bytes.Contains(member.Settings.JSON(), []byte(`"deprecationWarning"`)) {
				continue
			}
			if warns, _ := member.Settings.Lookup("deprecationWarning"); warns == true {
				return true
			}
		}
	}
	return false
}

// tooManyInstances and membersOfRoles: what the module's manifest allows. Clan evaluates it, but says so only when it
// generates vars.
func tooManyInstances(c *checker) {
	for _, names := range c.byKey() {
		first, last := c.Instances[names[0]].Module, names[len(names)-1]
		if first.Manifest == nil {
			continue
		}
		if limit, ok := services.Count(first.Manifest.Constraints["maxInstances"]); ok && len(names) > limit {
			c.add(codes.TooManyInstances, instance.Subject{Instance: last},
				instance.Cause{Name: first.Name, Max: limit, Count: len(names)})
		}
	}
}

func membersOfRoles(c *checker) {
	for name, inst := range c.Instances {
		if inst.Module.Manifest == nil {
			continue
		}
		roles, _ := inst.Module.Manifest.Constraints["roles"].(map[string]any)
		for role, of := range roles {
			bounds, _ := of.(map[string]any)
			members := 0
			if r := inst.Roles[role]; r != nil {
				members = len(r.Machines)
			}
			code, cause := "", instance.Cause{Count: members}
			if least, ok := services.Count(bounds["minMachines"]); ok && members < least {
				code, cause.Min = codes.TooFewMachines, least
			} else if most, ok := services.Count(bounds["maxMachines"]); ok && members > most {
				code, cause.Max = codes.TooManyMachines, most
			} else {
				continue
			}
			c.add(code, instance.Subject{Instance: name, Role: role}, cause)
		}
	}
}

// legacyServices: services in the form that clan-core gave up in 2025.
func legacyServices(c *checker) {
	if len(c.facts.LegacyServices) == 0 {
		return
	}
	code := codes.DeprecatedServices
	if c.facts.LegacyDropped {
		code = codes.DroppedServices
	}
	c.at([]string{"services", c.facts.LegacyServices[0]}, code, instance.Subject{},
		instance.Cause{Names: nearest.First(c.facts.LegacyServices)})
}
