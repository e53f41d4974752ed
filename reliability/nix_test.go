package reliability

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// soon is how long clanctl may take to end when it is told to.
const soon = 15 * time.Second

var nixFaults = []fault{
	{name: "an evaluation without end, `--timeout 1s`", with: realNix,
		outcome: "exit code 1, \"did not finish in time\"", try: func(a *attempt) {
			begin := time.Now()
			r := a.run("eval", "--flake",
				a.clan(`{ inventory.machines.a.tags = [ `+endless+` ]; inventory.instances = { }; }`), "--timeout",
				"1s")
			a.took = time.Since(begin) - time.Second
			a.expect(r, 1, `^clanctl: Nix did not finish in time\n`)
			a.inTime()
		}},
	{name: "Ctrl-C", with: realNix, outcome: "exit code 130", try: signalled(syscall.SIGINT)},
	{name: "SIGTERM", with: realNix, outcome: "exit code 130", try: signalled(syscall.SIGTERM)},
	{name: "the terminal is closed (SIGHUP)", with: realNix, outcome: "exit code 130", try: signalled(syscall.SIGHUP)},
	{name: "Ctrl-C twice", with: realNix, outcome: "clanctl ends at once, and Nix with it (Linux)",
		try: func(a *attempt) {
			if runtime.GOOS != "linux" {
				a.Skip("SKIP: only Linux kills a child with its parent")
			}
			cmd := a.startEndless()
			begin := time.Now()
			a.check(cmd.Process.Signal(syscall.SIGINT))
			time.Sleep(100 * time.Millisecond)
			_ = cmd.Process.Signal(syscall.SIGINT) // it may be gone
			_ = cmd.Wait()
			a.until("all processes are gone", func() bool { return len(a.processes()) == 0 })
			if a.took = time.Since(begin); a.took > 1900*time.Millisecond { // the grace is two seconds
				a.Errorf("it took %v", a.took)
			}
		}},
	{name: "clanctl itself is killed (SIGKILL)", with: realNix, outcome: "Nix ends, too (Linux)",
		try: func(a *attempt) {
			if runtime.GOOS != "linux" {
				a.Skip("SKIP: only Linux kills a child with its parent")
			}
			cmd := a.startEndless()
			begin := time.Now()
			a.check(cmd.Process.Kill())
			_ = cmd.Wait()
			a.until("all processes are gone", func() bool { return len(a.processes()) == 0 })
			a.took = time.Since(begin)
			a.inTime()
		}},
	{name: "Nix is killed while it evaluates an instance", with: realNix,
		outcome: "exit code 3: a finding for the instance, the others are shown", try: func(a *attempt) {
			flake := a.clan(`rec { inventory.machines.a = { }; clan.modules.x.roles.peer = { };
			inventory.instances.good = { module.name = "x"; roles.peer.machines.a = { }; };
			inventory.instances.bad = { module.name = ` + endless + `; roles.peer.machines.a = { }; }; }`)
			cmd := a.command("eval", "--flake", flake)
			wait, done := a.start(cmd), make(chan ran)
			go func() { done <- wait() }()
			// Whatever runs for half a second is killed, as the system does when memory is short.
			seen := map[int]time.Time{}
			for {
				select {
				case r := <-done:
					a.took = 0
					a.expect(r, 3, `Nix died: signal: killed`)
					if !strings.Contains(r.stdout, `"good": {`) || strings.Contains(r.stdout, `"bad": {`) {
						a.Errorf("the instances are not as they should be: %s", shorten(r.stdout))
					}
					return
				case <-time.After(20 * time.Millisecond):
				}
				for _, pid := range a.processes() {
					if first, known := seen[pid]; pid != cmd.Process.Pid {
						if !known {
							seen[pid] = time.Now()
						} else if time.Since(first) > 500*time.Millisecond {
							_ = syscall.Kill(pid, syscall.SIGKILL)
						}
					}
				}
			}
		}},
	{name: "Nix runs out of memory", with: realNix + " with 700 MB of address space",
		outcome: "an error that says so, or a finding for the part", try: func(a *attempt) {
			prlimit, err := exec.LookPath("prlimit")
			if err != nil {
				a.Skip("SKIP: no prlimit")
			}
			nix := a.script("limited", "exec "+prlimit+" --as=700000000 "+a.nix+` "$@"`)
			r := a.run("eval", "--nix", nix, "--flake", a.clan(`{ inventory.instances = { };
			inventory.machines.a.tags = [ (toString (builtins.length (builtins.filter (x: x.s == "x") (builtins.genList (i: { s = toString i; }) 50000000)))) ]; }`))
			if r.code != 1 && r.code != 3 {
				a.Errorf("exit code %d", r.code)
			}
			a.expect(r, r.code, `(?i)out of memory|Nix died`)
		}},
	{name: "Nix takes no notice of signals and has a child that holds its output, `--timeout 1s`", with: standIn,
		anyNix: true, outcome: "exit code 1, both are killed", try: func(a *attempt) {
			nix := a.script("nix",
				`trap '' INT TERM HUP; `+a.script("child", `trap '' INT TERM HUP; while :; do sleep 1; done`)+
					` & while :; do sleep 1; done`)
			begin := time.Now()
			r := a.run("eval", "--nix", nix, "--flake", a.clan(healthy), "--timeout", "1s")
			a.took = time.Since(begin) - time.Second
			a.expect(r, 1, `^clanctl: Nix did not finish in time\n`)
			a.inTime()
		}},
	{name: "Nix ends well, and leaves a child behind", with: standIn + ", and then Nix", anyNix: true,
		outcome: "the answer is right, the child is ended", try: func(a *attempt) {
			nix := a.script("nix", a.script("child", `while :; do sleep 1; done`)+` > /dev/null 2>&1 < /dev/null &
`+a.nix+` "$@"`)
			a.right(func() ran {
				return a.run("eval", "--nix", nix, "--flake", filepath.Join(a.dir, "clan"), "--no-cache", "--offline")
			}, "")
		}},
	{name: "a fetcher below Nix asks for a password on the terminal", with: standIn, anyNix: true,
		outcome: "it has no terminal, fails at once, and its message is shown", try: func(a *attempt) {
			nix := a.script("nix",
				`if read answer < /dev/tty; then echo '{}'; else echo "error: no password" >&2; exit 1; fi`)
			cmd := a.command("eval", "--nix", nix, "--flake", a.clan(healthy))
			begin := time.Now()
			terminal, err := pty.Start(cmd)
			a.check(err)
			defer terminal.Close()
			out := make(chan string)
			go func() { text, _ := io.ReadAll(terminal); out <- string(text) }()
			select {
			case text := <-out:
				if !strings.Contains(text, "no password") {
					a.Errorf("on the terminal is %q", text)
				}
			case <-time.After(soon):
				a.Errorf("it waits")
				_ = cmd.Process.Kill()
			}
			_ = cmd.Wait()
			a.took = time.Since(begin)
		}},
	{name: "Nix dies in the middle of its answer", with: standIn, anyNix: true, outcome: "exit code 1",
		try: func(a *attempt) {
			a.expect(a.run("eval", "--nix", a.script("nix", `printf '{"schema":1,"values":[{"layout"'; kill -SEGV $$`),
				"--flake", a.clan(healthy)), 1, `Nix died: signal: segmentation fault`)
		}},
	{name: "Nix ends well in the middle of its answer", with: standIn, anyNix: true, outcome: "exit code 1",
		try: func(a *attempt) {
			a.expect(a.run("eval", "--nix", a.script("nix", `printf '{"schema":1,"values":[{"layout"'`), "--flake",
				a.clan(healthy)), 1, `printed invalid JSON`)
		}},
	{name: "Nix prints garbage", with: standIn, anyNix: true,
		outcome: "exit code 1, the garbage's beginning is shown, escaped", try: func(a *attempt) {
			a.expect(a.run("eval", "--nix", a.script("nix", `printf '\033[31m\377\000garbage'`), "--flake",
				a.clan(healthy)), 1, `printed invalid JSON .*x1b\[31m`)
		}},
	{name: "Nix prints JSON of something else", with: standIn, anyNix: true, outcome: "exit code 1",
		try: func(a *attempt) {
			for _, text := range []string{`null`, `[]`, `{"schema":1}`, `{"schema":1,"values":[]}`,
				`{"schema":99,"values":[1]}`, `{"schema":1,"values":{}}`} {
				a.expect(a.run("eval", "--nix", a.script("nix", `echo '`+text+`'`), "--flake", a.clan(healthy)), 1,
					`reader`)
			}
		}},
	{name: "Nix prints 200 MB of garbage", with: standIn, anyNix: true, outcome: "exit code 1", try: func(a *attempt) {
		a.expect(a.run("eval", "--nix", a.script("nix", `head -c 200000000 /dev/zero`), "--flake", a.clan(healthy)), 1,
			`printed invalid JSON \(200000000 bytes`)
	}},
	{name: "Nix prints without end", with: standIn, anyNix: true, outcome: "exit code 1 at 512 MiB",
		try: func(a *attempt) {
			a.expect(a.run("eval", "--nix",
				a.script("nix", `trap "" PIPE; while :; do cat /dev/zero; done 2>/dev/null`), "--flake",
				a.clan(healthy)), 1, `Nix printed more than 512 MiB\n`)
		}},
	{name: "lines of 16 MB on standard error", with: realNix, outcome: "the answer is right", try: func(a *attempt) {
		r := a.run("eval", "--flake",
			a.clan(`let huge = builtins.foldl' (a: _: a + a) "0123456789abcdef" (builtins.genList (i: i) 20); in
			{ inventory.machines.a = builtins.trace huge (builtins.trace huge { }); inventory.instances = { }; }`),
			"--jq", ".machines | keys[]")
		a.expect(r, 0, "")
		if r.stdout != "\"a\"\n" {
			a.Errorf("got %s", r.stdout)
		}
	}},
	{name: "Nix is not there, a directory, a text file or a broken program", with: "no Nix", anyNix: true,
		outcome: "exit code 1, and what to do", try: func(a *attempt) {
			broken := a.write("broken", "\x7fELF, but not really")
			a.check(os.Chmod(broken, 0o755))
			for nix, says := range map[string]string{
				filepath.Join(a.dir, "nowhere"): "cannot find Nix.*\n  hint: install Nix",
				"nix-that-nobody-has":           "cannot find Nix.*\n  hint: install Nix",
				a.dir:                           "cannot run .*\n  hint: --nix takes",
				a.write("text", "text"):         "cannot run .*permission denied\n  hint: --nix takes",
				broken:                          "cannot run .*",
			} {
				a.expect(a.run("eval", "--nix", nix, "--flake", a.clan(healthy)), 1, "^clanctl: "+says)
			}
		}},
	{name: "a Nix that calls itself Lix, Determinate, `pre`, or nothing known", with: realNix + " under other names",
		outcome: "the answer is right: clanctl does not ask for the version", try: func(a *attempt) {
			for _, version := range []string{"nix (Lix, like Nix) 2.93.3", "nix (Determinate Nix 3.8.6) 2.30.3",
				"nix (Nix) 2.34.0pre20251114_1d8f3b1", "nix (Nix) ", "", "who knows"} {
				nix := a.script("nix",
					fmt.Sprintf("[ \"$1\" != --version ] || { echo '%s'; exit; }\nexec %s \"$@\"", version, a.nix))
				a.right(func() ran {
					return a.run("eval", "--nix", nix, "--flake", filepath.Join(a.dir, "clan"), "--no-cache",
						"--offline")
				}, "")
			}
		}},
	{name: "a Nix that is too old", with: standIn, anyNix: true, outcome: "exit code 1, and which is needed",
		try: func(a *attempt) {
			a.expect(a.run("eval", "--nix", a.script("nix", `echo "error: unrecognised flag '--apply'" >&2; exit 1`),
				"--flake", a.clan(healthy)), 1, `hint: clanctl needs Nix 2\.8 or newer`)
		}},
}

// startEndless starts clanctl on an endless evaluation, and waits until Nix is at work.
func (a *attempt) startEndless() *exec.Cmd {
	cmd := a.command("eval", "--flake",
		a.clan(`{ inventory.machines.a.tags = [ `+endless+` ]; inventory.instances = { }; }`))
	a.check(cmd.Start())
	a.until("Nix runs", func() bool { return len(a.processes()) > 1 })
	time.Sleep(700 * time.Millisecond)
	return cmd
}

func signalled(sig os.Signal) func(*attempt) {
	return func(a *attempt) {
		if signal.Ignored(sig) {
			a.Skip("SKIP: whoever started the tests has them ignore this signal (nohup?), and clanctl as well")
		}
		cmd := a.startEndless()
		begin := time.Now()
		a.check(cmd.Process.Signal(sig))
		giveUp := time.AfterFunc(4*soon, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		giveUp.Stop()
		a.took = time.Since(begin)
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			a.Errorf("exit code %d", code)
		}
		a.inTime()
	}
}

func (a *attempt) inTime() {
	a.Helper()
	if a.took > soon {
		a.Errorf("it took %v", a.took)
	}
}
