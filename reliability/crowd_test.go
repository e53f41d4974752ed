package reliability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// crowd is how many there are at once.
const crowd = 50

var crowdFaults = []fault{
	{name: "50 clanctl processes on one clan, nothing cached", with: realNix, outcome: "50 right answers",
		try: func(a *attempt) {
			flake := a.clan(healthy)
			want := a.finishQuietly(a.command("eval", "--flake", flake, "--no-cache", "--offline")).stdout
			// Nix, too, begins with an empty cache.
			a.env = append(a.env, "HOME="+a.mkdir("fresh"))
			begin := time.Now()
			answers := make([]ran, crowd)
			var all sync.WaitGroup
			for i := range answers {
				cmd := a.command("eval", "--flake", flake, "--offline")
				all.Go(func() {
					var out, err strings.Builder
					cmd.Stdout, cmd.Stderr = &out, &err
					_ = cmd.Run()
					answers[i] = ran{cmd.ProcessState.ExitCode(), out.String(), err.String()}
				})
			}
			all.Wait()
			a.took = time.Since(begin)
			for _, r := range answers {
				a.expect(r, 0, "")
				if r.stdout != want {
					a.Errorf("a wrong answer: %s", shorten(r.stdout))
				}
			}
		}},
	{name: "50 goroutines on one Evaluator, every third cancelled", with: realNix,
		outcome: "right answers, and `context.Canceled`", try: func(a *attempt) {
			flake := a.clan(healthy)
			e := nixeval.Evaluator{Nix: a.nix, Offline: true, CacheDir: a.mkdir("cache"),
				ProgramDir: a.mkdir("programs")}
			ref, err := nixeval.ResolveRef(flake)
			a.check(err)
			first, err := instance.Load(a.Context(), ref, instance.Config{Evaluator: e})
			a.check(err)
			want, err := json.Marshal(first)
			a.check(err)
			begin := time.Now()
			var all sync.WaitGroup
			for i := range crowd {
				all.Go(func() {
					ctx, cancel := context.WithCancel(a.Context())
					defer cancel()
					if i%3 == 0 {
						time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
					}
					mine := e
					if i%2 == 0 {
						mine.CacheDir = ""
					}
					inv, err := instance.Load(ctx, ref, instance.Config{Evaluator: mine})
					switch {
					case err == nil:
						if got, _ := json.Marshal(inv); string(got) != string(want) {
							a.Errorf("a wrong answer: %s", shorten(string(got)))
						}
					case !errors.Is(err, context.Canceled) || i%3 != 0:
						a.Errorf("goroutine %d: %v", i, err)
					}
				})
			}
			all.Wait()
			a.took = time.Since(begin)
		}},
	{name: "Nix's database is locked by somebody else for 2 s", with: realNix, outcome: "the answer is right, later",
		try: func(a *attempt) {
			flake := a.clan(healthy)
			a.repository(flake)
			want := a.finishQuietly(a.command("eval", "--flake", flake, "--no-cache", "--offline")).stdout
			files, _ := filepath.Glob(filepath.Join(a.dir, "home/.cache/nix/fetcher-cache-*.sqlite"))
			if len(files) == 0 {
				a.Skip("SKIP: this Nix has no cache of fetchers")
			}
			for _, file := range files {
				f, err := os.OpenFile(file, os.O_RDWR, 0)
				a.check(err)
				// The bytes that SQLite locks in order to write.
				a.check(unix.FcntlFlock(f.Fd(), unix.F_SETLK,
					&unix.Flock_t{Type: unix.F_WRLCK, Start: 1 << 30, Len: 512}))
				time.AfterFunc(2*time.Second, func() { _ = f.Close() })
			}
			// Another commit, so that Nix must write down what it fetched.
			a.write("clan/more", "text")
			a.repository(flake)
			r := a.run("eval", "--flake", flake, "--no-cache", "--offline")
			a.expect(r, 0, "")
			if r.stdout != want {
				a.Errorf("the answer is not right: %s", shorten(r.stdout))
			}
			if a.took < time.Second {
				a.Errorf("it did not wait: this proves nothing")
			}
		}},
	{name: "Nix says twice that its database is busy", with: standIn + ", and then Nix",
		outcome: "it is asked a third time, and the answer is right", try: func(a *attempt) {
			a.right(func() ran { return a.run(a.busy(2)...) }, "")
			if n := a.countRuns(); n != 3 {
				a.Errorf("Nix ran %d times", n)
			}
		}},
	{name: "Nix says without end that its database is busy", with: standIn, anyNix: true,
		outcome: "exit code 1 after some seconds, with Nix's message", try: func(a *attempt) {
			a.clan(healthy)
			r := a.run(a.busy(1000)...)
			a.expect(r, 1, `SQLite database '.*' is busy`)
			if a.took > 60*time.Second {
				a.Errorf("it took %v", a.took)
			}
		}},
	{name: "Nix fails in any other way", with: standIn, anyNix: true, outcome: "it is not asked again",
		try: func(a *attempt) {
			flake := a.clan(healthy)
			for _, message := range []string{"boo", "the SQLite database '/x' is busy",
				"SQLite database '/x' is busy, says the flake", "cannot open SQLite database '/x'",
				"unable to download 'https://example.org': timeout"} {
				a.write("runs", "")
				nix := a.script("nix", `echo run >> `+filepath.Join(a.dir, "runs")+`; cat >&2 <<'END'
@nix {"action":"msg","level":0,"msg":"error: `+message+`","raw_msg":"`+message+`"}
END
exit 1`)
				e := nixeval.Evaluator{Nix: nix, ProgramDir: a.mkdir("programs")}
				ref, err := nixeval.ResolveRef(flake)
				if err != nil {
					a.Fatal(err)
				}
				_, err = e.Apply(a.Context(), ref, nixeval.Function{Name: "x.nix", Source: "_: _: 1"}, nil)
				if n := a.countRuns(); n != 1 || !errors.Is(err, nixeval.ErrEvaluation) {
					a.Errorf("%s: Nix ran %d times: %v", message, n, err)
				}
			}
		}},
}

// busy is a command line with a Nix whose database is busy for the first runs.
func (a *attempt) busy(times int) []string {
	runs := a.write("runs", "")
	nix := a.script("nix", fmt.Sprintf(`echo run >> %[1]s
if [ $(wc -l < %[1]s) -gt %d ]; then exec %s "$@"; fi
cat >&2 <<'END'
@nix {"action":"msg","level":0,"msg":"error: SQLite database '/home/x/.cache/nix/fetcher-cache-v3.sqlite' is busy","raw_msg":"SQLite database '/home/x/.cache/nix/fetcher-cache-v3.sqlite' is busy"}
END
exit 1`, runs, times, a.nix))
	return []string{"eval", "--nix", nix, "--flake", filepath.Join(a.dir, "clan"), "--no-cache", "--offline"}
}

func (a *attempt) countRuns() int {
	text, err := os.ReadFile(filepath.Join(a.dir, "runs"))
	a.check(err)
	return len(slices.Collect(strings.Lines(string(text))))
}
