package export

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/reach"
)

// Ansible writes what Ansible reads of a dynamic inventory that is asked for --list: each machine with its variables,
// and groups for classes, tags, services and roles.
func Ansible(f *Fleet, w io.Writer) (left []string, err error) {
	groups, vars := map[string][]string{}, map[string]any{}
	for _, h := range f.Hosts {
		if !plainName.MatchString(h.Name) {
			left = append(left, fmt.Sprintf("%q: Ansible takes it for a pattern", h.Name))
			continue
		}
		of := h.variables()
		if of["ansible_host"] == nil {
			left = append(left, h.Name+": "+unreached(h.Machine)+"; it has no ansible_host")
		}
		vars[h.Name] = of
		join := func(parts ...string) {
			group := groupName(parts...)
			if !slices.Contains(groups[group], h.Name) {
				groups[group] = append(groups[group], h.Name)
			}
		}
		join("class", h.View.Class)
		for _, tag := range h.View.Tags {
			join("tag", tag)
		}
		for _, in := range h.View.Memberships {
			join("service", in.Module.Name)
			join("role", in.Instance, in.Role)
		}
	}
	document := map[string]any{"_meta": map[string]any{"hostvars": vars},
		"all": map[string]any{"hosts": sortedKeys(vars), "children": sortedKeys(groups)}}
	for name, hosts := range groups {
		document[name] = map[string]any{"hosts": hosts}
	}
	return left, writeJSON(w, document)
}

// AnsibleHost writes the variables of one machine, as for --host.
func AnsibleHost(f *Fleet, w io.Writer) (left []string, err error) {
	for _, h := range f.Hosts {
		return nil, writeJSON(w, h.variables())
	}
	return nil, writeJSON(w, map[string]any{})
}

func (h Host) variables() map[string]any {
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
		roles[in.Role] = untemplated(in.Settings.Value())
	}
	vars := map[string]any{"clan_class": h.View.Class, "clan_tags": untemplated(anyOf(h.View.Tags)),
		"clan_settings": settings}
	if way := first(h.Machine, func(reach.Way) bool { return true }); way != nil {
		vars["ansible_host"], vars["ansible_user"] = way.Host, way.User
		vars["clan_network"] = untemplated(way.Network)
		if way.Port != 0 {
			vars["ansible_port"] = way.Port
		}
		direct := *way
		direct.Port, direct.User, direct.Host = 0, "", ""
		words := direct.SSH()
		if arguments := words[1 : len(words)-1]; len(arguments) > 0 {
			vars["ansible_ssh_common_args"] = untemplated(shell.Join(arguments))
		}
	}
	return vars
}

func anyOf(names []string) []any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}

// untemplated marks the texts in a value that Ansible would take for templates, and evaluate: they are data.
func untemplated(value any) any {
	switch v := value.(type) {
	case string:
		if strings.Contains(v, "{{") || strings.Contains(v, "{%") || strings.Contains(v, "{#") {
			return map[string]any{"__ansible_unsafe": v}
		}
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = untemplated(v[i])
		}
		return all
	case map[string]any:
		set := make(map[string]any, len(v))
		for name, inner := range v {
			set[name] = untemplated(inner)
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

func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}
