package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/itchyny/gojq"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// jsonFlags say how JSON is printed; usage is that of --json.
func jsonFlags(usage string) []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: usage},
		&cli.StringFlag{Name: "jq", Usage: "print JSON, filtered with the jq expression `EXPR`"},
		&cli.BoolFlag{Name: "raw", Aliases: []string{"r"}, Usage: "with --jq: print strings without quotes"},
		&cli.BoolFlag{Name: "null", Aliases: []string{"0"},
			Usage: "end each name, or each value of --jq, with a NUL byte instead of a newline, for xargs -0"},
	}
}

// jsonOutput prints a document, filtered if that was asked for.
type jsonOutput struct {
	c     *cli.Context // its end ends an endless expression
	w     io.Writer
	query *gojq.Code
	raw   bool
	null  bool
}

// asksJSON reports whether a command that also prints text is to print JSON.
func asksJSON(c *cli.Context) bool { return c.Bool("json") || c.IsSet("jq") }

// newJSONOutput reads the flags; a wrong expression is found before anything is evaluated.
func newJSONOutput(c *cli.Context) (*jsonOutput, error) {
	out := &jsonOutput{c: c, w: stdout(c), raw: c.Bool("raw"), null: c.Bool("null")}
	color := stdout(c).color(c)
	if color {
		out.w = &jsonColors{w: stdout(c)}
	}
	if !c.IsSet("jq") {
		switch {
		case out.raw:
			return nil, usagef("-r goes with --jq")
		case out.null && !c.Bool("names") && !c.Bool("affected"):
			return nil, usagef("--null goes with names, or with --jq")
		}
		return out, nil
	}
	query, err := gojq.Parse(c.String("jq"))
	if err != nil {
		return nil, usagef("--jq: %v", err)
	}
	if out.query, err = gojq.Compile(query); err != nil {
		return nil, usagef("--jq: %v", err)
	}
	return out, nil
}

func (o *jsonOutput) print(doc any) error {
	if o.query == nil {
		return writeJSON(o.w, doc)
	}
	value, err := jsonvalue.Of(doc)
	if err != nil {
		return err
	}
	for iter := o.query.RunWithContext(o.c.Context, value); ; {
		v, ok := iter.Next()
		if !ok {
			return nil
		}
		if err, failed := v.(error); failed {
			if halt, ok := err.(*gojq.HaltError); ok {
				return o.halted(halt)
			}
			return fmt.Errorf("--jq: %w", err)
		}
		if err := o.value(finite(v)); err != nil {
			return err
		}
	}
}

// value prints one result of the filter.
func (o *jsonOutput) value(v any) error {
	end := "\n"
	if o.null {
		end = "\x00"
	}
	s, isString := v.(string)
	switch {
	case !isString || !o.raw:
		return writeJSONWith(o.w, v, end)
	case o.null && strings.Contains(s, end):
		return fmt.Errorf("--jq: %q holds a NUL byte, and with --null that ends it", s)
	}
	if stdout(o.c).isGuarded() && isCommand(s) {
		return hint.With(fmt.Errorf("--jq: %q would be a workflow command here", s),
			"print JSON, without -r, or write to a file")
	}
	_, err := io.WriteString(stdout(o.c), stdout(o.c).shown(s)+end)
	return err
}

