package upgrade

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
)

// placeText is a place in a file, escaped, with its hyperlink.
func placeText(p instance.Position, opts diff.TextOptions) string {
	if opts.Link == nil {
		return textview.Flat(p.String())
	}
	return textview.Hyperlink(opts.Link("new", p), textview.Flat(p.String()))
}

// Message says what the effect is, in one sentence or with Nix's own message.
func (e Effect) Message() string {
	if e.Finding != nil {
		return e.findingMessage()
	}
	setting := nixlang.PathString(e.Path)
	switch e.Part {
	case "export":
		return e.exportMessage(setting)
	case "setting":
		return e.settingMessage(setting)
	case "members":
		return map[string]string{"added": "joins", "removed": "leaves"}[e.Reason]
	case "tag":
		return map[string]string{"added": "gets", "removed": "loses"}[e.Reason] + " the tag " + e.Name
	case "service":
		if e.Kind == codes.EffectNew {
			return "a new service"
		}
		return "the service is gone; no instance uses it"
	case "role":
		if e.Kind == codes.EffectDeprecated {
			return "the module says of the role: " + e.Reason
		}
		return strings.TrimSuffix("a new role: "+e.Reason, ": ")
	case "option":
		if e.Kind == codes.EffectReview {
			return e.reviewMessage()
		}
		text := "a new option"
		if e.New != nil {
			text += ", by default " + string(e.New)
		}
		return strings.TrimSuffix(text+": "+e.Reason, ": ")
	}
	switch {
	case e.Reason != "":
		return e.Reason
	case e.Part == "module" && setting == "resolved":
		return fmt.Sprintf("without module.input the module is now the one of %s (was: of %s)",
			plain(e.New), plain(e.Old))
	}
	return setting + " " + change(e.Old, e.New)
}

// plain is a string without its quotes.
func plain(text json.RawMessage) string {
	var s string
	_ = json.Unmarshal(text, &s)
	return s
}

// lines are the first line of the message, and the others.
func (e Effect) lines() (first, more string) {
	first, more, _ = strings.Cut(strings.TrimRight(e.Message(), "\n"), "\n")
	return first, more
}

// findingMessage says what became of a module or role, where the finding says what there is not.
func (e Effect) findingMessage() string {
	f := e.Finding
	switch {
	case e.Kind != codes.EffectBreaks:
	case f.Code == codes.UnknownModule || f.Code == codes.RemovedModule:
		text := fmt.Sprintf("the module is gone from %s", f.Cause.Input)
		if e.Old != nil {
			text = fmt.Sprintf("without module.input the module is now looked up in %s (was: %s), which does not have it",
				f.Cause.Input, plain(e.Old))
		}
		if len(f.Cause.Elsewhere) > 0 {
			input, name, _ := strings.Cut(f.Cause.Elsewhere[0], "#")
			text += fmt.Sprintf("; %s offers %s", input, name)
		}
		if says := strings.TrimSpace(f.Cause.Nix); says != "" {
			text += "\n" + says
		}
		return text
	case f.Code == codes.UnknownRole && e.New != nil:
		var now []string
		if json.Unmarshal(e.New, &now) == nil && len(now) > 0 {
			return fmt.Sprintf("role %s is gone (now: %s)", e.Role, strings.Join(now, ", "))
		}
	}
	return f.Message()
}

func (e Effect) settingMessage(setting string) string {
	switch e.Kind {
	case codes.EffectUnused:
		return setting + " is written, and the option is gone"
	case codes.EffectDeprecated:
		if e.Reason == "renamed" {
			return setting + " is kept for the sake of old settings only"
		}
		return setting + " is kept for the sake of old settings only: " + sentence(e.Reason)
	}
	reason := map[string]string{
		"default":     "default, not set here",
		"new-option":  "new option, its default",
		"option-gone": "the option is gone",
		"type":        "the option has another type, which converts what is written",
		"module":      "the module computes it",
	}[e.Reason]
	if len(e.Path) == 0 {
		setting = "settings"
	}
	if e.Old == nil && e.New != nil {
		return fmt.Sprintf("%s = %s (%s)", setting, e.New, reason)
	}
	return fmt.Sprintf("%s %s (%s)", setting, change(e.Old, e.New), reason)
}

