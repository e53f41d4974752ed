package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func main() {
	n := 0
	c := instance.Config{Evaluator: nixeval.Evaluator{Nix: os.Getenv("NIX"), Offline: true, OnCommand: func([]string) { n++ }}}
	q := instance.ModuleQuery{Interfaces: os.Getenv("I") != "", ByInstance: os.Getenv("B") != "", Of: os.Args[2:]}
	m, err := instance.LoadModules(context.Background(), os.Args[1], c, q)
	fmt.Fprintln(os.Stderr, n, "processes; error:", err)
	if h, ok := err.(interface{ Hint() string }); ok {
		fmt.Fprintln(os.Stderr, h.Hint())
	}
	if m != nil {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", " ")
		e.Encode(m)
	}
}
