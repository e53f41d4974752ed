package instance

import "slices"

// FindingFor returns a finding that concerns several machines alike as one about another of them: its place and its definitions are that
// machine's own. One that does not concern the machine is returned as it is. The inventory is the one that the finding is of.
func (inv *Inventory) FindingFor(f Finding, machine string) Finding {
	if f.Machine == machine || !slices.Contains(f.Machines, machine) {
		return f
	}
	was := f
	f.Machine = machine
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