// reviewMessage says what an option takes, or is for, by now.
func (e Effect) reviewMessage() string {
	var was, is string
	_, _ = json.Unmarshal(e.Old, &was), json.Unmarshal(e.New, &is)
	if e.Reason == "type" {
		return fmt.Sprintf("now takes %s (was: %s)", is, was)
	}
	if first := sentence(is); first != sentence(was) {
		is = first
	}
	return "new description: " + strings.Join(strings.Fields(is), " ")
}

// exportMessage leaves out values of whole exports, and those that each machine has its own of.
func (e Effect) exportMessage(setting string) string {
	text, value, isWhole := "exports ", e.New, len(e.Path) == 1
	switch {
	case e.New == nil && e.Old == nil:
		return "exports " + setting + ", on each machine another value"
	case e.Old == nil && isWhole:
		text = "now exports "
	case e.New == nil && isWhole:
		text, value = "no longer exports ", e.Old
	default:
		return text + setting + " " + change(e.Old, e.New)
	}
	var parts map[string]any
	if json.Unmarshal(value, &parts) != nil || len(parts) == 0 {
		return text + setting
	}
	return fmt.Sprintf("%s%s (%s)", text, setting, strings.Join(slices.Sorted(maps.Keys(parts)), ", "))
}

// change is a value before and after.
func change(old, new json.RawMessage) string {
	switch {
	case old == nil:
		return "= " + string(new)
	case new == nil:
		return string(old) + " -> nothing"
	}
	return string(old) + " -> " + string(new)
}

// about names what the effect is about, in a few words.
func (e Effect) about() string {
	switch {
	case e.Instance != "" && e.Role != "":
		return e.Instance + " " + e.Role
	case e.Instance != "":
		return e.Instance
	case e.Service != "" && e.Part == "role":
		return e.Service + " " + e.Name
	case e.Service != "" && e.Role != "":
		return e.Service + " " + e.Role + " " + nixlang.PathString(e.Path)
	case e.Service != "":
		return e.Service
	case e.Finding != nil && e.Finding.Module != "":
		return e.Finding.Module
	case e.Part == "machine" || e.Part == "tag":
		return strings.Join(e.Machines, ", ")
	}
	return "the clan"
}

// isPlaced reports whether the effect has a place in the user's files.
func (e Effect) isPlaced() bool {
	return e.Position != nil && e.Position.File != "" && e.Kind != codes.EffectChanged
}

// where is the place in the user's files, or else the machines that are concerned.
func (e Effect) where() string {
	if e.isPlaced() {
		return e.Position.String()
	}
	switch n := len(e.Machines); {
	case n == 0 || e.Part == "machine" || e.Part == "tag":
		return ""
	case n > 3:
		return fmt.Sprintf("%d machines", n)
	}
	return strings.Join(e.Machines, ", ")
}

// shown are the effects to write. An export that differs from machine to machine is written once.
func (r *Report) shown() []Effect {
	var effects []Effect
	each := map[int]bool{}
	for _, e := range r.Effects {
		same := slices.IndexFunc(effects, func(other Effect) bool {
			return e.Part == "export" && other.sameBut(e) && (other.Old == nil) == (e.Old == nil) &&
				(other.New == nil) == (e.New == nil)
		})
		if same < 0 {
			effects = append(effects, e)
			continue
		}
		effects[same].join(e)
		each[same] = len(e.Path) > 1
	}
	for i := range each {
		if each[i] {
			effects[i].Old, effects[i].New = nil, nil
		}
	}
	return effects
}

// advice is what to do about an effect, escaped: its edits, or else a hint.
func (e Effect) advice(opts diff.TextOptions) []string {
	var lines []string
	for _, edit := range e.Edits {
		line := textview.Flat("edit: " + edit.text())
		if edit.Position != nil {
			line += " (" + placeText(*edit.Position, opts) + ")"
		}
		lines = append(lines, line)
	}
	if hint := e.hint(); hint != "" {
		lines = append(lines, textview.Flat("hint: "+hint))
	}
	return lines
}

func (e Effect) hint() string {
	switch {
	case e.Reason == "not-generated":
		return "after the update, run clan vars generate: an address waits for it"
	case len(e.Edits) > 0 || e.Finding == nil || e.Kind == codes.EffectFixed:
		return ""
	}
	return e.Finding.Hint()
}

