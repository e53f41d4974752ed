package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// The stress test has processes change one clan at once, at random, and kills some of them at random moments.
// CLANCTL_STRESS=N makes it N changes, a fifth of which are killed; without, it is a short one.
const (
	writers       = 4
	shortStress   = 24
	killsEvery    = 5 // one in so many
	longestChange = time.Minute
)

// TestStress: no change is lost, the file is never one that does not parse, the clan never one that does not evaluate,
// and what is refused leaves no trace.
func TestStress(t *testing.T) {
	nixes.Slow(t)
	changes := shortStress
	if text := os.Getenv("CLANCTL_STRESS"); text != "" {
		var err error
		if changes, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, nix := range nixes.Programs(t) {
		t.Run(nixes.Version(t, nix), func(t *testing.T) {
			s := newStress(t, nix)
			s.run(changes)
		})
	}
}

type stress struct {
	*testing.T
	nix, dir, file        string
	env                   []string
	done, refused, killed atomic.Int64
	effective, writing    atomic.Int64 // of those killed, how many had written; how many were killed on writing
	looks, evaluations    atomic.Int64
}

func newStress(t *testing.T, nix string) *stress {
	s := &stress{T: t, nix: nix, dir: filepath.Join(t.TempDir(), "clan")}
	s.file = filepath.Join(s.dir, "inventory.json")
	temp := t.TempDir()
	s.env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "TMPDIR="+temp,
		"GORACE=atexit_sleep_ms=0")
	if err := os.CopyFS(s.dir, os.DirFS("../../examples/homelab")); err != nil {
		t.Fatal(err)
	}
	// Machines of each writer's own, beside those that all fight for.
	var machines []string
	for w := range writers {
		for i := range 3 {
			machines = append(machines, fmt.Sprintf("    w%dm%d = { };", w, i))
		}
	}
	inventory := filepath.Join(s.dir, "inventory.nix")
	text, err := os.ReadFile(inventory)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("  machines = {\n"), []byte("  machines = {\n"+strings.Join(machines, "\n")+"\n"),
		1)
	if err := os.WriteFile(inventory, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file, []byte("{\n\t\"kept\": 1.50,\n\t\"instances\": {}\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stress) run(changes int) {
	ctx, stop := context.WithCancel(context.Background())
	var watchers, workers sync.WaitGroup
	watchers.Go(func() { s.watch(ctx) })
	watchers.Go(func() { s.evaluate(ctx) })
	began := time.Now()
	wanted := make([]map[string]bool, writers)
	for w := range writers {
		workers.Go(func() { wanted[w] = s.write(w, changes/writers) })
	}
	workers.Wait()
	took := time.Since(began)
	stop()
	watchers.Wait()

	// Everything that every writer wanted is there, and nothing else.
	want := map[string]bool{}
	for _, facts := range wanted {
		for fact, is := range facts {
			if is {
				want[fact] = true
			}
		}
	}
	if got := s.facts(); !slices.Equal(sorted(got), sorted(want)) {
		s.Errorf("the file has\n%v\nbut the writers wanted\n%v", sorted(got), sorted(want))
	}
	text, _ := os.ReadFile(s.file)
	if !bytes.Contains(text, []byte("\t\"kept\": 1.50,\n")) {
		s.Errorf("what nobody changed is not as it was: %s", text)
	}
	s.mustEvaluate()
	left, _ := filepath.Glob(filepath.Join(s.dir, ".inventory*"))
	s.Logf("%d changes by %d processes at once in %v: %d written, %d refused, %d killed (%d when they wrote, %d after they had written); the file was read %d times, the clan evaluated %d times; left beside: %d",
		changes, writers, took.Round(time.Millisecond), s.done.Load(), s.refused.Load(), s.killed.Load(),
		s.writing.Load(), s.effective.Load(), s.looks.Load(), s.evaluations.Load(), len(left))
}

// write makes changes, each of which concerns a fact that is this writer's, and returns which of its facts hold at the
// end.
func (s *stress) write(w, changes int) map[string]bool {
	random := rand.New(rand.NewPCG(uint64(w), 7))
	holds := map[string]bool{}
	typical := 300 * time.Millisecond
	owed := 0 // kills
	for n := range changes {
		if n%killsEvery == 0 {
			owed++
		}
		machine := fmt.Sprintf("w%dm%d", w, random.IntN(3))
		var args []string
		var fact string
		refuse := false
		switch random.IntN(6) {
		case 0:
			fact = "role " + machine
			args = []string{"roles", pickWord(holds[fact], "remove", "add"), "sshd", "server", machine}
		case 1:
			fact = "tag " + machine
			args = []string{"tags", pickWord(holds[fact], "remove", "add"), "web", machine}
		case 2:
			fact = "instance w" + strconv.Itoa(w)
			if holds[fact] {
				args = []string{"instances", "delete", "w" + strconv.Itoa(w)}
			} else {
				args = []string{"instances", "create", "w" + strconv.Itoa(w), "--module", "services#borg", "--role",
					"server=" + machine}
			}
		case 3:
			// One setting of one layer that all writers share.
			fact = fmt.Sprintf("setting w%d", w)
			if holds[fact] {
				args = []string{"unset", "backup-offsite", "client", fmt.Sprintf("keep.w%d", w)}
			} else {
				args = []string{"set", "backup-offsite", "client", fmt.Sprintf("keep.w%d=%d", w, 1+random.IntN(9))}
			}
		case 4:
			fact = "description " + machine
			args = []string{"machines", "describe", machine, pickWord(holds[fact], "", "of writer "+strconv.Itoa(w))}
		case 5:
			// What must be refused.
			refuse = true
			args = [][]string{
				{"set", "sshd", "server", `authorizedKeys.admin="x"`},
				{"roles", "add", "sshd", "server", "nobody"},
				{"instances", "create", fmt.Sprintf("bad%d", w), "--module", "services#borg", "--role",
					"client=" + machine},
				{"set", "backup-offsite", "client", `schedule="never"`},
			}[random.IntN(4)]
		}
		ctx, cancel := context.WithTimeout(context.Background(), longestChange)
		command := exec.CommandContext(ctx, clanctl, append(args, "--nix", s.nix, "--flake", s.dir)...)
		command.Env = s.env
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		kill := owed > 0
		began := time.Now()
		err := command.Start()
		if err == nil && kill {
			// At a random moment, or just when it writes.
			wait, writes := time.Duration(random.Int64N(int64(typical))), random.IntN(2) == 0
			if writes {
				wait = longestChange
			}
			go func() { // by its id, and nobody else
				for time.Since(began) < wait {
					if writes && s.isWriting(command.Process.Pid) {
						s.writing.Add(1)
						break
					}
					if command.Process.Signal(syscall.Signal(0)) != nil {
						return // ended by itself
					}
					time.Sleep(200 * time.Microsecond)
				}
				_ = command.Process.Kill()
			}()
		}
		if err == nil {
			err = command.Wait()
		}
		cancel()
		var exit *exec.ExitError
		switch {
		case kill && errors.As(err, &exit) && !exit.Exited():
			s.killed.Add(1)
			owed--
			if !refuse {
				// The old or the new: the file tells.
				is := s.facts()[fact]
				if is != holds[fact] {
					s.effective.Add(1)
				}
				holds[fact] = is
			}
			continue
		case refuse && errors.As(err, &exit) && exit.ExitCode() == 1:
			s.refused.Add(1)
		case !refuse && err == nil:
			s.done.Add(1)
			holds[fact] = !holds[fact]
			typical = (3*typical + time.Since(began)) / 4
		default:
			s.Errorf("clanctl %s: %v\n%s", strings.Join(args, " "), err, said.Bytes())
		}
	}
	return holds
}

// isWriting reports whether a process has the file open that is written beside. (Where there is no /proc, never.)
func (s *stress) isWriting(pid int) bool {
	beside := filepath.Join(s.dir, ".inventory.json.new")
	if _, err := os.Lstat(beside); err != nil {
		return false
	}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return slices.ContainsFunc(files, func(file string) bool {
		target, err := os.Readlink(file)
		return err == nil && filepath.Base(target) == filepath.Base(beside)
	})
}

func pickWord(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// facts reads the file.
func (s *stress) facts() map[string]bool {
	text, err := os.ReadFile(s.file)
	if err != nil {
		s.Error(err)
		return nil
	}
	var file struct {
		Instances map[string]struct {
			Roles map[string]struct {
				Machines map[string]any
				Settings struct{ Keep map[string]any }
			}
		}
		Machines map[string]struct {
			Description string
			Tags        []string
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		s.Errorf("the file does not parse: %v\n%s", err, text)
		return nil
	}
	facts := map[string]bool{}
	for name := range file.Instances {
		if name != "sshd" && name != "backup-offsite" {
			facts["instance "+name] = true
		}
	}
	for machine := range file.Instances["sshd"].Roles["server"].Machines {
		facts["role "+machine] = true
	}
	for name := range file.Instances["backup-offsite"].Roles["client"].Settings.Keep {
		facts["setting "+name] = true
	}
	for name, m := range file.Machines {
		if m.Description != "" {
			facts["description "+name] = true
		}
		if len(m.Tags) > 0 {
			facts["tag "+name] = true
		}
	}
	return facts
}

// watch reads the file again and again: it must always be one that parses.
func (s *stress) watch(ctx context.Context) {
	for ctx.Err() == nil {
		s.facts()
		s.looks.Add(1)
		time.Sleep(2 * time.Millisecond)
	}
}

// evaluate evaluates the clan again and again.
func (s *stress) evaluate(ctx context.Context) {
	for ctx.Err() == nil {
		s.mustEvaluate()
		time.Sleep(200 * time.Millisecond)
	}
}

func (s *stress) mustEvaluate() {
	command := exec.Command(clanctl, "eval", "--no-cache", "--nix", s.nix, "--flake", s.dir, "--jq",
		".findings[] | select(.severity == \"error\")")
	command.Env = s.env
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil || len(out) > 0 {
		s.Errorf("the clan does not evaluate: %v\n%s%s", err, out, said.Bytes())
	}
	s.evaluations.Add(1)
}

func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
