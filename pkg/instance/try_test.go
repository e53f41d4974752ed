package instance

import (
	"encoding/json"
	"fmt"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"os"
	"testing"
)

func TestTry(t *testing.T) {
	ref, err := nixeval.ResolveRef(os.Getenv("FLAKE"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	nix := os.Getenv("NIX")
	if nix == "" {
		nix = "/var/tmp/modern-nix/bin/nix"
	}
	e := nixeval.Evaluator{Nix: nix, Offline: true, OnCommand: func([]string) { n++ }}
	inv, err := Load(t.Context(), ref, Config{Evaluator: e})
	if inv == nil {
		fmt.Println("ERR", err, n)
		return
	}
	for _, f := range inv.Findings {
		fmt.Println(f.String(), "\n  hint:", f.Hint())
	}
	fmt.Println("processes", n, "partial", inv.Partial(), "machines", sortedKeys(inv.Machines), inv.Unknown)
	for _, k := range sortedKeys(inv.Instances) {
		if len(k) > 1 && k[0] == 'g' && k != "good" {
			continue
		}
		i := inv.Instances[k]
		for _, r := range sortedKeys(i.Roles) {
			ro := i.Roles[r]
			fmt.Println("  ", k, i.Module.Resolved, r, ro.SettingsFrom, sortedKeys(ro.Machines))
			for _, m := range sortedKeys(ro.Machines) {
				if s := ro.Machines[m].Settings; s != nil {
					b := string(s.JSON())
					if len(b) > 90 {
						b = b[:90]
					}
					fmt.Println("      ", m, b)
				}
			}
		}
	}
	b, err := json.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	var back Inventory
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	b2, err := json.Marshal(&back)
	if string(b) != string(b2) || err != nil {
		t.Error("differs", err, string(b), "\n", string(b2))
	}
}
