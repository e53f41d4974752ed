package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/cachedir"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/recall"
	"github.com/clanctl/clanctl/internal/recorder"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// clanDir is the environment variable that names the clan for clan's own command line, where --flake does not.
const clanDir = "CLAN_DIR"

// commonFlags are those of every command that reads a clan.
func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "flake", EnvVars: []string{clanDir}, Usage: "read the clan of `REF`",
			DefaultText: "$CLAN_DIR, or the flake around the working directory"},
		&cli.StringSliceFlag{Name: "override-input", Usage: "use another flake for an input: `INPUT REF`"},
		&cli.BoolFlag{Name: "offline", Usage: "do not use the network"},
		&cli.BoolFlag{Name: "refresh", Usage: "fetch flakes again that may have changed"},
		&cli.BoolFlag{Name: "impure", Usage: "let the flake see the environment and paths outside of it"},
		&cli.StringSliceFlag{Name: "option", Usage: "set a Nix setting: `NAME VALUE`"},
		&cli.BoolFlag{Name: "show-trace", Usage: "show full Nix error traces"},
		nixFlag(),
		&cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Usage: "run at most `N` Nix processes at once",
			DefaultText: "one for each CPU"},
		&cli.DurationFlag{Name: "timeout", Usage: "give up after `D`, such as 30s", DefaultText: "never"},
		&cli.BoolFlag{Name: "no-cache", Usage: "do not use the cache"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"},
			Usage: "print each Nix command, ready to paste, and the log of Nix"},
		pagerFlag(),
	}
}

func nixFlag() cli.Flag {
	return &cli.PathFlag{Name: "nix", Usage: "run `FILE` as Nix", DefaultText: "nix"}
}

// load reads the clan as the flags say. The inventory is nil if the clan could not be loaded.
// want says which part of it.
func load(c *cli.Context, want instance.Config) (*instance.Inventory, error) {
	return ask(c, want, instance.Load)
}

// ask calls a loading function with what the flags say of the flake and of how to run Nix.
func ask(c *cli.Context, want instance.Config,
	do func(context.Context, instance.Ref, instance.Config) (*instance.Inventory, error)) (*instance.Inventory, error) {
	return askOf(c, c.String("flake"), want, do)
}

// askOf asks of another flake than the flags name.
func askOf(c *cli.Context, flake string, want instance.Config,
	do func(context.Context, instance.Ref, instance.Config) (*instance.Inventory, error)) (*instance.Inventory, error) {
	ref, err := nixeval.ResolveRef(flake)
	if err != nil {
		return nil, err
	}
	ctx := c.Context
	if d := c.Duration("timeout"); d < 0 {
		return nil, usagef("--timeout must not be negative")
	} else if d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	if c.Int("jobs") < 0 {
		return nil, usagef("--jobs must not be negative")
	}
	config := want
	config.Evaluator = evaluatorOf(c)
	config.Evaluator.Jobs = c.Int("jobs")
	config.Evaluator.CacheDir = usable(c, config.Evaluator.CacheDir)
	if dir := config.Evaluator.ProgramDir; dir != "" && cachedir.Check(filepath.Dir(dir)) != nil {
		config.Evaluator.ProgramDir = ""
	}
	if r := stdout(c).recording; r != nil {
		recorder.Attach(&config.Evaluator, r.text)
		facts.Ask(&config).Untracked = func(files []string) { hangsOn(c, recall.Untracked(flake, files)) }
	}
	log := stderr(c)
	if c.Bool("verbose") {
		config.Evaluator.OnCommand = func(argv []string) { fmt.Fprintf(log, "+ %s\n", term.Escape(shell.Join(argv))) }
		config.Evaluator.OnNotCached = func(reason string) { fmt.Fprintf(log, "not cached: %s\n", term.Escape(reason)) }
	}
	if c.Bool("verbose") || c.Bool("show-trace") {
		config.Evaluator.OnEvent = func(e nixeval.Event) {
			if e.Activity == "" && e.Level <= 1 && e.Message == "" {
				fmt.Fprintf(log, "nix: %s\n", term.Escape(e.Text))
			}
		}
	} else if log.terminal != nil {
		progress := log.startProgress()
		defer log.stopProgress()
		config.Evaluator.OnEvent = progress.event
		facts.Ask(&config).Progress = progress.part
	}
	defer context.AfterFunc(c.Context, log.sayStopping)()
	inv, err := do(ctx, ref, config)
	if inv != nil {
		for i := range inv.Findings {
			hintInFlags(&inv.Findings[i])
		}
	}
	return inv, err
}

// evaluatorOf is how the flags say that Nix is run.
func evaluatorOf(c *cli.Context) nixeval.Evaluator {
	e := nixeval.Evaluator{Nix: c.String("nix"), Offline: c.Bool("offline"), Refresh: c.Bool("refresh"),
		Impure: c.Bool("impure"), Grace: c.Duration("grace")}
	if dir, err := cachedir.Of(recall.CacheOf); err == nil { // without a home there is no cache, and that is all
		e.ProgramDir = filepath.Join(dir, "nix")
		if !c.Bool("no-cache") {
			e.CacheDir = dir
		}
	}
	for _, value := range c.StringSlice("override-input") {
		if e.OverrideInputs == nil {
			e.OverrideInputs = map[string]string{}
		}
		input, ref := pair(value)
		e.OverrideInputs[input] = ref
	}
	for _, value := range c.StringSlice("option") {
		name, setting := pair(value)
		e.Options = append(e.Options, name+"="+setting)
	}
	return e
}

// usable is a directory for the cache, or empty if it cannot be used. Where somebody else could have put answers that
// is said.
func usable(c *cli.Context, dir string) string {
	if dir == "" {
		return ""
	}
	err := cachedir.Check(dir)
	if errors.Is(err, cachedir.ErrUnsafe) {
		say(c, "%v", err)
	}
	if err != nil {
		return ""
	}
	return dir
}

// loadCached loads what the cache has.
func loadCached(ctx context.Context, ref instance.Ref, config instance.Config) (*instance.Inventory, error) {
	config.Evaluator.CacheOnly = true
	return instance.Load(ctx, ref, config)
}
