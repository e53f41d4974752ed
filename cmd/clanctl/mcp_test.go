package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// agent is a client of a real `clanctl mcp`, by the protocol's own library.
type agent struct {
	*testing.T
	session *mcp.ClientSession
}

func startAgent(t *testing.T, nix, dir string, flags ...string) *agent {
	t.Helper()
	cmd := exec.Command(clanctl, append([]string{"mcp", "--nix", nix, "--offline"}, flags...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(),
		&mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return &agent{t, session}
}

// ask calls a tool; the text begins with "failed: " where the tool says that it did.
func (a *agent) ask(tool string, args map[string]any) string {
	a.Helper()
	result, err := a.session.CallTool(context.Background(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return "error: " + err.Error()
	}
	var texts []string
	for _, content := range result.Content {
		texts = append(texts, content.(*mcp.TextContent).Text)
	}
	if text := strings.Join(texts, "\n"); result.IsError {
		return "failed: " + text
	} else {
		return text
	}
}

func TestAgent(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		commitAll(t, dir)
		a := startAgent(t, nix, dir)
		tried := map[string]bool{}
		for _, test := range []struct {
			tool, args, want string
		}{
			{"machines", `{}`, `"attic"`},
			{"machines", `{"names": ["travel"]}`, `"settings"`},
			{"machines", `{"on": "@laptops"}`, `"studio"`},
			{"machines", `{"names": ["--help"]}`, `failed: clanctl: the clan has no machine "--help"`},
			{"instances", `{"service": "borg"}`, `"backup-offsite"`},
			{"tags", `{"names": ["backup"]}`, `"cellar"`},
			{"why",
				`{"instance": "backup-nightly", "role": "client", "machine": "travel", "setting": "keep.daily"}`,
				`"value": 14`},
			{"why", `{"instance": "backup-nightly", "role": "client", "machine": "tarvel"}`, "failed: clanctl: "},
			{"why", `{"instance": "backup-nightly"}`, "missing properties"},
			{"check", `{"severity": "note"}`, `"findings"`},
			{"check", `{"severity": "none"}`, "failed: clanctl: --severity is error, warning or note"},
			{"explain", `{"codes": ["unknown-machine"]}`, "unknown-machine"},
			{"schema", `{"module": "backup-nightly", "role": "client"}`, `"$schema"`},
			{"modules", `{}`, `"status-page"`},
			{"modules_show", `{"module": "services#borg"}`, `"roles"`},
			{"diff", `{}`, `"affected"`},
			{"diff", `{"exports": true}`, "exports were not compared"},
			{"diff", `{"old": "github:a/b"}`, "failed: \"github:a/b\" is not a git revision"},
			{"diff", `{"old": "nixpkgs?dir=lib"}`, "failed: \"nixpkgs?dir=lib\" is not a git revision"},
			{"exports", `{}`, "exports"},
			{"reach", `{"machines": ["attic"]}`, "attic.home.arpa"},
			{"set",
				`{"instance": "backup-nightly", "role": "client", "machine": "travel", "settings": ["keep.daily=1"]}`,
				"failed: clanctl: "},
			{"unset", `{"instance": "none", "role": "client", "settings": ["keep"]}`, "failed: clanctl: "},
			{"roles_add", `{"instance": "sshd", "role": "server", "members": ["studio"]}`, `"studio"`},
			{"roles_add", `{"instance": "sshd", "role": "server", "members": ["studio"], "write": true}`,
				"failed: this server does not write"},
			{"roles_remove", `{"instance": "sshd", "role": "server", "members": ["attic"]}`, "failed: clanctl: "},
			{"tags_add", `{"tag": "web", "machines": ["attic"]}`, "attic"},
			{"tags_remove", `{"tag": "web", "machines": ["cellar"]}`, "failed: clanctl: "},
			{"instances_create",
				`{"name": "more", "module": "services#borg", "roles": ["server=cabin", "client=@laptops"]}`,
				`"more"`},
			{"instances_delete", `{"name": "sshd"}`, "failed: clanctl: "},
			{"no_such_tool", `{}`, "error: "},
		} {
			tried[test.tool] = true
			var args map[string]any
			if err := json.Unmarshal([]byte(test.args), &args); err != nil {
				t.Fatal(err)
			}
			if got := a.ask(test.tool, args); !strings.Contains(got, test.want) ||
				strings.HasPrefix(got, "failed") != strings.HasPrefix(test.want, "failed") &&
					test.want != "missing properties" {
				t.Errorf("%s %s: got %.600s", test.tool, test.args, got)
			}
		}
		tools, err := a.session.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, tool := range tools.Tools {
			if !tried[tool.Name] || tool.Description == "" || !tool.Annotations.ReadOnlyHint {
				t.Errorf("%s: %+v", tool.Name, tool)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "inventory.json")); err == nil {
			t.Error("something was written")
		}

		// Many at once.
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := a.ask("instances", nil); !strings.Contains(got, "backup-offsite") {
					t.Errorf("got %.200s", got)
				}
			})
		}
		all.Wait()

		// Writing, where the user allows it.
		w := startAgent(t, nix, dir, "--allow-writes")
		if got := w.ask("roles_add",
			map[string]any{"instance": "sshd", "role": "server", "members": []string{"studio"},
				"write": true}); strings.HasPrefix(got, "failed") {
			t.Error(got)
		}
		text, err := os.ReadFile(filepath.Join(dir, "inventory.json"))
		if err != nil || !strings.Contains(string(text), "studio") {
			t.Errorf("%v: %s", err, text)
		}
		if got := w.ask("roles_add",
			map[string]any{"instance": "sshd", "role": "sever", "members": []string{"studio"},
				"write": true}); !strings.HasPrefix(got, "failed") {
			t.Error(got)
		}
	})
}

