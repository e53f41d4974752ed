package export

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/reach"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// target is a group of targets in a file of Prometheus' file discovery.
type target struct {
	Labels  map[string]string `json:"labels"`
	Targets []string          `json:"targets"`
}

// Prometheus writes a file for Prometheus' file discovery: each machine at the first address that needs no tunnel, or,
// where the query is about instances, services or roles, each membership.
func Prometheus(f *Fleet, w io.Writer) (left []string, err error) {
	targets := []target{}
	for _, h := range f.Hosts {
		way := first(h.Machine, func(w reach.Way) bool {
			return len(w.Jump) == 0 &&
				!slices.ContainsFunc(w.Options, func(o string) bool {
					return strings.HasPrefix(strings.ToLower(o), "proxy")
				})
		})
		if way == nil {
			left = append(left, h.Name+": nothing reaches it without a tunnel")
			continue
		}
		var tags []string
		for _, tag := range h.View.Tags {
			if strings.Contains(tag, ",") {
				left = append(left, fmt.Sprintf("%s: the tag %q: a comma separates tags in the label clan_tags", h.Name, tag))
				continue
			}
			tags = append(tags, tag)
		}
		labels := map[string]string{"clan_machine": h.Name, "clan_class": h.View.Class, "clan_network": way.Network,
			"clan_tags": "," + strings.Join(tags, ",") + ","}
		add := func(port int, more map[string]string) {
			if f.Port != 0 {
				port = f.Port
			}
			if port == 0 {
				port = 22
			}
			all := maps.Clone(labels)
			maps.Copy(all, more)
			targets = append(targets, target{all, []string{net.JoinHostPort(way.Host, strconv.Itoa(port))}})
		}
		if !f.Query.Memberships() {
			add(way.Port, nil)
			continue
		}
		for _, in := range h.View.Memberships {
			add(portOf(in, way.Port),
				map[string]string{"clan_instance": in.Instance, "clan_role": in.Role, "clan_service": in.Module.Name})
		}
	}
	return left, jsonvalue.Write(w, targets)
}

// portOf is the setting port of a membership, if it has one.
func portOf(in view.Membership, otherwise int) int {
	if in.Settings == nil {
		return otherwise
	}
	value, _ := in.Settings.Lookup("port")
	number, _ := value.(json.Number)
	if port, err := strconv.ParseUint(number.String(), 10, 16); err == nil && port > 0 {
		return int(port)
	}
	return otherwise
}
