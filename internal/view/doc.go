// Package view answers the questions that people ask about a clan: what runs on a machine, who is in an instance and
// why, what follows from a tag. Each answer is a typed value over an [instance.Inventory], and marshals to the JSON
// that the command of the same name prints; docs/commands describes it.
//
// It is pure: what was not loaded is not in the answer, and an inventory without settings makes views without settings.
//
// # Compatibility
//
// Fields may be added to the JSON; what is there keeps its name and meaning.
package view
