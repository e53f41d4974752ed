// Bench measures clanctl against bare Nix, side by side in one run: for each clan it runs every command in turn, several times
// over, and prints medians and their ratio to `nix eval --json` of the same clan's instances, as Markdown.
//
//	go run ./internal/bench [-clanctl PROGRAM] [-nix PROGRAM] [-runs N] [-modules]
//
// With CLANCTL_CLAN_CORE (the path of a clan-core) and CLANCTL_NIXPKGS_LIB (the path of a flake with nixpkgs' lib) the clans
// are real ones; otherwise they are plain flakes, which have no member-by-member row, since nothing evaluates their settings.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	clanctl := flag.String("clanctl", "bin/clanctl", "the clanctl to measure")
	nix := flag.String("nix", "nix", "the Nix to compare with and to run")
	only := flag.Bool("modules", false, "measure the listing of services only")
	runs := flag.Int("runs", 7, "how often each command runs")
	cli := flag.String("clan", os.Getenv("CLANCTL_CLAN_CLI"), "a clan CLI to compare with")
	flag.Parse()
	if err := run(*clanctl, *nix, *cli, *runs, *only); err != nil {
		log.Fatal(err)
	}
}

// clan is one flake to measure on.
type clan struct {
	name, dir string
	real      bool
	members   int
}

func run(clanctl, nix, cli string, runs int, onlyModules bool) error {
	clanctl, err := filepath.Abs(clanctl)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "clanctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	example, err := filepath.Abs("examples/homelab")
	if err != nil {
		return err
	}
	clans := []clan{{name: "the example", dir: example}}
	for _, size := range [][2]int{{2, 2}, {30, 5}, {300, 20}, {600, 20}, {1000, 100}} {
		c, err := generate(filepath.Join(dir, fmt.Sprintf("%dx%d", size[0], size[1])), size[0], size[1])
		if err != nil {
			return err
		}
		clans = append(clans, c)
	}
	version, _ := exec.Command(nix, "--version").Output()
	fmt.Printf("%s, %d CPUs, %s/%s, %s, medians of %d interleaved runs.\n", strings.TrimSpace(string(version)),
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, time.Now().Format(time.DateOnly), runs)
	cache := filepath.Join(dir, "cache")
	for _, c := range clans {
		if onlyModules {
			break
		}
		if err := compare(c, commands(c, clanctl, nix, cli, cache), runs); err != nil {
			return err
		}
	}
	if smallest := clans[1]; smallest.real {
		smallest.name = "the services of clan-core"
		return compare(smallest, modulesOf(clanctl, nix, cache), runs)
	}
	return nil
}

// command is one row of a table.
type command struct {
	name string
	argv []string
	env  []string
	// baseline: the row that the others are compared with.
	baseline bool
	times    []time.Duration
	cpu      []time.Duration
	peak     int64
}

// memberByMember evaluates every member's settings on its own, as clan does when it builds machines.
const memberByMember = `builtins.mapAttrs (_: s: builtins.mapAttrs (_: i: builtins.mapAttrs (_: r: builtins.mapAttrs (_: m: m.finalSettings.config) r.machines) i.roles) s.instances)`

func commands(c clan, clanctl, nix, cli, cache string) []*command {
	bare := []string{nix, "eval", "--json", "--extra-experimental-features", "nix-command flakes", "--offline", "--no-write-lock-file"}
	env := []string{"XDG_CACHE_HOME=" + cache}
	ours := func(args ...string) []string {
		return append([]string{clanctl}, append(args, "--nix", nix, "--offline")...)
	}
	attribute := ".#inventory.instances"
	if c.real {
		attribute = ".#clan.inventory.instances"
	}
	rows := []*command{
		{name: "`nix eval --json` of the instances", argv: append(slices.Clone(bare), attribute), baseline: true},
		{name: "`clanctl eval --no-cache`", argv: ours("eval", "--no-cache"), env: env},
		{name: "the Nix process of that, alone", argv: []string{"sh", "-c", nixCommand(c, ours("eval", "--no-cache", "-v"), env)}},
		{name: "`clanctl eval`, warm", argv: ours("eval"), env: env},
		{name: "`clanctl machines --names`, warm", argv: ours("machines", "--names"), env: env},
	}
	if c.real && c.members <= 10_000 { // beyond, it takes minutes
		rows = append(rows, &command{name: "every member's `finalSettings`, one by one",
			argv: append(slices.Clone(bare), ".#clan._services.allServices", "--apply", memberByMember)})
	}
	if cli != "" {
		rows = append(rows, &command{name: "`clan` listing service instances", argv: []string{cli, "service", "list", "instances"}})
	}
	return rows
}

// nixCommand is the command line that clanctl -v prints.
func nixCommand(c clan, argv, env []string) string {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	_ = cmd.Run() // if it fails, so does the row, and says why
	for line := range strings.SplitSeq(stderr.String(), "\n") {
		if command, found := strings.CutPrefix(line, "+ "); found {
			return "exec " + command
		}
	}
	return "exit 1"
}

// compare runs all commands in turn, so that whatever else the machine does falls on all of them alike.
func compare(c clan, rows []*command, runs int) error {
	for i := range runs + 1 {
		for _, row := range rows {
			elapsed, cpu, peak, err := measure(c.dir, row)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", c.name, row.name, err)
			}
			if i > 0 { // the first run fills caches: Nix's store, ours, the kernel's
				row.times = append(row.times, elapsed)
				row.cpu = append(row.cpu, cpu)
				row.peak = max(row.peak, peak)
			}
		}
	}
	var base, baseCPU time.Duration
	for _, row := range rows {
		if row.baseline {
			base, baseCPU = median(row.times), median(row.cpu)
		}
	}
	fmt.Printf("\n### %s\n\n| | median | ratio | processor | ratio | peak memory |\n|---|---:|---:|---:|---:|---:|\n", c.name)
	for _, row := range rows {
		m, cpu := median(row.times), median(row.cpu)
		fmt.Printf("| %s | %d ms | %.2f | %d ms | %.2f | %d MB |\n", row.name, m.Round(time.Millisecond).Milliseconds(), float64(m)/float64(base),
			cpu.Round(time.Millisecond).Milliseconds(), float64(cpu)/float64(baseCPU), row.peak>>20)
	}
	return nil
}

func median(times []time.Duration) time.Duration {
	times = slices.Sorted(slices.Values(times))
	return times[len(times)/2]
}
