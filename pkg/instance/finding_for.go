package instance

import (
	"slices"
	"strings"
)

// FindingFor returns a finding that concerns several machines alike as one about another of them: that machine stands in its subject
// and in its message, and its place and definitions are that machine's own. One that does not concern the machine is returned as it is.
// The inventory is the one that the finding is of.
func (inv *Inventory) FindingFor(f Finding, machine string) Finding {
	if f.Machine == machine || !slices.Contains(f.Machines, machine) {
		return f
	}
	was := f
	f.Machine = machine
	option := func(machine string) string {
		return optionPath("instances", f.Instance, "roles", f.Role, "machines", machine) + "."
	}
	f.Message = strings.ReplaceAll(f.Message, option(was.Machine), option(machine))
	if inv.positions == nil {
		return f
	}
	// Nix itself may have pointed elsewhere, into a module: that is the same for all.
	written := was
	written.Position = Position{}
	if inv.place(&written); written.Position == was.Position {
		f.Position = Position{}
		inv.place(&f)
	}
	f.Definitions = inv.definitions(&f)
	return f
}