// What is too much to read is not cut, but refused with a way out.
func TestAgentBounded(t *testing.T) {
	dir := t.TempDir()
	text := fmt.Sprintf(`{ outputs = _: { inventory = { instances = { }; machines = builtins.listToAttrs (builtins.genList (i: { name = "machine-${toString i}"; value = { description = "%s"; }; }) 1000); }; }; }`,
		strings.Repeat("long ", 20))
	if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := startAgent(t, nixes.Programs(t)[0], dir)
	if got := a.ask("machines", nil); !strings.HasPrefix(got, "failed: the answer has ") {
		t.Errorf("got %.300s", got)
	}
	if got := a.ask("machines", map[string]any{"names": []string{"machine-7"}}); !strings.Contains(got, "machine-7") {
		t.Errorf("got %.300s", got)
	}
}

// A client that does not speak the protocol gets no answer that it could take for one, and the server ends with it.
func TestAgentNonsense(t *testing.T) {
	for _, input := range []string{"", "\n", "nonsense\n", "[1, 2]\n", "{}\n",
		`{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "set"}}` + "\n",
		strings.Repeat("x", 1<<20)} {
		cmd := exec.Command(clanctl, "mcp", "--flake", "../../examples/homelab")
		cmd.Stdin = strings.NewReader(input)
		out, _ := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); !slices.Contains([]int{0, 1}, code) {
			t.Errorf("%.40q: exit code %d: %s", input, code, out)
		}
		if strings.Contains(string(out), `"result"`) {
			t.Errorf("%.40q: %s", input, out)
		}
	}
}

// A client that misbehaves hurts nobody but itself: what it asks wrongly is refused, nothing is written, and who asks rightly is answered.
func TestAgentMisbehaves(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		home := t.TempDir()
		cmd := exec.Command(clanctl, "mcp", "--nix", nix, "--offline")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=0")
		in, inErr := cmd.StdinPipe()
		out, outErr := cmd.StdoutPipe()
		if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		send := func(lines ...string) {
			for _, line := range lines {
				if _, err := io.WriteString(in, line+"\n"); err != nil {
					t.Error(err)
				}
			}
		}
		type answer struct {
			ID     json.RawMessage
			Error  *struct{ Message string }
			Result *struct {
				IsError bool
				Content []struct{ Text string }
			}
		}
		answers := make(chan answer, 1000)
		go func() {
			defer close(answers)
			for decoder := json.NewDecoder(out); ; {
				var a answer
				if decoder.Decode(&a) != nil {
					return
				}
				answers <- a
			}
		}()
		call := func(id int, tool, args string) string {
			return fmt.Sprintf(`{"jsonrpc": "2.0", "id": %d, "method": "tools/call", "params": {"name": %q, "arguments": %s}}`, id, tool, args)
		}
		send(`{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}`,
			`{"jsonrpc": "2.0", "method": "notifications/initialized"}`)
		refused := map[int]string{
			10: call(10, "no_such_tool", `{}`),
			11: call(11, "machines", `{"names": 7}`),
			12: call(12, "machines", `[]`),
			13: call(13, "machines", `{"names": ["attic"], "flake": "/etc"}`),
			14: call(14, "roles_add", `{"instance": "sshd", "role": "server", "members": ["studio"], "write": "true"}`),
			15: call(15, "roles_add", `{"instance": "sshd", "role": "server", "members": ["studio"], "write": true}`),
			16: call(16, "machines", `{"names": ["`+strings.Repeat("a", 1<<20)+`"]}`),
			17: `{"jsonrpc": "2.0", "id": 17, "method": "tools/call", "params": {"name": 1}}`,
			18: `{"jsonrpc": "2.0", "id": 18, "method": "no/such"}`,
			19: call(19, "diff", `{"old": "--output=/tmp/x"}`),
			20: call(20, "schema", `{"module": "--help"}`),
		}
		for _, line := range refused {
			send(line)
		}
		const many = 100
		for i := range many {
			send(call(100+i, "instances", `{}`))
		}
		send(`{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 100, "reason": {}}}`,
			`{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99999}}`,
			`{"jsonrpc": "2.0", "id": 77777, "result": {}}`)
		seen := map[string]answer{}
		timeout := time.After(2 * time.Minute)
		for len(seen) < 1+len(refused)+many-1 {
			select {
			case a, open := <-answers:
				if !open {
					t.Fatal("it ended")
				}
				if _, twice := seen[string(a.ID)]; twice {
					t.Errorf("%s is answered twice", a.ID)
				}
				if string(a.ID) != "100" { // it may be given up
					seen[string(a.ID)] = a
				}
			case <-timeout:
				t.Fatalf("%d answers", len(seen))
			}
		}
		for id := range refused {
			if a := seen[fmt.Sprint(id)]; a.Error == nil && (a.Result == nil || !a.Result.IsError) {
				t.Errorf("%d: %+v", id, a)
			}
		}
		for i := 1; i < many; i++ {
			if a := seen[fmt.Sprint(100+i)]; a.Result == nil || a.Result.IsError || !strings.Contains(a.Result.Content[0].Text, "backup-offsite") {
				t.Errorf("%d: %+v", 100+i, a)
			}
		}
		send(`{"jsonrpc": "2.0", "id": `) // and it goes in the middle of a message
		_ = in.Close()
		for range answers {
		}
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(dir, "inventory.json")); err == nil {
			t.Error("something was written")
		}
		for _, process := range processesOf(home) {
			t.Errorf("left is %s", process)
		}
	})
}
