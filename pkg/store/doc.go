// Package store changes a clan through its inventory.json: the part of the inventory that programs keep, beside what
// people write in Nix. [Open] reads the file and what Nix knows of the clan; the methods of [Store] change it in
// memory; [Store.Preview] evaluates the clan as it would become, and says what that means; [Store.Commit] writes.
//
// What is promised (docs/writing.md has it in full):
//
//   - What Nix defines is left alone: a change that Nix would overrule, or that would break the clan because clan
//     takes a value from one place only, is a [*ReadOnlyError] with the position of the definition.
//   - Nothing is written that adds an error to the clan, and nothing that would have no effect.
//   - The file is the old one or the new one at any moment, never something between.
//   - Two writers never lose a change: a file that is no longer what was read is an [ErrConflict], and so is any other
//     that the check read.
//   - What is not changed keeps its bytes: order, indentation, unknown names, digits of numbers.
package store
