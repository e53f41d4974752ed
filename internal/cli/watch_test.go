package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// seen collects what a command prints, and waits for it.
type seen struct {
	mutex sync.Mutex
	text  bytes.Buffer
	from  int
}

func (s *seen) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(p)
}

// rest is what was printed since the last call.
func (s *seen) rest() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	text := s.text.String()[s.from:]
	s.from += len(text)
	return text
}

// await waits until all of the texts were printed, and forgets them and what is before.
func (s *seen) await(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			s.mutex.Lock()
			at := strings.Index(s.text.String()[s.from:], text)
			if at >= 0 {
				s.from += at + len(text)
			}
			printed := s.text.String()
			s.mutex.Unlock()
			if at >= 0 {
				break
			}
			if time.Since(start) > 30*time.Second {
				t.Fatalf("waited for %q, but there is\n%s", text, printed)
			}
		}
	}
}

func TestWatch(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIP: no git")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, nix := range nixes.Programs(t) {
		t.Run(nixes.Version(t, nix), func(t *testing.T) { testWatch(t, nix) })
	}
}

// quiet is how long the watch waits for further changes.
const quiet = 30 * time.Millisecond

func testWatch(t *testing.T, nix string) {
	top := t.TempDir()
	clan, services := filepath.Join(top, "clan"), filepath.Join(top, "services")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		// As editors do.
		if err := os.WriteFile(path+"~", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+"~", path); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git",
			append([]string{"-C", clan, "-c", "user.name=a", "-c", "user.email=a@example.org"},
				args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	inventory := func(settings string) {
		t.Helper()
		write("clan/inventory.nix",
			`{ machines.laptop = { }; machines.box = { }; instances.i = { module = { name = "x"; input = "services"; };
			roles.r.machines.laptop.settings = `+settings+`; roles.r.machines.box = { }; }; }`)
	}
	write("services/flake.nix", "{ outputs = _: { clan.modules.x.roles.r.description = \"one\"; }; }")
	write("clan/flake.nix",
		`{ inputs.services.url = "path:`+services+`"; outputs = _: { inventory = import ./inventory.nix; }; }`)
	inventory("{ k = 1; }")
	git("init", "-q")
	git("add", "-A")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout, stderr seen
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"clanctl", "eval", "--watch", "--flake", clan, "--nix", nix, "-r", "--jq",
			`"settings \(.instances.i.roles.r.machines.laptop.settings)"`}, &stdout, &stderr)
	}()
	stdout.await(t, `settings {"k":1}`)

	// What changed is said on standard error, the document printed anew.
	inventory("{ k = 2; }")
	stdout.await(t, `settings {"k":2}`)
	stderr.await(t, "the clan changed", "changed  i r    k     1    2    laptop", "through others  box")

	// A state that is broken in between.
	inventory("{ k = ")
	stderr.await(t, "the clan does not evaluate", "syntax error")
	inventory("{ k = throw \"no\"; }")
	stdout.await(t, "settings {}")
	inventory("{ k = 3; }")
	stdout.await(t, `settings {"k":3}`)

	// Many edits in a row are one, or a few.
	stdout.rest()
	for range 30 {
		inventory("{ k = 4; }")
		inventory("{ k = 5; }")
		time.Sleep(10 * time.Millisecond)
	}
	inventory("{ k = 6; }")
	stdout.await(t, `settings {"k":6}`)
	if n := strings.Count(stdout.rest(), "settings"); n > 0 {
		t.Errorf("%d more documents after the last edit", n)
	}

	// A file in a directory that was not there; git has to know it. Nix 2.8 takes no other.
	write("clan/new/settings.nix", "{ k = 7; }")
	git("add", "-A")
	inventory("import ./new/settings.nix")
	stdout.await(t, `settings {"k":7}`)
	write("clan/new/settings.nix", "{ k = 8; }")
	stdout.await(t, `settings {"k":8}`)

	// An input outside of the flake.
	stderr.rest()
	write("services/flake.nix", "{ outputs = _: { clan.modules.x.roles.r.description = \"two\"; }; }")
	stderr.await(t, "the clan changed", `module roles.r.description  "one"  "two"`)

	// What changes nothing prints nothing.
	time.Sleep(5 * quiet)
	stdout.rest()
	stderr.rest()
	write("clan/untracked", "")
	write("clan/flake.nix",
		"# A comment.\n"+`{ inputs.services.url = "path:`+services+
			`"; outputs = _: { inventory = import ./inventory.nix; }; }`)
	time.Sleep(20 * quiet)
	if text := stdout.rest() + stderr.rest(); text != "" {
		t.Errorf("nothing changed, but it printed %s", text)
	}

	cancel()
	select {
	case code := <-ended:
		if code != exitInterrupted {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	if text := stdout.rest() + stderr.rest(); text != "" {
		t.Errorf("last words: %s", text)
	}
}

// A watch that cannot begin ends at once.
func TestWatchNothing(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, nix := range nixes.Programs(t)[:1] {
		dir := t.TempDir()
		var stderr bytes.Buffer
		for _, test := range []struct {
			flake, nix string
			code       int
			says       string
		}{
			{"github:example/clan", nix, exitUsage, "a local directory"},
			{dir, nix, exitFailed, "there is no flake.nix"},
			{"../../examples/homelab", "/nowhere/nix", exitFailed, "cannot find Nix"},
		} {
			stderr.Reset()
			code := Run(t.Context(), []string{"clanctl", "check", "--watch", "--flake", test.flake, "--nix", test.nix},
				&bytes.Buffer{}, &stderr)
			if code != test.code || !strings.Contains(stderr.String(), test.says) {
				t.Errorf("%s: exit code %d\n%s", test.flake, code, stderr.String())
			}
		}
	}
}

// TestWatchCheck counts what a watch prints when an edit breaks something: each finding once, on an empty screen of a
// terminal.
func TestWatchCheck(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TERM", "xterm")
	for _, onTerminal := range []bool{false, true} {
		clan := t.TempDir()
		write := func(roles string) {
			t.Helper()
			text := `{ outputs = _: { inventory = { machines.m = { }; instances.i.roles = { ` + roles + ` }; }; }; }`
			if err := os.WriteFile(filepath.Join(clan, "flake.nix"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		nix := nixes.Programs(t)[0] // here, where it may skip the test
		write("r.machines.m = { };")
		var printed seen
		var out io.Writer = &printed
		if onTerminal {
			screen, terminal, err := pty.Open()
			if err != nil {
				t.Skipf("SKIP: no terminal to test with: %v", err)
			}
			defer screen.Close()
			defer terminal.Close()
			// So wide that no line is wrapped, however long the clan's path is.
			if err := pty.Setsize(screen, &pty.Winsize{Rows: 50, Cols: 400}); err != nil {
				t.Fatal(err)
			}
			go io.Copy(&printed, screen) //nolint:errcheck // it ends when the terminal is closed
			out = terminal
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan int, 1)
		go func() {
			ended <- Run(ctx, []string{"clanctl", "check", "--watch", "--flake", clan, "--nix", nix}, out, out)
		}()
		printed.await(t, "watching "+clan, "Ctrl-C")
		write("r.machines.m = { }; s.machines.gone = { };")
		printed.await(t, "the clan changed")
		printed.from = 0
		printed.await(t, "[unknown-machine]")
		time.Sleep(5 * quiet)
		printed.from = 0
		text := printed.rest()
		if n := strings.Count(text, "[unknown-machine]"); n != 1 {
			t.Errorf("the finding is printed %d times:\n%s", n, text)
		}
		if n := strings.Count(text, "\x1b[2J"); onTerminal && n != 2 || !onTerminal && n != 0 {
			t.Errorf("the screen is cleared %d times, terminal: %t:\n%q", n, onTerminal, text)
		}
		if n := strings.Count(text, "press Ctrl-C"); onTerminal && n != 2 || !onTerminal && n != 1 {
			t.Errorf("it says %d times how to stop, terminal: %t:\n%s", n, onTerminal, text)
		}
		cancel()
		if code := <-ended; code != exitInterrupted {
			t.Errorf("exit code %d", code)
		}
	}
}
