package reliability

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/programtest"
)

var (
	rounds = flag.Int("rounds", 1, "how often to try each fault")
	table  = flag.String("table", "", "write the results into this page, between its marks")
)

// A fault is something that goes wrong, and what clanctl makes of it.
type fault struct {
	name string
	// with says by what it is provoked: real Nix, or a stand-in where Nix cannot be made to.
	with string
	// outcome is what must happen.
	outcome string
	// anyNix: which Nix it is does not matter, one will do.
	anyNix bool
	try    func(*attempt)
}

const (
	realNix = "Nix"
	standIn = "a script in place of Nix"
)

// attempt is one try of a fault.
type attempt struct {
	*testing.T
	nix string // the real one
	dir string // of this attempt alone
	env []string
	// took is what the table shows the slowest of: how long clanctl ran or, where it was told to end, how
	// long it took for that.
	took time.Duration
}

// area is the faults of one kind.
type area struct {
	title  string
	faults []fault
}

var areas = []area{
	{"Nix misbehaves", nixFaults},
	{"Many at once", crowdFaults},
	{"Disk, memory and clock", machineFaults},
	{"Hostile flakes and surroundings", hostileFaults},
	{"Git", gitFaults},
}

var clanctl string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "clanctl-reliability-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		clanctl = filepath.Join(dir, "clanctl")
		if err := programtest.Build(clanctl, "../cmd/clanctl"); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// result is a line of the table.
type result struct {
	fault
	tried, well int
	slowest     time.Duration
	skipped     string
}

func TestFaults(t *testing.T) {
	if *table == "" {
		nixes.Slow(t)
	}
	programs := nixes.Programs(t)
	var page strings.Builder
	fmt.Fprintf(&page, "%s, %s/%s, %d CPUs, %s.\n", strings.Join(versions(programs), " and "), runtime.GOOS,
		runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))
	tried, well := 0, 0
	for _, area := range areas {
		fmt.Fprintf(&page,
			"\n### %s\n\n| fault | provoked with | what must happen | tried | so it was | slowest |\n|---|---|---|---|---|---|\n",
			area.title)
		for _, f := range area.faults {
			r := result{fault: f}
			t.Run(f.name, func(t *testing.T) { r.run(t, programs) })
			tried, well = tried+r.tried, well+r.well
			if r.tried == 0 {
				fmt.Fprintf(&page, "| %s | %s | %s | 0 | not tried: %s | |\n", f.name, f.with, f.outcome, r.skipped)
				continue
			}
			fmt.Fprintf(&page, "| %s | %s | %s | %d | %d | %.1f s |\n", f.name, f.with, f.outcome, r.tried, r.well,
				r.slowest.Seconds())
		}
	}
	fmt.Fprintf(&page, "\nTogether: tried %d times, %d times it went as it must.\n", tried, well)
	if *table != "" {
		if err := insert(*table, page.String()); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *result) run(t *testing.T, programs []string) {
	if r.anyNix {
		programs = programs[:1]
	}
	for range *rounds {
		for _, nix := range programs {
			var a *attempt
			ok := t.Run(versions([]string{nix})[0], func(t *testing.T) {
				a = newAttempt(t, nix)
				r.try(a)
				a.nothingLeft()
			})
			switch {
			case a == nil: // not chosen with -run
			case a.Skipped():
				r.skipped = "this machine does not let us"
			default:
				r.tried++
				r.slowest = max(r.slowest, a.took)
				if ok {
					r.well++
				}
			}
		}
	}
	if r.skipped != "" {
		t.Logf("SKIP: %s: %s", r.name, r.skipped)
	}
}

