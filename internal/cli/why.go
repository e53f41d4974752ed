package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/why"
)

func whyCommand() *cli.Command {
	return &cli.Command{
		Name:      "why",
		Usage:     "explain why a machine has a role, and where a setting comes from",
		ArgsUsage: "INSTANCE ROLE MACHINE [SETTING.PATH]",
		Description: "Without SETTING.PATH: by which name or tags the machine is a member, and all of its settings, with where each comes from.\n" +
			"With it: the final value, everything that is\n" +
			"written for the setting in the order of merging, what counts and what was overridden, and the option's type,\n" +
			"default and declaration. Names with dots in the path are quoted: 'files.\"a.txt\".mode'.\n\n" +
			"Exit codes: 0 explained, 1 there is no such thing, or the setting does not evaluate, 2 usage, 130 interrupted.",
		Flags: append(jsonFlags("print JSON"), colorFlag()),
		Action: remembered(func(c *cli.Context) error {
			out, err := newJSONOutput(c)
			if err != nil {
				return err
			}
			args := c.Args().Slice()
			if len(args) < 3 || len(args) > 4 {
				advice := "clanctl why INSTANCE ROLE MACHINE [SETTING.PATH]"
				if n := len(args); n == 1 || n == 2 {
					advice += "; see the members with " + shell.Join([]string{"clanctl", "instances", args[0]})
				}
				return usageError{"why takes an instance, a role, a machine and perhaps a setting", advice}
			}
			ref := instance.Subject{Instance: args[0], Role: args[1], Machine: args[2]}
			if len(args) == 4 {
				if ref.Setting, err = parsePath(args[3]); err != nil {
					return err
				}
			}
			paint := stdout(c).painter(c)
			e, origins, err := explain(c, ref)
			if err != nil {
				return otherKinds(c, err)
			}
			if asksJSON(c) {
				err = out.print(explanation{e, origins})
			} else {
				text := &whyText{paint: paint, width: stdout(c).width(), link: sourceOf(c).link(c, stdout(c))}
				text.explanation(e)
				text.origins(origins)
				_, err = text.WriteTo(stdout(c))
			}
			if err == nil && e.Setting != nil && e.Setting.Problem != "" {
				return exitStatus(exitFailed)
			}
			return err
		}),
	}
}

// explanation is what is printed for programs.
type explanation struct {
	*why.Explanation
	// Settings are all of the member's, where none was asked about.
	Settings []settingOrigin `json:"settings,omitzero"`
}

// settingOrigin is a setting of a member, and where it comes from.
type settingOrigin struct {
	Definitions []why.Definition `json:"definitions"`
	From        string           `json:"from"`
	Path        []string         `json:"path"`
	Value       any              `json:"value"`
}

func explain(c *cli.Context, ref instance.Subject) (*why.Explanation, []settingOrigin, error) {
	want := instance.Config{Instances: []string{ref.Instance}, Need: instance.NeedOrigins}
	if ref.Setting != nil {
		want.Setting = ref
	}
	inv, err := load(c, want)
	if c.Bool("show-trace") {
		printTraces(c, err)
		if inv != nil && facts.Of(inv).Setting != nil {
			printTraces(c, facts.Of(inv).Setting.Err)
		}
	}
	if inv == nil {
		return nil, nil, err
	}
	e, err := why.Explain(inv, ref)
	if err != nil || ref.Setting != nil {
		return e, nil, err
	}
	origins := []settingOrigin{}
	of := instance.Scope{Instance: ref.Instance, Role: ref.Role, Machine: ref.Machine}
	for _, o := range why.Origins(inv, of) {
		if len(o.Path) > 0 { // or there are no settings
			origins = append(origins, settingOrigin{o.Definitions, o.From, o.Path, o.Value})
		}
	}
	return e, origins, nil
}

// whyText is an explanation as people read it.
type whyText struct {
	strings.Builder
	paint painter
	width int
	// link returns the URL of a place, or nothing; nil makes no hyperlinks.
	link func(instance.Position) string
}

// WriteTo writes the text.
func (b *whyText) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// printf writes a text in a style, escaped.
func (b *whyText) printf(s style, format string, args ...any) {
	b.WriteString(b.paint(s, term.Escape(fmt.Sprintf(format, args...))))
}

