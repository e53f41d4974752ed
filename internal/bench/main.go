// Bench measures what clanctl's commands cost, in processor time, against bare `nix eval --json` of the same
// clan's instances: cold, with --no-cache, and warm, from the cache. All run in turn, round by round, so that
// whatever else the machine does falls on all of them alike, and each ratio is one of neighbours.
//
//	go run ./internal/bench [-clanctl PROGRAM] [-nix PROGRAM] [-runs N] [-bounds FILE [-update]] [-page FILE]
//
// It prints tables as Markdown, or writes them into a page between its marks. Where a ratio is beyond its
// bound by more than a fifth, it says so and ends with 1. With CLANCTL_BENCH_CLAN, the directory of a clan of
// real clan-core with a flake.nix that takes ./clan.nix, it measures on that and on larger ones of the same
// flake, and on plain flakes of its own otherwise.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	clanctl := flag.String("clanctl", "bin/clanctl", "the clanctl to measure")
	nix := flag.String("nix", "nix", "the Nix to compare with and to run")
	runs := flag.Int("runs", 5, "how many rounds there are")
	limits := flag.String("bounds", "", "compare with the ratios in this file")
	update := flag.Bool("update", false, "write the ratios into that file instead")
	page := flag.String("page", "", "write the tables into this page, between its marks")
	flag.Parse()
	known, err := readBounds(*limits)
	if err != nil {
		log.Fatal(err)
	}
	text, measured, err := run(*clanctl, *nix, *runs)
	if err != nil {
		log.Fatal(err)
	}
	if *page == "" {
		fmt.Print(text)
	} else if err := insert(*page, text); err != nil {
		log.Fatal(err)
	}
	if *update {
		if err := known.write(*limits, measured); err != nil {
			log.Fatal(err)
		}
	} else if beyond := known.beyond(measured); len(beyond) > 0 {
		log.Fatal("beyond its bound by more than a fifth:\n", strings.Join(beyond, "\n"))
	}
}

func run(clanctl, nix string, runs int) (page string, measured bounds, err error) {
	if clanctl, err = filepath.Abs(clanctl); err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "clanctl-bench-")
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(dir)
	all, err := clans(dir)
	if err != nil {
		return "", nil, err
	}
	version, _ := exec.Command(nix, "--version").Output()
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d CPUs, %s/%s, %s, median of %d round(s).\n", strings.TrimSpace(string(version)),
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, time.Now().Format(time.DateOnly), runs)
	measured = bounds{}
	var more []*session // measured with eval alone
	var instead, watched *session
	evals := map[string]*row{}
	for _, c := range all {
		s := &session{clan: c, clanctl: clanctl, nix: nix, work: dir,
			env: []string{"XDG_CACHE_HOME=" + filepath.Join(dir, "cache")}}
		log.Print(c.name)
		rows, err := s.measure(runs)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", c.name, err)
		}
		measured[c.name] = ratios(rows)
		if c.about != "" {
			more, evals[c.name] = append(more, s), rows[0]
			continue
		}
		s.table(&b, rows)
		if c.name == "300x20" {
			instead = s
		}
		if c.name == "small" {
			watched = s
		}
	}
	others(&b, more, evals)
	if instead != nil {
		if err := instead.alternatives(&b, runs, measured); err != nil {
			return "", nil, err
		}
	}
	if watched != nil {
		if err := watched.watch(&b, runs); err != nil {
			return "", nil, err
		}
	}
	return b.String(), measured, nil
}

// tenRules are what `check --rules` is measured with.
//
//go:embed rules.json
var tenRules []byte

// session measures one clan.
type session struct {
	clan
	clanctl, nix string
	env          []string
	bare, status samples
	work         string // a directory for what commands read
}

// row is one command.
type row struct {
	name string
	args []string
	// cold is without the cache, warm from it, and fresh what is asked for the first time of answers that are kept.
	cold, warm, fresh samples
}

func (s *session) argv(args ...string) []string {
	return append([]string{s.clanctl}, append(args, "--nix", s.nix, "--offline")...)
}

func (s *session) bareArgs(more ...string) []string {
	return append([]string{s.nix, "eval", "--json", "--extra-experimental-features", "nix-command flakes", "--offline",
		"--no-write-lock-file"}, more...)
}

