package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/reach"
)

// Ansible writes what Ansible reads of a dynamic inventory that is asked for --list: each machine with its variables,
// and groups for classes, tags, services and roles.
func Ansible(f *Fleet, w io.Writer) (left []string, err error) {
	groups, vars := map[string][]string{}, map[string]any{}
	names := map[string]bool{"all": true, "ungrouped": true}
	for _, h := range f.Hosts {
		for _, group := range h.groups() {
			names[group] = true
		}
	}
	for _, h := range f.Hosts {
		if !plainName.MatchString(h.Name) {
			left = append(left, fmt.Sprintf("%q: Ansible takes it for a pattern", h.Name))
			continue
		}
		if names[h.Name] { // without this, the inventory has a loop, or loses the group
			left = append(left, fmt.Sprintf("%q: Ansible has a group of that name", h.Name))
			continue
		}
		of, dropped := h.variables()
		left = append(left, dropped...)
		if of["ansible_host"] == nil {
			left = append(left, h.Name+": "+unreached(h.Machine)+"; it has no ansible_host")
		}
		vars[h.Name] = of
		for _, group := range h.groups() {
			groups[group] = append(groups[group], h.Name)
		}
	}
	document := map[string]any{"_meta": map[string]any{"hostvars": vars},
		"all": map[string]any{"hosts": sortedKeys(vars), "children": sortedKeys(groups)}}
	for name, hosts := range groups {
		document[name] = map[string]any{"hosts": hosts}
	}
	return left, jsonvalue.Write(w, document)
}

// groups are the groups that a machine is in, sorted.
func (h Host) groups() []string {
	groups := []string{groupName("class", h.View.Class)}
	for _, tag := range h.View.Tags {
		groups = append(groups, groupName("tag", tag))
	}
	for _, in := range h.View.Memberships {
		groups = append(groups, groupName("service", in.Module.Name), groupName("role", in.Instance, in.Role))
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// AnsibleHost writes the variables of one machine, as for --host.
func AnsibleHost(f *Fleet, w io.Writer) (left []string, err error) {
	for _, h := range f.Hosts {
		vars, left := h.variables()
		return left, jsonvalue.Write(w, vars)
	}
	return nil, jsonvalue.Write(w, map[string]any{})
}

// variables are those of a machine, and what of its settings is left out.
func (h Host) variables() (vars map[string]any, left []string) {
	settings := map[string]any{}
	for _, in := range h.View.Memberships {
		if in.Settings == nil {
			continue
		}
		roles, _ := settings[in.Instance].(map[string]any)
		if roles == nil {
			roles = map[string]any{}
			settings[in.Instance] = roles
		}
		roles[in.Role] = untemplated(in.Settings.Value(), func(name string) {
			left = append(left, fmt.Sprintf("%s: the setting %q of %s %s: Ansible takes it for a mark of its own",
				h.Name, name, in.Instance, in.Role))
		})
	}
	text := func(s string) any { return untemplated(s, nil) }
	vars = map[string]any{"clan_class": h.View.Class, "clan_tags": untemplated(anyOf(h.View.Tags), nil),
		"clan_settings": settings}
	if way := first(h.Machine, func(reach.Way) bool { return true }); way != nil {
		vars["ansible_host"], vars["ansible_user"] = way.Host, way.User
		vars["clan_network"] = text(way.Network)
		if way.Port != 0 {
			vars["ansible_port"] = way.Port
		}
		direct := *way
		direct.Port, direct.User, direct.Host = 0, "", ""
		words := direct.SSH()
		if arguments := words[1 : len(words)-1]; len(arguments) > 0 {
			vars["ansible_ssh_common_args"] = text(shell.Join(arguments))
		}
	}
	return vars, left
}

func anyOf(names []string) []any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}

// untemplated marks the texts in a value that Ansible would take for templates, and evaluate: they are data. A set with
// a name that begins like Ansible's own marks would be taken for one; such names are dropped.
func untemplated(value any, dropped func(name string)) any {
	switch v := value.(type) {
	case string:
		if strings.Contains(v, "{{") || strings.Contains(v, "{%") || strings.Contains(v, "{#") {
			return map[string]any{"__ansible_unsafe": v}
		}
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = untemplated(v[i], dropped)
		}
		return all
	case map[string]any:
		set := make(map[string]any, len(v))
		for name, inner := range v {
			if strings.HasPrefix(name, "__ansible_") {
				dropped(name)
				continue
			}
			set[name] = untemplated(inner, dropped)
		}
		return set
	}
	return value
}

var notInGroups = lazyregexp.New(`[^A-Za-z0-9_]`)

// groupName makes a name that Ansible takes for a group: "role_backup_nightly_client".
func groupName(parts ...string) string {
	return notInGroups.ReplaceAllString(strings.Join(parts, "_"), "_")
}
