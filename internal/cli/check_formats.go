package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// reportFormat returns what prints a report in the format that the flags ask for.
func reportFormat(c *cli.Context) (func(*report) error, error) {
	format, json, err := formatOf(c)
	if err != nil {
		return nil, err
	}
	w := stdout(c)
	switch format {
	case "json":
		return func(r *report) error { return json.print(r) }, nil
	case "sarif":
		return func(r *report) error { return writeJSON(w, sarifOf(r)) }, nil
	case "github":
		w.letCommands()
		return func(r *report) error { return printAnnotations(w, r) }, nil
	case "junit":
		return func(r *report) error { return printJUnit(w, r) }, nil
	}
	return func(r *report) error { return printText(c, r) }, nil
}

// formatOf reads --format, --json and --jq, which mean the format json. Without any it is text.
func formatOf(c *cli.Context) (string, *jsonOutput, error) {
	json, err := newJSONOutput(c)
	if err != nil {
		return "", nil, err
	}
	format := c.String("format")
	if asksJSON(c) {
		if format != "" && format != "json" {
			return "", nil, usagef("--format %s is not JSON: leave out --json and --jq", format)
		}
		format = "json"
	}
	return cmp.Or(format, "text"), json, nil
}

// messageOf is all that there is to say of a finding beside its place, for formats that have one text for it.
func messageOf(f instance.Finding) string {
	text := textview.DetailsOf(f)
	if about := f.About(); about != "" {
		text = about + ": " + text
	}
	if isElsewhere(f.File) {
		text = f.Position.String() + ": " + text // there is no place in the repository that one could point to
	}
	return text
}

// printAnnotations prints workflow commands, of which GitHub makes annotations.
func printAnnotations(w io.Writer, r *report) error {
	out := bufio.NewWriter(w)
	for _, f := range textview.WorstFirst(r.Findings) {
		var properties []string
		add := func(name, value string) {
			properties = append(properties, name+"="+annotationProperty.Replace(term.Escape(value)))
		}
		if f.File != "" && !isElsewhere(f.File) {
			add("file", f.File)
			if f.Line > 0 {
				add("line", fmt.Sprint(f.Line))
				add("col", fmt.Sprint(r.source.column(f.Position)))
			}
		}
		add("title", f.Code)
		command := string(f.Severity)
		if f.Severity == instance.SeverityNote {
			command = "notice"
		}
		fmt.Fprintf(out, "::%s %s::%s\n", command, strings.Join(properties, ","),
			annotationData.Replace(term.Escape(messageOf(f))))
	}
	fmt.Fprintln(out, r.summary())
	return out.Flush()
}

// What the runner undoes in a command's text and in its properties.
var (
	annotationData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func printText(c *cli.Context, r *report) error {
	out := bufio.NewWriter(stdout(c))
	if len(r.Findings) > 0 {
		stdout(c).printFindings(c, out, r.source, r.Findings)
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, r.summary())
	return out.Flush()
}
