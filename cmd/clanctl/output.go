package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/itchyny/gojq"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
)

// jsonFlags say how JSON is printed.
func jsonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print JSON (the only format)"},
		&cli.StringFlag{Name: "jq", Usage: "filter the JSON with the jq expression `EXPR`"},
		&cli.BoolFlag{Name: "raw", Aliases: []string{"r"}, Usage: "with --jq: print strings without quotes"},
	}
}

// jsonOutput prints a document, filtered if that was asked for.
type jsonOutput struct {
	w        io.Writer
	errors   io.Writer
	ctx      context.Context // ends an endless expression
	query    *gojq.Code
	filter   string
	impure   bool // what the filter gives hangs on more than the document
	raw      bool
	terminal bool
}

// newJSONOutput reads the flags; a wrong expression is found before anything is evaluated.
func newJSONOutput(c *cli.Context) (*jsonOutput, error) {
	out := &jsonOutput{w: c.App.Writer, errors: c.App.ErrWriter, ctx: c.Context, raw: c.Bool("raw"), filter: c.String("jq"), terminal: isTerminal(c.App.Writer)}
	if !c.IsSet("jq") {
		if out.raw {
			return nil, usagef("-r goes with --jq")
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
	out.impure = !jqIsPure(query)
	return out, nil
}

// to is the same output to another writer.
func (o jsonOutput) to(w io.Writer) *jsonOutput { o.w = w; return &o }

// name stands for all that a document's text depends on besides the document: the command, the flags, and this program. It is empty for a
// text that depends on yet more.
func (o *jsonOutput) name(command string) string {
	if o.impure {
		return ""
	}
	program := ""
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			program = fmt.Sprint(path, info.Size(), info.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("%s %q %t %t %s", command, o.filter, o.raw, o.terminal, program)
}

func (o *jsonOutput) print(doc any) error {
	if o.query == nil {
		return writeJSON(o.w, doc)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return err
	}
	for iter := o.query.RunWithContext(o.ctx, value); ; {
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
		if s, isString := v.(string); isString && o.raw {
			if _, err := io.WriteString(o.w, o.rawText(s)+"\n"); err != nil {
				return err
			}
			continue
		}
		if err := writeJSON(o.w, finite(v)); err != nil {
			return err
		}
	}
}

// halted ends as the expression says: `halt` well, `halt_error` with its value on standard error and its exit code.
func (o *jsonOutput) halted(halt *gojq.HaltError) error {
	switch v := halt.Value().(type) {
	case nil:
		if halt.ExitCode() == 0 {
			return nil
		}
	case string:
		fmt.Fprint(o.errors, term.Escape(v))
	default:
		if err := writeJSON(o.errors, finite(v)); err != nil {
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

// rawText is a string as it is for a program, and escaped for a terminal.
func (o *jsonOutput) rawText(s string) string {
	if o.terminal {
		return term.Escape(s)
	}
	return s
}

// numbers are written as they are: to this encoder a json.Number is just a string.
var numbers = jsonv2.WithMarshalers(jsonv2.MarshalFunc(func(n json.Number) ([]byte, error) { return []byte(n), nil }))

// writeJSON streams a value: a document of a large fleet is far larger than what it is made of.
func writeJSON(w io.Writer, v any) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	safe := term.NewJSONWriter(buffered)
	err := jsonv2.MarshalWrite(safe, v, jsontext.WithIndent("  "), jsonv2.Deterministic(true),
		jsonv2.FormatNilMapAsNull(true), jsonv2.FormatNilSliceAsNull(true), jsontext.AllowInvalidUTF8(true), numbers)
	if err != nil {
		return err
	}
	if _, err := safe.Write([]byte("\n")); err != nil {
		return err
	}
	return buffered.Flush()
}

// printError says what went wrong, and what to do about it.
func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "clanctl: %s\n", indent(term.Escape(err.Error())))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(w, "  hint: %s\n", indent(term.Escape(hint)))
	}
}

// printFinding prints a finding as text.
func printFinding(w io.Writer, f instance.Finding) {
	place := f.Subject()
	if f.File != "" {
		place = strings.TrimSuffix(f.Position.String()+": "+place, ": ")
	}
	fmt.Fprintf(w, "%s: %s [%s]\n  %s\n", f.Severity, term.Escape(place), f.Code, indent(term.Escape(f.Message)))
	for _, d := range f.Definitions {
		fmt.Fprintf(w, "  - %s\n", term.Escape(d.String()))
	}
	if f.Hint != "" {
		fmt.Fprintf(w, "  hint: %s\n", indent(term.Escape(f.Hint)))
	}
}

func indent(s string) string { return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ") }
