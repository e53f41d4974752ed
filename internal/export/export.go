// Package export writes what other programs need to reach a clan's machines: a configuration of ssh, known hosts, an
// inventory of Ansible, targets of Prometheus. Each is a pure function of the inventory. Names and addresses are
// somebody's text: what a format cannot hold safely is left out, and said.
package export

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
)

// Fleet is what to write.
type Fleet struct {
	Inventory *instance.Inventory
	Hosts     []Host
	// Query is what selected them; Port is that of targets, 0 for each one's own.
	Query view.Query
	Port  int
}

// Host is a machine that was selected, with the memberships that were.
type Host struct {
	reach.Machine
	View view.Machine
}

// New selects the machines.
func New(inv *instance.Inventory, names []string, query view.Query) (*Fleet, error) {
	list, err := view.Machines(inv, names, query)
	if err != nil {
		return nil, err
	}
	f := &Fleet{Inventory: inv, Query: query}
	for _, m := range reach.Machines(inv) {
		if i := slices.IndexFunc(list.Machines, func(v view.Machine) bool { return v.Name == m.Name }); i >= 0 {
			f.Hosts = append(f.Hosts, Host{m, list.Machines[i]})
		}
	}
	return f, nil
}

// Write writes one format, and returns what it left out.
type Write func(f *Fleet, w io.Writer) (left []string, err error)

// Formats are what there is.
var Formats = map[string]Write{"ansible": Ansible, "known-hosts": KnownHosts, "prometheus": Prometheus,
	"ssh-config": SSHConfig}

var (
	plainName = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	plainHost = lazyregexp.New(`^[A-Za-z0-9_:][A-Za-z0-9_.:-]*(%[A-Za-z0-9_.-]+)?$`)
	plainUser = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*$`)
	plainJump = lazyregexp.New(`^[A-Za-z0-9_\[][A-Za-z0-9_.:@\[\]-]*$`)
	plainLine = lazyregexp.New(`^[^\x00-\x1f\x7f]*$`)
	anOption  = lazyregexp.New(`^([A-Za-z][A-Za-z0-9]*)[= ] *(.+)$`)
)

// usable reports why a way cannot be written; nil if it can.
func usable(w reach.Way) error {
	switch {
	case w.Host == "":
		return fmt.Errorf("%s", cmp.Or(w.Problem, "there is no address"))
	case !plainHost.MatchString(w.Host):
		return fmt.Errorf("invalid address %q", w.Host)
	case !plainUser.MatchString(w.User):
		return fmt.Errorf("invalid user %q", w.User)
	case w.Port < 0 || w.Port > 65535:
		return fmt.Errorf("there is no port %d", w.Port) // ssh would refuse the whole file
	}
	for _, jump := range w.Jump {
		if !plainJump.MatchString(jump) {
			return fmt.Errorf("invalid jump host %q", jump)
		}
	}
	for _, option := range w.Options {
		if !plainLine.MatchString(option) {
			return fmt.Errorf("the option %q holds a line break", option)
		}
	}
	return nil
}

// first is the first way that can be written, and that fits; nil if there is none.
func first(m reach.Machine, fits func(reach.Way) bool) *reach.Way {
	for i := range m.Ways {
		if usable(m.Ways[i]) == nil && fits(m.Ways[i]) {
			return &m.Ways[i]
		}
	}
	return nil
}

// unreached says why no way to a machine can be written.
func unreached(m reach.Machine) string {
	if len(m.Ways) == 0 {
		return "nothing reaches it"
	}
	return "nothing reaches it: " + usable(m.Ways[0]).Error()
}
