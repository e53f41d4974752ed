package services

// Written is how a module is written, for its author: what it gives by itself and what it leaves to defaults,
// and where that stands. What cannot be told, because it does not evaluate, counts as given.
type Written struct {
	// Unknown: nothing can be told.
	Unknown bool
	// Position is where the module's manifest is, Constraints where the constraints in it are; or else where
	// the module is. Zero where nothing is known.
	Position, Constraints Position
	// HasName and HasReadme: the manifest gives them.
	HasName, HasReadme bool
	// Limits are `manifest.constraints`, each as the module gives them, before anybody checks them; the last counts.
	Limits []map[string]any
	// PerMachine: the module does something for each machine, whatever its role.
	PerMachine bool
	// Roles that the module gives, by name.
	Roles map[string]WrittenRole
}

// WrittenRole is how a role is written.
type WrittenRole struct {
	// Position is where the role is, or the module.
	Position Position
	// HasBehaviour and HasInterface: the role gives `perInstance` and `interface`.
	HasBehaviour, HasInterface bool
}
