// Package nixeval runs Nix: it applies a Nix function to a flake with `nix eval --json` and returns the JSON, or an error
// that keeps everything that Nix said.
//
// It knows nothing of clans. One call of [Evaluator.Apply] is one Nix process, in a process group of its own, which is
// interrupted and then killed when the context ends. The flake is never written to: no lock file, no accepted nixConfig, no
// --impure and no import-from-derivation unless the caller asks for them.
//
// Nix has no terminal, so that nothing below it can ask for a password and wait. Of the caller's environment it gets what it and the
// fetchers need; all of it where an impure evaluation is asked for. It ends with the process that called, even if that is killed (Linux).
// If its own database is busy it is asked again, some seconds long; no other failure is tried twice.
//
// The zero [Evaluator] works: it runs the `nix` of PATH. An Evaluator holds configuration only, Apply never changes it, and
// any number of goroutines may share one.
package nixeval
