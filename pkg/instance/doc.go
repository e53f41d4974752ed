// Package instance reads the instances of services that a clan flake describes, as typed values: [Load] asks Nix once
// and returns an [Inventory] of machines, tags and instances, each instance with its module resolved, its roles, their
// members and why they are members, and each member's final settings as clan evaluates them.
//
// A part of the clan that does not evaluate is absent from the inventory, never defaulted; a [Finding] says what is
// missing, where and why, and the error that Load returns beside the inventory holds a [*Finding] for each.
//
// An Inventory is plain data: nothing in it refers to Nix or to the running process, and any number of goroutines may
// read it.
//
// # Compatibility
//
// The JSON that an Inventory marshals to is the document of `clanctl eval`, described by docs/eval.schema.json. Its
// SchemaVersion changes only when a consumer could break; fields may be added without a change.
package instance
