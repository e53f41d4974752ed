// Package diff tells what changed in a fleet between two inventories: instances and their modules, who joined or left a
// role and why, settings by path, tags, machines and findings; and which machines are affected. It is pure.
//
// It sees what an inventory says: two clans without a difference can still build different machines, where a module's
// code, an input or a machine's own configuration changed.
package diff
