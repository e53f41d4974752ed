package policy

import (
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// plain is the document of an inventory, as jq takes it. Where the machines do not evaluate, which has a
// finding, there are none. Members that are the same are one value: in a large fleet there are but few
// others.
func plain(inv *instance.Inventory) (any, error) {
	of, members := *inv, map[instance.Scope]map[string]*instance.Member{}
	if of.Machines == nil {
		of.Machines, of.Tags = map[string]*instance.Machine{}, map[string][]string{}
	}
	of.Instances = map[string]*instance.Instance{}
	for name, inst := range inv.Instances {
		bare := *inst
		bare.Roles = map[string]*instance.Role{}
		for roleName, role := range inst.Roles {
			members[instance.Scope{Instance: name, Role: roleName}] = role.Machines
			without := *role
			without.Machines = nil
			bare.Roles[roleName] = &without
		}
		of.Instances[name] = &bare
	}
	document, err := jsonvalue.Of(of)
	if err != nil {
		return nil, err
	}
	known := memberValues{}
	instances := document.(map[string]any)["instances"].(map[string]any)
	for ref, machines := range members {
		values := make(map[string]any, len(machines))
		for name, member := range machines {
			if values[name], err = known.of(member); err != nil {
				return nil, err
			}
		}
		roles := instances[ref.Instance].(map[string]any)["roles"].(map[string]any)
		roles[ref.Role].(map[string]any)["machines"] = values
	}
	return document, nil
}

// memberValues are members as they are in the document.
type memberValues map[memberKey]any

// memberKey tells members apart: Settings are shared where they are the same.
type memberKey struct {
	explicit bool
	position instance.Position
	settings *instance.Settings
	tags     string
}

func (known memberValues) of(m *instance.Member) (any, error) {
	key := memberKey{explicit: m.Explicit, settings: m.Settings, tags: strings.Join(m.Tags, "\x00")}
	if m.Position != nil {
		key.position = *m.Position
	}
	value, isKnown := known[key]
	if isKnown {
		return value, nil
	}
	value, err := jsonvalue.Of(m)
	known[key] = value
	return value, err
}