// printNames prints names for a program, one a line; escaped for a terminal. One that holds a newline would be read as
// two, and is printed only with --null.
func printNames(c *cli.Context, names []string) error {
	out, end := stdout(c), "\n"
	if c.Bool("null") {
		end = "\x00"
	}
	var b strings.Builder
	for _, name := range names {
		if out.terminal != nil {
			name = flat(name)
		}
		if strings.Contains(name, end) {
			return hint.With(fmt.Errorf("the name %q holds a newline, and would be read as two", name),
				"print names with --null (-0), for xargs -0")
		}
		if out.isGuarded() && isCommand(name) {
			return hint.With(fmt.Errorf("the name %q would be a workflow command here", name),
				"give it another name, or write to a file")
		}
		b.WriteString(name + end)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// halted ends as the expression says: `halt` well, `halt_error` with its value on standard error and its exit code.
func (o *jsonOutput) halted(halt *gojq.HaltError) error {
	switch v := halt.Value().(type) {
	case nil:
		if halt.ExitCode() == 0 {
			return nil
		}
	case string:
		fmt.Fprint(stderr(o.c), term.Escape(v))
	default:
		if err := writeJSON(stderr(o.c), finite(v)); err != nil {
			return err
		}
	}
	return exitStatus(halt.ExitCode()) // of 0, too: what is on standard error is not kept with a document
}

// finite replaces the numbers that JSON does not have, as jq does.
func finite(v any) any {
	switch x := v.(type) {
	case float64:
		switch {
		case math.IsNaN(x):
			return nil
		case math.IsInf(x, 1):
			return math.MaxFloat64
		case math.IsInf(x, -1):
			return -math.MaxFloat64
		}
	case []any:
		for i := range x {
			x[i] = finite(x[i])
		}
	case map[string]any:
		for key := range x {
			x[key] = finite(x[key])
		}
	}
	return v
}

// plainly writes numbers as they are (to this encoder a json.Number is just a string), and settings without a copy for
// each member.
var plainly = jsonv2.WithMarshalers(jsonv2.JoinMarshalers(
	jsonv2.MarshalFunc(func(n json.Number) ([]byte, error) { return []byte(n), nil }),
	jsonv2.MarshalToFunc(writeSettings)))

// largeSettings is the length from which on settings are written token by token: a value in one piece is copied whole,
// more than once.
const largeSettings = 16 << 20

// writeSettings writes settings as they are.
func writeSettings(enc *jsontext.Encoder, s *instance.Settings) error {
	text := s.JSON()
	if len(text) < largeSettings {
		return enc.WriteValue(jsontext.Value(text))
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true))
	for {
		token, err := dec.ReadToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := enc.WriteToken(token); err != nil {
			return err
		}
	}
}

// writeJSON streams a value: a document of a large fleet is far larger than what it is made of.
func writeJSON(w io.Writer, v any) error { return writeJSONWith(w, v, "\n") }

// writeJSONWith is writeJSON with something else behind the value than the end of a line.
func writeJSONWith(w io.Writer, v any, end string) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	safe := term.NewJSONWriter(buffered)
	err := jsonv2.MarshalWrite(safe, v, jsontext.WithIndent("  "), jsonv2.Deterministic(true),
		jsonv2.FormatNilMapAsNull(true), jsonv2.FormatNilSliceAsNull(true), jsontext.AllowInvalidUTF8(true),
		jsonv1.OmitEmptyWithLegacySemantics(true),   // as encoding/json, which Go programs and --jq have it from
		jsontext.AllowDuplicateNames(true), plainly) // there are none, and looking for them costs
	if err != nil {
		return err
	}
	if _, err := buffered.WriteString(end); err != nil {
		return err
	}
	return buffered.Flush()
}

// printError says what went wrong, and what to do about it.
func printError(w io.Writer, err error) {
	width := 0
	if to, is := w.(*stream); is {
		width = to.width()
	}
	fmt.Fprintf(w, "%s\n", fitted("clanctl: ", err.Error(), width))
	if advice := hintOf(err); advice != "" {
		fmt.Fprintf(w, "  %s\n", fitted("hint: ", advice, width))
	}
}

// fitted is a text behind a label, with the lines after the first indented. For people words stay whole, while a
// command to copy stays on one line.
func fitted(label, text string, width int) string {
	text = indent(term.Escape(text))
	if width == 0 || strings.Contains(text, "\n") || strings.HasPrefix(text, "clanctl ") {
		return label + text
	}
	return textview.WrapWords(label+text, "  ", width)
}

func indent(s string) string { return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ") }