// rows are the commands. Those that take names get the first member of the clan.
func (s *session) rows() ([]*row, error) {
	if s.about != "" {
		return []*row{{name: "eval", args: []string{"eval"}}}, nil
	}
	const member = ".flake.clanCore as $core | .instances | to_entries[0] | .key, (.value.roles | to_entries[0] | .key, (.value.machines | keys[0])), $core // empty"
	cmd := exec.Command(s.clanctl, s.argv("eval", "--raw", "--jq", member)[1:]...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
	out, err := cmd.Output()
	names := strings.Fields(string(out))
	if err != nil {
		return nil, fmt.Errorf("clanctl eval: %w", err)
	}
	if len(names) < 3 {
		return nil, fmt.Errorf("the first instance has no role with a machine: %q", out)
	}
	instance, role, machine := names[0], names[1], names[2]
	rules := filepath.Join(s.work, "rules.json")
	if err := os.WriteFile(rules, tenRules, 0o600); err != nil {
		return nil, err
	}
	var rows []*row
	upgrade := []string{"upgrade"}
	if len(names) > 3 { // to what it is: both sides are read and compared, and nothing is fetched
		upgrade = append(upgrade, names[3])
	}
	for _, args := range [][]string{
		{"eval"}, {"machines"}, {"machines", "--names"}, {"instances"}, {"tags"}, {"check"},
		{"check", "--rules", rules}, {"why", instance, role, machine},
		{"modules"}, {"schema", instance, role}, {"graph"}, {"diff", "path:" + s.before, "path:" + s.dir},
		upgrade, {"report", "--out", "-"},
	} {
		if args[0] == "upgrade" && (len(args) == 1 || new(samples).run(s.dir, s.env, s.argv(args...)) != nil) {
			continue // no clan-core, or what the flake.lock of that names is not at hand
		}
		if args[0] == "report" && s.plain() {
			continue // without nixpkgs' lib it fails for the origins of each member's settings, one by one
		}
		name := args[0]
		if len(args) > 1 && strings.HasPrefix(args[1], "--") && args[0] != "report" {
			name += " " + args[1]
		}
		rows = append(rows, &row{name: name, args: args})
	}
	return rows, nil
}

func (s *session) measure(runs int) ([]*row, error) {
	rows, err := s.rows()
	if err != nil {
		return nil, err
	}
	bare := s.bareArgs(s.instances)
	for i := range runs + 1 {
		for _, row := range rows {
			// With -v, which says what is asked of Nix, output is not given again.
			err := s.round(i == 0, [][]string{bare, s.argv(row.args...), append(s.argv(row.args...), "--no-cache"),
				append(s.argv(row.args...), "-v")}, &s.bare, &row.warm, &row.cold, &row.fresh)
			if err != nil {
				return nil, err
			}
		}
		if s.git && i > 0 {
			if err := s.status.run(s.dir, s.env, []string{"git", "status", "--porcelain"}); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

func (s *session) table(b *strings.Builder, rows []*row) {
	fmt.Fprintf(b, "\n### %s\n\nBare Nix: %s of processor time, %d MB.\n\n", s.name, ms(s.bare), s.bare.peak>>20)
	b.WriteString("| | warm | ratio | memory | asked anew | ratio | memory | cold | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, row := range rows {
		fmt.Fprintf(b, "| `%s` | %s | %.2f | %d MB | %s | %.2f | %d MB | %s | %.2f |\n", row.name, ms(row.warm),
			median(row.warm.ratio), row.warm.peak>>20,
			ms(row.fresh), median(row.fresh.ratio), row.fresh.peak>>20, ms(row.cold), median(row.cold.ratio))
	}
}

// others is the table of clans on which eval alone is measured.
func others(b *strings.Builder, sessions []*session, rows map[string]*row) {
	if len(sessions) == 0 {
		return
	}
	b.WriteString("\n### Other clans\n\n`eval` alone. `git status` is there for comparison.\n\n")
	b.WriteString("| | bare Nix | warm | ratio | cold | ratio | memory of Nix | `git status` |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range sessions {
		row, status := rows[s.name], ""
		if s.git {
			status = ms(s.status)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %.2f | %s | %.2f | %d MB | %s |\n", s.about, ms(s.bare), ms(row.warm),
			median(row.warm.ratio),
			ms(row.cold), median(row.cold.ratio), row.cold.peak>>20, status)
	}
}

func ms(s samples) string {
	d := median(s.cpu)
	if d < 20*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// insert writes text between the marks of a page.
func insert(page, text string) error {
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	const begin, end = "<!-- table -->\n", "<!-- end of table -->"
	before, rest, found := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no marks for tables", page)
	}
	return os.WriteFile(page, []byte(strings.Join([]string{before, begin, text, end, after}, "")), 0o644)
}
