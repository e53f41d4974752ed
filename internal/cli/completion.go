package cli

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
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
// line, with a tab and what it is behind it; or a tab and what they complete themselves: files, directories. No blank
// follows a candidate that ends with an equals sign: bash is told so, fish has it so.
var completionScripts = map[string]string{
	"bash": `_clanctl() {
	local candidate
	COMPREPLY=()
	compopt +o default 2>/dev/null
	while IFS= read -r candidate; do
		case $candidate in
		$'\tfiles') compopt -o default ;;
		$'\tdirectories') compopt -o dirnames ;;
		$'\tmore') compopt -o nospace ;;
		*) COMPREPLY+=("$candidate") ;;
		esac
	done < <(clanctl ` + completeBashWord + ` "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null) 2>/dev/null
}
complete -o default -F _clanctl clanctl
`,
	"zsh": `#compdef clanctl
_clanctl() {
	local line
	local -a found beginnings
	for line in "${(@f)$(clanctl ` + completeWord + ` "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
		case $line in
		'') ;;
		$'\tfiles') [[ $PREFIX == --*=* ]] && compset -P '--*='; _files; return ;;
		$'\tdirectories') [[ $PREFIX == --*=* ]] && compset -P '--*='; _files -/; return ;;
		*)
			local text=${line%%$'\t'*}
			local about=${line#*$'\t'}
			text=${${text//\\/\\\\}//:/\\:}
			[[ $line == *$'\t'* ]] && text+=:$about
			if [[ ${line%%$'\t'*} == *= ]]; then beginnings+=("$text"); else found+=("$text"); fi
			;;
		esac
	done
	(( $#found )) && _describe -t values value found
	(( $#beginnings )) && _describe -t values value beginnings -S ''
}
compdef _clanctl clanctl
`,
	"fish": `function __clanctl_complete
	set -l word (commandline -ct | string unescape)
	set -l found (clanctl ` + completeWord + ` (commandline -opc)[2..] $word 2>/dev/null)
	set -l flag (string match -r -- '^--[^=]*=' $word)
	set -l file (string replace -r -- '^--[^=]*=' '' $word)
	switch "$found[1]"
		case \tfiles
			printf '%s\n' "$flag"(__fish_complete_path $file)
		case \tdirectories
			printf '%s\n' "$flag"(__fish_complete_directories $file)
		case '*'
			string join -- \n $found
	end
end
complete -c clanctl -f -a '(__clanctl_complete)'
`,
}

// completeWord is the word that asks for candidates instead of a command.
const completeWord = "__complete"

// completion is a word to be completed, and what stands before it.
type completion struct {
	c       *cli.Context // with the flags before it
	command *cli.Command
	name    string // the command's, with those above it: "instances create"
	given   []string
	word    string

	inv *instance.Inventory
}

// inventory is what the cache has of the clan, the most complete that there is; empty if it has nothing.
func (comp *completion) inventory() *instance.Inventory {
	wants := []instance.Config{{}, {Need: instance.NeedInstances}, {Need: instance.NeedMachines}, needRefs}
	if len(comp.given) > 0 {
		wants = append(wants, instance.Config{Instances: comp.given[:1]})
	}
	for i := 0; i < len(wants) && comp.inv == nil; i++ {
		comp.inv, _ = ask(comp.c, wants[i], loadCached)
	}
	if comp.inv == nil {
		comp.inv = &instance.Inventory{}
	}
	return comp.inv
}

// role is the one that the names before the word say, where a command is about an instance and a role in it. It is
// empty if there is none of the name.
func (comp *completion) role() (role *instance.Role, known bool) {
	if !strings.HasPrefix(comp.command.ArgsUsage, "INSTANCE ROLE ") || len(comp.given) < 2 {
		return &instance.Role{}, false
	}
	if inst := comp.inventory().Instances[comp.given[0]]; inst != nil && inst.Roles[comp.given[1]] != nil {
		return inst.Roles[comp.given[1]], true
	}
	return &instance.Role{}, true
}

// complete returns the candidates for the last of the words. It is quick and never complains: where it knows nothing,
// there are none. Names that a terminal cannot show as they are, and names that would be taken for flags, are none
// either.
func complete(ctx context.Context, words []string) []candidate {
	if len(words) == 0 {
		words = []string{""}
	}
	before, current := words[:len(words)-1], words[len(words)-1]
	app := newApp(io.Discard, io.Discard)
	line, err := arrange(app, append([]string{app.Name}, before...))
	if err != nil && line.waits == nil {
		return nil
	}
	var found []candidate
	flag, value, isValue := strings.Cut(current, "=")
	namesOnly := slices.Contains(before, "--")
	isFlag := strings.HasPrefix(current, "-") && !namesOnly
	switch {
	case line.waits != nil:
		found = candidates(ctx, app, line, valuesOf(line.waits, line.waitsAt), current)
	case isFlag && isValue:
		if of := flagNamed(app, line.command(), nil, strings.TrimLeft(flag, "-")); of != nil {
			found = behind(flag+"=", candidates(ctx, app, line, valuesOf(of, 0), value))
		}
	case isFlag:
		found = flagCandidates(line.command())
	default:
		if len(line.names) == 0 {
			for _, next := range commandsBelow(app, line.command()) {
				found = append(found, candidate{next.Name, next.Usage})
			}
		}
		if command := line.command(); command != nil {
			found = append(found,
				candidates(ctx, app, line, placeholder(command.ArgsUsage, len(line.names)), current)...)
		}
		found = slices.DeleteFunc(found, func(c candidate) bool { return strings.HasPrefix(c.text, "-") && !namesOnly })
	}
	for _, byShell := range []string{anyFile, anyDirectory} {
		if slices.ContainsFunc(found, func(c candidate) bool { return strings.HasSuffix(c.text, byShell) }) {
			return []candidate{{text: byShell}}
		}
	}
	return slices.DeleteFunc(found, func(c candidate) bool {
		return !strings.HasPrefix(c.text, current) || term.EscapeLine(c.text) != c.text
	})
}

// candidates are those of a completer behind a line.
func candidates(ctx context.Context, app *cli.App, line *commandLine, do completer, word string) (found []candidate) {
	command := line.command()
	if do == nil || command == nil || command.Action == nil {
		return nil
	}
	command.Action = func(c *cli.Context) error {
		found = do(&completion{c: c, command: command, name: line.commandName(), given: line.names, word: word})
		return nil
	}
	if app.RunContext(ctx, line.args()) != nil {
		return nil
	}
	return found
}

// flagCandidates are the flags of a command.
func flagCandidates(command *cli.Command) (found []candidate) {
	if command == nil {
		return nil
	}
	for _, flag := range append(command.Flags, helpFlag) {
		for _, name := range flag.Names() {
			if len(name) > 1 {
				found = append(found, candidate{"--" + name, flagText(flag)})
			}
		}
	}
	return found
}