func (b *whyText) explanation(e *why.Explanation) {
	b.printf(plain, "%s is in the role %s of %s:\n", flat(e.Machine), flat(e.Role), flat(e.Instance))
	if e.Member.Explicit {
		b.printf(plain, "  by name")
		b.WriteString(b.paint(dim, b.place(e.Member.Position)) + "\n")
	}
	for _, tag := range e.Member.Tags {
		b.printf(plain, "  by the tag %s", flat(tag.Name))
		b.WriteString(b.paint(dim, b.place(tag.Position)) + "\n")
	}
	if e.Setting != nil {
		b.setting(e.Setting)
	}
}

// visible measures text with hyperlinks in it.
var visible = displaywidth.Options{ControlSequences: true}

// origins lists settings; a default, which is what nobody wrote, is dim.
func (b *whyText) origins(origins []settingOrigin) {
	if len(origins) > 0 {
		b.WriteString("\nsettings:\n")
	}
	for _, o := range origins {
		line, from := "  "+flat(nixlang.PathString(o.Path))+" = "+flat(textview.CompactJSON(o.Value)), b.originText(o)
		separator := "  "
		if b.width > 0 && visible.String(line+separator+from) > b.width {
			separator = "\n      "
		}
		written := dim
		if o.From == codes.SourceLayers {
			written = plain
		}
		b.printf(written, "%s", line)
		b.WriteString(separator + b.paint(dim, from) + "\n")
	}
}

// originText says where a setting comes from: the layers that count, in the order of merging, with their places.
func (b *whyText) originText(o settingOrigin) string {
	switch o.From {
	case codes.SourceDefault:
		return "default"
	case codes.SourceModule:
		return "computed by the module"
	case codes.SourceUnknown:
		return "not known"
	}
	var texts []string
	for _, d := range o.Definitions {
		if d.Counts {
			texts = append(texts, flat(strings.TrimSpace(d.Layer+" "+d.Name))+b.place(d.Position))
		}
	}
	return "from " + strings.Join(texts, ", ")
}

func (b *whyText) setting(s *why.Setting) {
	b.WriteByte('\n')
	b.printf(bold, "%s", nixlang.PathString(s.Path))
	switch {
	case s.Value != nil:
		b.printf(plain, " = ")
		b.printf(green, "%s", compactRaw(s.Value))
		b.WriteByte('\n')
	case s.Problem != "":
		b.printf(red, " does not evaluate:\n  %s", indent(s.Problem))
		b.WriteByte('\n')
	default:
		b.WriteString(" has no value\n")
	}
	if len(s.Definitions) > 0 {
		b.WriteString("\nwritten, in the order of merging:\n")
	}
	for _, d := range s.Definitions {
		mark, style := "  ", plain
		if !d.Counts {
			mark, style = "- ", dim
		}
		b.printf(style, "%s%s", mark, flat(strings.TrimSpace(d.Layer+" "+d.Name)))
		b.WriteString(b.paint(dim, b.place(d.Position)))
		b.printf(style, ": %s", textview.CompactJSON(d.Value))
		if name := priorityName(d.Priority); name != "" {
			b.printf(yellow, "  [%s]", name)
		}
		if !d.Counts {
			b.printf(dim, "  (overridden)")
		}
		b.WriteByte('\n')
	}
	if s.Hint != "" {
		b.printf(plain, "hint: %s\n", s.Hint)
	}
	if o := s.Option; o != nil {
		b.option(s, o)
	}
}

func (b *whyText) option(s *why.Setting, o *why.Option) {
	b.WriteByte('\n')
	if len(o.Path) < len(s.Path) {
		b.printf(plain, "lies in the option %s\n", nixlang.PathString(o.Path))
	}
	if len(o.Options) > 0 {
		b.printf(plain, "options: %s\n", flat(strings.Join(o.Options, ", ")))
	}
	if o.Type != "" {
		b.printf(plain, "type: %s\n", o.Type)
	}
	if o.HasDefault {
		b.printf(plain, "default: %s\n", textview.CompactJSON(o.Default))
	} else if o.Type != "" {
		b.WriteString("no default\n")
	}
	for _, p := range o.Declared {
		b.WriteString(b.paint(dim, "declared at "+b.linked(p)) + "\n")
	}
	if text := strings.TrimSpace(o.Description); text != "" {
		b.printf(plain, "\n  %s\n", indent(text))
	}
}

// place is where something is written, in parentheses, with a hyperlink.
func (b *whyText) place(p *instance.Position) string {
	if p == nil {
		return ""
	}
	return " (" + b.linked(*p) + ")"
}

func (b *whyText) linked(p instance.Position) string {
	if b.link == nil {
		return flat(p.String())
	}
	return textview.Hyperlink(b.link(p), flat(p.String()))
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
