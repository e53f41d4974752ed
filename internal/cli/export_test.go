package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// watchedClan is a clan of one machine, whose address in a network is a var.
const watchedClan = `{ outputs = _: { clan = {
	clanInternals = { }; directory = ./.; _services.allServices = { };
	inventory = { machines.m = { DEPLOY }; instances = { }; };
	exports."s:i::".networking = { priority = 1; module = "clan_lib.network.direct"; };
	exports."s:i:r:m".peer = { port = 22; hosts = [ { var = { machine = "m"; generator = "g"; file = "ip"; }; } ]; };
}; }; }`

// A file that is watched is written anew when a machine is reached otherwise, also where a var was generated; while the
// clan does not evaluate it stays.
func TestExportWatch(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, nix := range nixes.Programs(t)[:1] {
		top := t.TempDir()
		clan, file := filepath.Join(top, "clan"), filepath.Join(top, "ssh_config")
		write := func(name, text string) {
			t.Helper()
			path := filepath.Join(clan, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		written := func() string {
			t.Helper()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		contains := func(text string) {
			t.Helper()
			for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(written(), text); {
				if time.Now().After(deadline) {
					t.Fatalf("the file does not say %s:\n%s", text, written())
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
		target := func(host string) { write("flake.nix", strings.Replace(watchedClan, "DEPLOY", host, 1)) }
		target("")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var stderr seen
		ended := make(chan int, 1)
		go func() {
			ended <- Run(ctx, []string{"clanctl", "export", "ssh-config", "--watch", "-o", file, "--flake", clan,
				"--nix", nix}, &bytes.Buffer{}, &stderr)
		}()
		stderr.await(t, "left out: m: nothing reaches it: vars/per-machine/m/g/ip is not generated yet")
		write("vars/per-machine/m/g/ip/value", "192.0.2.1\n")
		contains("HostName 192.0.2.1\n")
		stderr.await(t, "exports peer.hosts", "192.0.2.1")
		target(`deploy.targetHost = "a@b.example";`)
		contains("HostName b.example\n")
		target("deploy.targetHost = ")
		stderr.await(t, "the clan does not evaluate")
		if !strings.Contains(written(), "HostName b.example\n") {
			t.Errorf("the file did not stay: %s", written())
		}
		target("")
		contains("HostName 192.0.2.1\n")
		cancel()
		if code := <-ended; code != exitInterrupted {
			t.Errorf("exit code %d", code)
		}
		if left, _ := filepath.Glob(filepath.Join(top, ".*ssh_config*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
