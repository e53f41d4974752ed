package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// An ignore in the policy file: the fix creates the file, and adds to it. It counts before it is saved, and whether git tracks it or not.
func TestEditorPolicy(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		commitAll(t, dir)
		e, path, text := editInventory(t, nix, dir)
		policy := filepath.Join(dir, ".clanctl.json")
		wrong := strings.Replace(text, "server.machines.cabin.settings", "server.machines.cabn.settings", 1)
		const title = "ignore unknown-machine in .clanctl.json, with a reason"

		e.change(path, wrong)
		found := e.await(path, "unknown-machine")
		changes := e.action(path, found[0].Range, title).Edit.DocumentChanges
		if len(changes) != 2 || changes[0].Kind != "create" || changes[0].URI != "file://"+policy ||
			changes[1].TextDocument.URI != "file://"+policy || changes[1].TextDocument.Version != nil {
			t.Fatalf("the changes are %+v", changes)
		}
		ignored := applied("", changes[1].Edits)
		e.show(policy, ignored) // and not saved
		e.await(path)

		// Now that there is a file, another goes into it; what is wrong in it is shown there.
		e.change(path, strings.Replace(wrong, "name = \"status-page\"", "name = \"status-pag\"", 1))
		found = e.await(path, "unknown-module")
		changes = e.action(path, found[0].Range, "ignore unknown-module in .clanctl.json, with a reason").Edit.DocumentChanges
		if len(changes) != 1 || changes[0].TextDocument.Version == nil {
			t.Fatalf("the changes are %+v", changes)
		}
		both := applied(ignored, changes[0].Edits)
		if strings.Count(both, "(say why)") != 2 || !strings.HasPrefix(both, ignored[:strings.Index(ignored, "\n  ]")]) {
			t.Errorf("the policy is %s", both)
		}
		e.change(policy, both)
		e.await(path)
		e.change(policy, strings.Replace(both, "reason", "raeson", 1))
		if found = e.await(policy, ""); !strings.Contains(found[0].Message, "raeson") || found[0].Range.Start.Line != 2 {
			t.Errorf("found is %+v", found)
		}
		e.change(policy, both)
		e.await(policy)
		e.finish()
	})
}

// What others do to files is seen without a word from the editor: a checkout, a command, an ignored file of the policy.
func TestEditorWatches(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		commitAll(t, dir)
		path, flake := filepath.Join(dir, "inventory.nix"), filepath.Join(dir, "flake.nix")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		run := func(name string, args ...string) {
			t.Helper()
			cmd := exec.Command(name, args...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
		}
		e := startEditor(t, nix)
		e.open(flake)
		e.await(flake)
		wrong := strings.Replace(string(content), "server.machines.cabin.settings", "server.machines.cabn.settings", 1)
		write(t, path, wrong)
		e.await(path, "unknown-machine")
		run("git", "checkout", "-q", "inventory.nix")
		e.await(path)
		run(clanctl, "instances", "create", "labtops", "--module", "services#sshd", "--role", "server=cellar", "--nix", nix, "--offline")
		persisted := filepath.Join(dir, "inventory.json")
		text, err := os.ReadFile(persisted)
		if err != nil {
			t.Fatal(err)
		}
		write(t, persisted, strings.Replace(string(text), `"cellar"`, `"cellr"`, 1))
		e.await(flake, "unknown-machine")
		write(t, filepath.Join(dir, ".clanctl.json"), `{"ignore": [{"code": "unknown-machine", "reason": "it comes in May"}]}`)
		e.await(flake)
		e.finish()
	})
}
