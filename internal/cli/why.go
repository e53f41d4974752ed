package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/why"
)

func whyCommand() *cli.Command {
	return &cli.Command{
		Name:      "why",
		Usage:     "explain why a machine is in a role, and where a setting of it comes from",
		ArgsUsage: "INSTANCE ROLE MACHINE [SETTING.PATH]",
		Description: "Without SETTING.PATH: by which name or tags the machine is a member. With it: the final value, everything that is\n" +
			"written for the setting in the order of merging, what counts and what was overridden, and the option's type,\n" +
			"default and declaration. Names with dots in the path are quoted: 'files.\"a.txt\".mode'.\n\n" +
			"Exit codes: 0 explained, 1 there is no such thing, or the setting does not evaluate, 2 usage, 130 interrupted.",
		Flags: jsonFlags("print JSON"),
		Action: remembered(func(c *cli.Context) error {
			out, err := newJSONOutput(c)
			if err != nil {
				return err
			}
			args := c.Args().Slice()
			if len(args) < 3 || len(args) > 4 {
				return usageError{"why takes an instance, a role, a machine and perhaps a setting", "see clanctl why --help"}
			}
			ref := instance.SettingRef{Instance: args[0], Role: args[1], Machine: args[2]}
			if len(args) == 4 {
				if ref.Path = instance.ParsePath(args[3]); len(ref.Path) == 0 {
					return usageError{"the path of the setting is empty", "leave it out to ask for the membership"}
				}
			}
			e, err := explain(c, ref)
			if err != nil {
				return err
			}
			if c.Bool("json") || c.IsSet("jq") {
				err = out.print(e)
			} else {
				err = printExplanation(stdout(c), e)
			}
			if err == nil && e.Setting != nil && e.Setting.Problem != "" {
				return exitStatus(exitFailed)
			}
			return err
		}),
	}
}

func explain(c *cli.Context, ref instance.SettingRef) (*why.Explanation, error) {
	want := instance.Config{Instances: []string{ref.Instance}, Need: instance.NeedInstances}
	if ref.Path != nil {
		want.Need, want.Setting = instance.NeedSetting, ref
	}
	inv, err := load(c, want)
	if c.Bool("show-trace") {
		printTraces(c, err)
		if inv != nil && facts.Of(inv).Setting != nil {
			printTraces(c, facts.Of(inv).Setting.Err)
		}
	}
	if inv == nil {
		return nil, err
	}
	return why.Explain(inv, ref)
}

func printExplanation(w io.Writer, e *why.Explanation) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s is in the role %s of %s:\n", flat(e.Machine), flat(e.Role), flat(e.Instance))
	if e.Member.Explicit {
		fmt.Fprintf(b, "  by name%s\n", place(e.Member.Position))
	}
	for _, tag := range e.Member.Tags {
		fmt.Fprintf(b, "  by the tag %s%s\n", flat(tag.Name), place(tag.Position))
	}
	if e.Setting != nil {
		printSetting(b, e.Setting)
	}
	_, err := io.WriteString(w, term.Escape(b.String()))
	return err
}

func printSetting(b *strings.Builder, s *why.Setting) {
	fmt.Fprintf(b, "\n%s", instance.PathString(s.Path))
	switch {
	case s.Value != nil:
		fmt.Fprintf(b, " = %s\n", oneLine(textview.DecodeJSON(s.Value)))
	case s.Problem != "":
		fmt.Fprintf(b, " does not evaluate:\n  %s\n", indent(s.Problem))
	default:
		b.WriteString(" has no value\n")
	}
	if len(s.Definitions) > 0 {
		b.WriteString("\nwritten, in the order of merging:\n")
	}
	for _, d := range s.Definitions {
		mark := "  "
		if !d.Counts {
			mark = "- "
		}
		fmt.Fprintf(b, "%s%s%s: %s", mark, flat(strings.TrimSpace(d.Layer+" "+d.Name)), place(d.Position), oneLine(d.Value))
		if name := priorityName(d.Priority); name != "" {
			fmt.Fprintf(b, "  [%s]", name)
		}
		if !d.Counts {
			b.WriteString("  (overridden)")
		}
		b.WriteByte('\n')
	}
	if s.Hint != "" {
		fmt.Fprintf(b, "hint: %s\n", s.Hint)
	}
	if o := s.Option; o != nil {
		printOption(b, s, o)
	}
}

func printOption(b *strings.Builder, s *why.Setting, o *why.Option) {
	b.WriteByte('\n')
	if len(o.Path) < len(s.Path) {
		fmt.Fprintf(b, "lies in the option %s\n", instance.PathString(o.Path))
	}
	if len(o.Options) > 0 {
		fmt.Fprintf(b, "options: %s\n", flat(strings.Join(o.Options, ", ")))
	}
	if o.Type != "" {
		fmt.Fprintf(b, "type: %s\n", o.Type)
	}
	if o.HasDefault {
		fmt.Fprintf(b, "default: %s\n", oneLine(o.Default))
	} else if o.Type != "" {
		b.WriteString("no default\n")
	}
	for _, p := range o.Declared {
		fmt.Fprintf(b, "declared at %s\n", flat(p.String()))
	}
	if text := strings.TrimSpace(o.Description); text != "" {
		fmt.Fprintf(b, "\n  %s\n", indent(text))
	}
}

func place(p *instance.Position) string {
	if p == nil {
		return ""
	}
	return " (" + flat(p.String()) + ")"
}

func oneLine(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(text)
}

// priorityName is how a priority is written in Nix; "" for a plain value.
func priorityName(p int64) string {
	switch p {
	case 100:
		return ""
	case 50:
		return "mkForce"
	case 1000:
		return "mkDefault"
	}
	return fmt.Sprintf("mkOverride %d", p)
}
