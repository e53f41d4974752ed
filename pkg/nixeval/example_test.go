package nixeval_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// fleet is a flake with three nixosConfigurations.
const fleet = "path:./testdata/fleet"

// List the machines of a flake.
func ExampleEval() {
	names, err := nixeval.Eval[[]string](context.Background(), fleet, nixeval.Attr("nixosConfigurations").Names())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(names)
	// Output: [db old web.example.org]
}

// Read one option of every machine, several at once.
func ExampleEach() {
	ctx := context.Background()
	names, err := nixeval.Eval[[]string](ctx, fleet, nixeval.Attr("nixosConfigurations").Names())
	if err != nil {
		log.Fatal(err)
	}
	var paths []nixeval.Path
	for _, name := range names {
		paths = append(paths, nixeval.Attr("nixosConfigurations", name, "config", "services", "openssh", "enable"))
	}
	for sshd, err := range nixeval.Each[bool](ctx, fleet, paths) {
		machine := sshd.Path.Segments[1]
		if err != nil {
			fmt.Println(machine, "does not evaluate") // the others do
			continue
		}
		fmt.Println(machine, sshd.Value)
	}
	// Unordered output:
	// db false
	// old does not evaluate
	// web.example.org true
}

// Say where an error is.
func ExampleError() {
	_, err := nixeval.Eval[bool](context.Background(), fleet,
		nixeval.Attr("nixosConfigurations", "old", "config", "services", "openssh", "enable"))
	var failed *nixeval.Error
	if errors.As(err, &failed) {
		at, _ := failed.Position()
		fmt.Printf("%s:%d: %s\n", at.File, at.Line, failed.Message)
	}
	_, err = nixeval.Eval[bool](context.Background(), fleet, nixeval.Attr("nixosConfigurations", "bd"))
	if errors.Is(err, nixeval.ErrMissing) && errors.As(err, &failed) {
		fmt.Println(failed.Hint)
	}
	// Output:
	// flake.nix:8: sshd was removed here
	// did you mean db?
}

// Apply a function of one's own. Names go into the arguments, never into its text.
func ExampleApply() {
	type machine struct{ Name, Version string }
	newer, err := nixeval.Apply[[]machine](context.Background(), fleet, `flake: { than }:
		builtins.filter (m: builtins.compareVersions m.version than > 0)
			(builtins.attrValues (builtins.mapAttrs
				(name: nixos: { inherit name; version = nixos.config.system.stateVersion; }) flake.nixosConfigurations))`,
		map[string]any{"than": "24.05"})
	fmt.Println(newer, err)
	// Output: [{web.example.org 25.11}] <nil>
}

// A file that is no flake, with arguments; the system is the caller's to say.
func ExampleFile() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	text := `{ system ? builtins.currentSystem, replicas }: { name = "web-${system}"; replicas = replicas + 1; }`
	if err := os.WriteFile(filepath.Join(dir, "deploy.nix"), []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	file := nixeval.File(filepath.Join(dir, "deploy.nix"), map[string]any{"system": "x86_64-linux", "replicas": 2})
	deploy, err := nixeval.Eval[struct {
		Name     string
		Replicas int
	}](context.Background(), file, nixeval.Attr())
	fmt.Println(deploy, err)
	// Output: {web-x86_64-linux 3} <nil>
}

// A controller asks again and again. With a cache, a flake that did not change costs no Nix process.
func Example_controller() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	write := func(replicas int) {
		text := fmt.Sprintf("{ outputs = _: { replicas = %d; }; }", replicas)
		if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	write(2)
	cache, err := os.MkdirTemp("", "example-cache-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(cache)

	processes, running := 0, 0
	nix := nixeval.Evaluator{Dir: dir, CacheDir: cache, OnCommand: func([]string) { processes++ }}
	for tick := range 4 { // for range time.Tick(time.Minute)
		want, err := nixeval.Eval[int](context.Background(), "path:.", nixeval.Attr("replicas"), nix)
		switch {
		case err != nil:
			fmt.Println("keep what runs:", err)
		case want != running:
			fmt.Printf("scale from %d to %d\n", running, want)
			running = want
		}
		if tick == 1 {
			write(3)
		}
	}
	fmt.Println(processes, "Nix processes")
	// Output:
	// scale from 0 to 2
	// scale from 2 to 3
	// 2 Nix processes
}

// The lower level: a function in files of its own, all that Nix said besides, and how the answer was had.
func ExampleEvaluator_Apply() {
	evaluator := nixeval.Evaluator{Offline: true}
	double := nixeval.Function{Name: "double.nix",
		Source: "flake: args: { machines = builtins.attrNames flake.nixosConfigurations; twice = 2 * args; }"}
	ref, err := nixeval.ResolveRef(fleet)
	if err != nil {
		log.Fatal(err)
	}
	result, err := evaluator.Apply(context.Background(), ref, double, 21)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.TrimSpace(string(result.Value)), len(result.Events))
	// Output:
	// {"machines":["db","old","web.example.org"],"twice":42} 0
}
