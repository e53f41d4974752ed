package cli

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/export"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a shell script that completes commands, flags and the clan's names",
		ArgsUsage: "bash|zsh|fish",
		Description: "Names of instances, roles, machines and tags come from answers that are kept of earlier commands; completion never runs\n" +
			"Nix. To have it in every shell:\n\n" +
			"   bash: echo 'source <(clanctl completion bash)' >> ~/.bashrc\n" +
			"   zsh:  echo 'source <(clanctl completion zsh)' >> ~/.zshrc\n" +
			"   fish: mkdir -p ~/.config/fish/completions; clanctl completion fish > ~/.config/fish/completions/clanctl.fish",
		Action: func(c *cli.Context) error {
			script, known := completionScripts[c.Args().First()]
			if !known || c.NArg() != 1 {
				return usageError{"completion takes the name of a shell",
					"one of " + strings.Join(slices.Sorted(maps.Keys(completionScripts)), ", ")}
			}
			_, err := io.WriteString(stdout(c), script)
			return err
		},
	}
}

// The scripts hand the words of the command line to clanctl, the one to complete last, and take back one candidate a
// line.
var completionScripts = map[string]string{
	"bash": `_clanctl() {
	local candidate
	COMPREPLY=()
	while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done \
		< <(clanctl ` + completeBashWord + ` "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -o default -F _clanctl clanctl
`,
	"zsh": `#compdef clanctl
_clanctl() {
	local -a found
	found=("${(@f)$(clanctl ` + completeWord + ` "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
	found=(${found:#})
	if (( $#found )); then compadd -- "${found[@]}"; else _files; fi
}
compdef _clanctl clanctl
`,
	"fish": `complete -c clanctl -f -a '(clanctl ` + completeWord +
		` (commandline -opc)[2..] (commandline -ct | string unescape) 2>/dev/null)'
`,
}

// completeWord is the word that asks for candidates instead of a command.
const completeWord = "__complete"

// complete returns the candidates for the last of the words. It is quick and never complains: where it knows nothing,
// there are none. Names that a terminal cannot show as they are, and names that would be taken for flags, are none
// either.
func complete(ctx context.Context, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	before, current := words[:len(words)-1], words[len(words)-1]
	namesOnly := slices.Contains(before, "--")
	return slices.DeleteFunc(candidates(ctx, before, current, namesOnly), func(candidate string) bool {
		isFlag := strings.HasPrefix(candidate, "-") && !namesOnly && !strings.HasPrefix(current, "-")
		return isFlag || !strings.HasPrefix(candidate, current) || term.EscapeLine(candidate) != candidate
	})
}

func candidates(ctx context.Context, before []string, current string, namesOnly bool) []string {
	app := newApp(io.Discard, io.Discard)
	line, err := arrange(app, append([]string{app.Name}, before...))
	if err != nil {
		return nil // a flag that waits for its value, or something wrong
	}
	command := line.command()
	var found []string
	if len(line.names) == 0 {
		for _, next := range commandsBelow(app, command) {
			found = append(found, next.Name)
		}
	}
	if command == nil {
		return found
	}
	if strings.HasPrefix(current, "-") && !namesOnly {
		var flags []string
		for _, flag := range append(command.Flags, helpFlag) {
			for _, name := range flag.Names() {
				if len(name) > 1 {
					flags = append(flags, "--"+name)
				}
			}
		}
		slices.Sort(flags)
		return flags
	}
	if command.Action == nil {
		return found
	}
	command.Action = func(c *cli.Context) error {
		found = append(found, namesFor(c, line.commandName(), c.Args().Slice())...)
		return nil
	}
	if app.RunContext(ctx, line.args()) != nil {
		return nil
	}
	return found
}

// namesFor are the names that may come next. The command's name has those above it: "instances create".
func namesFor(c *cli.Context, command string, given []string) []string {
	if command == "completion" {
		return slices.Sorted(maps.Keys(completionScripts))
	}
	if command == "export" && len(given) == 0 {
		return slices.Sorted(maps.Keys(export.Formats))
	}
	if command == "explain" {
		return codeNames()
	}
	if command == "diff" {
		ref, err := nixeval.ResolveRef(c.String("flake"))
		if err != nil || len(given) > 1 || !ref.Git {
			return nil
		}
		names, _ := git.Repo(ref.Root).Names(c.Context)
		return names
	}
	if command == "modules" {
		return nil
	}
	if command == "modules show" || command == "gen go" {
		return keptModules(c)
	}
	inv := kept(c, given)
	if inv == nil {
		return nil
	}
	if names, known := changeNames(inv, command, given); known {
		return names
	}
	switch command {
	case "schema":
		if len(given) > 0 {
			return rolesOf(inv, given[0])
		}
		return append(slices.Clone(inv.InstanceNames()), keptModules(c)...)
	case "refs":
		return slices.Sorted(maps.Keys(knownNames(inv)))
	case "machines", "reach", "export":
		return inv.Index().Machines()
	case "tags":
		return slices.Sorted(maps.Keys(inv.Tags))
	case "why":
		if len(given) == 0 {
			return inv.InstanceNames()
		}
		inst := inv.Instances[given[0]]
		switch {
		case inst == nil:
		case len(given) == 1:
			return slices.Sorted(maps.Keys(inst.Roles))
		case inst.Roles[given[1]] == nil:
		case len(given) == 2:
			return slices.Sorted(maps.Keys(inst.Roles[given[1]].Machines))
		case len(given) == 3:
			if member := inst.Roles[given[1]].Machines[given[2]]; member != nil && member.Settings != nil {
				return settingPaths(nil, member.Settings.Value())
			}
		}
		return nil
	}
	return inv.InstanceNames()
}

// settingPaths are the paths of all settings in a value, sets included.
func settingPaths(prefix []string, value any) []string {
	set, _ := value.(map[string]any)
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		path := append(slices.Clip(prefix), name)
		paths = append(append(paths, instance.PathString(path)), settingPaths(path, set[name])...)
	}
	return paths
}

// kept returns what the cache has of the clan, the most complete first; nil if it has nothing.
func kept(c *cli.Context, given []string) *instance.Inventory {
	wants := []instance.Config{{}, {Need: instance.NeedInstances}, {Need: instance.NeedMachines}, needRefs}
	if len(given) > 0 {
		wants = append(wants, instance.Config{Instances: given[:1]})
	}
	for _, want := range wants {
		if inv, _ := ask(c, want, loadCached); inv != nil {
			return inv
		}
	}
	return nil
}
