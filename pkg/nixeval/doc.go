// Package nixeval runs Nix: it applies a Nix function to a flake with `nix eval --json` and returns the JSON, or an error
// that keeps everything that Nix said.
//
// It knows nothing of clans. One call of [Evaluator.Apply] is one Nix process, in a process group of its own, which is
// interrupted and then killed when the context ends. The flake is never written to: no lock file, no accepted nixConfig, no
// --impure and no import-from-derivation unless the caller asks for them.
//
// The zero [Evaluator] works: it runs the `nix` of PATH. An Evaluator holds configuration only, Apply never changes it, and
// any number of goroutines may share one.
package nixeval