// WriteText writes the report for people, as `clanctl upgrade` prints it where it is brief. Of the options Color and
// Link count. Text from the flake is escaped: it cannot command a terminal.
func (r *Report) WriteText(w io.Writer, opts diff.TextOptions) error {
	paint := textview.Painter(textview.Colourless)
	if opts.Color {
		paint = textview.Colourful
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", paint(textview.Bold, textview.Flat(textview.FirstLine(r.summary()))))
	effects := r.shown()
	if len(effects) > 0 {
		b.WriteByte('\n')
	}
	width, most := 0, 24
	for _, e := range effects {
		if w := displaywidth.String(textview.Flat(e.about())); w <= most {
			width = max(width, w)
		}
	}
	told := map[string]bool{"": true}
	for _, e := range effects {
		about := textview.Flat(e.about())
		first, more := e.lines()
		pad := strings.Repeat(" ", max(width-displaywidth.String(about), 0))
		where := textview.Flat(e.where())
		if e.isPlaced() {
			where = placeText(*e.Position, opts)
		}
		if where != "" {
			where = "  " + paint(textview.Dim, where)
		}
		label := fmt.Sprintf("%-10s", strings.ToUpper(e.Kind))
		fmt.Fprintf(&b, "%s %s%s  %s%s\n", paint(colourOf(e.Kind), label), about, pad, textview.Flat(first), where)
		margin := strings.Repeat(" ", 11+width+2)
		var lines []string
		if !told[more] { // several instances of a service have the same
			for line := range strings.SplitSeq(more, "\n") {
				lines = append(lines, textview.Flat(line))
			}
		}
		told[more] = true
		for _, line := range append(lines, e.advice(opts)...) {
			b.WriteString(strings.TrimRight(margin+line, " ") + "\n")
		}
	}
	_, err := b.WriteTo(w)
	return err
}

func colourOf(kind string) textview.Style {
	switch kind {
	case codes.EffectBreaks, codes.EffectRequired, codes.EffectConstraint:
		return textview.Red
	case codes.EffectFixed, codes.EffectNew:
		return textview.Green
	}
	return textview.Yellow
}

// Notes say what else is to be known, each in a sentence: which inputs are compared, and what moves with them.
func (r *Report) Notes() []string {
	var notes []string
	for _, input := range r.Inputs {
		notes = append(notes, inputText(input))
	}
	if len(r.Following) > 0 {
		notes = append(notes, "these follow: "+strings.Join(r.Following, ", "))
	}
	if r.Breaks() && !r.Exports && len(r.Inputs) > 0 {
		notes = append(notes, "exports could not be compared: they do not evaluate where something breaks")
	}
	return append(notes, "only the inventory was compared, not what modules make of it on the machines")
}

// Breaks reports whether something does not evaluate after the upgrade that evaluates before it.
func (r *Report) Breaks() bool {
	return slices.ContainsFunc(r.Effects, func(e Effect) bool { return e.Kind == codes.EffectBreaks })
}

// Brief is the report for people: without minor effects, of what the clan does not use, and without what is new, unless
// offers are wanted. It tells how many of each it leaves out.
func (r *Report) Brief(offers bool) (brief *Report, minor, new int) {
	short := *r
	short.Effects = nil
	for _, e := range r.Effects {
		switch {
		case e.Kind == codes.EffectNew && !offers:
			new++
		case e.Minor:
			minor++
		default:
			short.Effects = append(short.Effects, e)
		}
	}
	short.minor = minor
	return &short, minor, new
}

// inputText is an input with its date, before and after.
func inputText(input diff.InputChange) string {
	text := func(l *instance.Lock) string {
		if l == nil {
			return "?"
		}
		name := cmp.Or(l.Rev, l.NarHash, "?")
		name = name[:min(len(name), 9)]
		if l.Rev == "" && len(l.NarHash) > 15 {
			name = l.NarHash[:15]
		}
		if l.LastModified > 1 {
			name = time.Unix(l.LastModified, 0).UTC().Format(time.DateOnly) + " (" + name + ")"
		}
		return name
	}
	return fmt.Sprintf("%s: %s -> %s", input.Name, text(input.Old), text(input.New))
}
