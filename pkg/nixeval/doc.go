// Package nixeval asks Nix from Go: values of a flake, a Nix file or an expression, as Go types, with `nix eval --json`
// underneath.
//
// What people do with it:
//
//	names, err := nixeval.Eval[[]string](ctx, ".", nixeval.Attr("nixosConfigurations").Names())
//
//	version, err := nixeval.Eval[string](ctx, "github:me/fleet",
//		nixeval.Attr("nixosConfigurations", host, "config", "system", "stateVersion"))
//
//	for option, err := range nixeval.Each[bool](ctx, ".", paths) { ... } // many at once; each error belongs to its own path
//
// [Apply] applies a Nix function to a flake, with arguments as data. [Evaluator] says how Nix is run; the zero one runs
// the nix of PATH. Package nixevaltest has evaluators for tests.
//
// What is promised: names and values never become Nix code. The flake is never written to: no lock file, no nixConfig
// accepted. Nothing is built, and the evaluation is pure, unless the evaluator says otherwise. Nix runs in a process
// group of its own: when the context ends it is interrupted and then killed, with all below it, and it does not outlive
// this program (Linux). It has no terminal, and of the environment only what it needs. A busy database of Nix's is
// asked again for some seconds; no other failure is tried twice. Nothing is kept between calls unless
// [Evaluator.CacheDir] is set.
//
// An error is an [*Error]: its kind ([ErrMissing], [ErrEvaluation], ...), Nix's message as it is, the place in the
// user's own file, the frames of the trace.
//
// Any number of goroutines may share an Evaluator. It needs Nix 2.8 or later; docs/how-to/from-exec.md lists the
// versions that were tested, and shows how to move from os/exec.
package nixeval