func newAttempt(t *testing.T, nix string) *attempt {
	// Not t.TempDir, whose names are those of the faults.
	dir, err := os.MkdirTemp("", "clanctl-fault-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &attempt{T: t, nix: nix, dir: dir}
	home := a.mkdir("home")
	// The Nix at hand comes first, no answers or downloads of others, and no network.
	// As root without that group, as where just nix-bin was installed, Nix would say so each time.
	a.env = []string{"NIX_CONFIG=build-users-group =", "PATH=" + filepath.Dir(nix) + ":" + os.Getenv("PATH"),
		"HOME=" + home, "NIX_REMOTE=" + os.Getenv("NIX_REMOTE"),
		"TMPDIR=" + a.mkdir("tmp"), "GIT_CEILING_DIRECTORIES=" + filepath.Dir(a.dir), "GIT_CONFIG_GLOBAL=/dev/null"}
	return a
}

// ---- what attempts do ----

func (a *attempt) check(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *attempt) mkdir(name string) string {
	a.Helper()
	dir := filepath.Join(a.dir, name)
	a.check(os.MkdirAll(dir, 0o700))
	return dir
}

// write makes a file of the attempt's directory, and the directories on the way.
func (a *attempt) write(name, text string) string {
	a.Helper()
	a.mkdir(filepath.Dir(name))
	path := filepath.Join(a.dir, name)
	a.check(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// script makes a program.
func (a *attempt) script(name, text string) string {
	a.Helper()
	path := a.write(name, "#!/bin/sh\n"+text+"\n")
	a.check(os.Chmod(path, 0o755))
	return path
}

// clan makes a flake in directory "clan": outputs is an attribute set in Nix.
func (a *attempt) clan(outputs string) string {
	a.Helper()
	return filepath.Dir(a.write("clan/flake.nix", "{ outputs = { self }: "+outputs+"; }"))
}

// healthy is a clan that evaluates.
const healthy = `rec {
  inventory.machines.a = { }; inventory.machines.b.tags = [ "t" ];
  inventory.instances.x = { roles.peer.tags.all.settings.port = 80; roles.peer.machines.b.settings.list = [ 1 2 ]; };
  clan.modules.x = { manifest.name = "x"; roles.peer = { }; };
}`

// endless is Nix code that never ends, in bounded memory and stack.
const endless = `(let count = f: n: builtins.foldl' (a: i: builtins.seq (f i) a) 0 (builtins.genList (i: i) n);
  in toString (count (_: count (_: count (i: i) 1000000) 1000000) 1000000))`

// ran is what a run of clanctl left.
type ran struct {
	code           int
	stdout, stderr string
}

// command is clanctl with these arguments, in the attempt's surroundings.
func (a *attempt) command(args ...string) *exec.Cmd {
	cmd := exec.Command(clanctl, args...)
	cmd.Dir, cmd.Env = a.dir, a.env
	return cmd
}

// run runs clanctl and takes its time.
func (a *attempt) run(args ...string) ran {
	a.Helper()
	return a.finish(a.command(args...))
}

func (a *attempt) finish(cmd *exec.Cmd) ran {
	a.Helper()
	return a.start(cmd)()
}

// start starts a command, and returns the function that waits for its end.
func (a *attempt) start(cmd *exec.Cmd) func() ran {
	a.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	a.check(cmd.Start())
	return func() ran {
		err := cmd.Wait()
		a.took = max(a.took, time.Since(begin))
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			a.Error(err)
		}
		return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
}

// expect compares the exit code, and what is said on standard error with a pattern ("" for nothing at all).
func (a *attempt) expect(r ran, code int, stderr string) {
	a.Helper()
	if r.code != code {
		a.Errorf("exit code %d, want %d; %s", r.code, code, shorten(r.stderr))
	}
	if stderr == "" && r.stderr != "" || !regexp.MustCompile(stderr).MatchString(r.stderr) {
		a.Errorf("on standard error is %q, want %q", shorten(r.stderr), stderr)
	}
	for _, c := range r.stdout + r.stderr {
		if c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
			a.Errorf("the character %q reached the terminal", c)
			break
		}
	}
	if !utf8.ValidString(r.stdout + r.stderr) {
		a.Errorf("what is printed is not UTF-8")
	}
}

func shorten(s string) string {
	if len(s) > 600 {
		return s[:300] + " ... " + s[len(s)-300:]
	}
	return s
}

// right asks for the healthy clan in the usual way, and then in another, and compares.
func (a *attempt) right(other func() ran, stderr string) {
	a.Helper()
	flake := a.clan(healthy)
	want := a.finishQuietly(a.command("eval", "--flake", flake, "--no-cache", "--offline"))
	if want.code != 0 {
		a.Fatalf("the clan is not healthy: %s", want.stderr)
	}
	got := other()
	a.expect(got, 0, stderr)
	if got.stdout != want.stdout {
		a.Errorf("the answer is not right:\n%s", shorten(got.stdout))
	}
}

// finishQuietly is finish without taking the time.
func (a *attempt) finishQuietly(cmd *exec.Cmd) ran {
	took := a.took
	defer func() { a.took = took }()
	return a.finish(cmd)
}

// processes are those that have a path of this attempt on their command line, except for ours.
func (a *attempt) processes() []int {
	var found []int
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid := 0
		if _, err := fmt.Sscan(entry.Name(), &pid); err != nil || pid == os.Getpid() {
			continue
		}
		if line, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline")); err == nil &&
			bytes.Contains(line, []byte(a.dir)) {
			found = append(found, pid)
		}
	}
	return found
}

// nothingLeft looks for processes that outlived clanctl, and ends them.
func (a *attempt) nothingLeft() {
	a.Helper()
	var left []int
	for deadline := time.Now().Add(time.Second); ; time.Sleep(20 * time.Millisecond) {
		if left = a.processes(); len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for _, pid := range left {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		a.Errorf("left behind: %s", bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// until waits for something to come true.
func (a *attempt) until(what string, holds func() bool) {
	a.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			a.Fatalf("%s: not in 20 s", what)
		}
	}
}

// ---- Nix and the page ----

var versionOf sync.Map

func versions(programs []string) []string {
	var out []string
	for _, nix := range programs {
		version, known := versionOf.Load(nix)
		if !known {
			text, _ := exec.Command(nix, "--version").Output()
			words := strings.Fields(string(text))
			version = "Nix " + words[len(words)-1]
			versionOf.Store(nix, version)
		}
		out = append(out, version.(string))
	}
	return out
}

var marks = regexp.MustCompile(`(?s)(<!-- table -->\n).*(<!-- end of table -->)`)

// insert puts the results into the page.
func insert(page, results string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	if !marks.Match(text) {
		return fmt.Errorf("%s has no marks", page)
	}
	return os.WriteFile(page, marks.ReplaceAllFunc(text, func([]byte) []byte {
		return []byte("<!-- table -->\n" + results + "<!-- end of table -->")
	}), 0o644)
}
