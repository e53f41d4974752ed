package cli

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// The part of JUnit's XML, as Jenkins' schema (junit-10.xsd) has it, that there is use for.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
		Out      string      `xml:"system-out"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		Error   *junitResult `xml:"error"`
		Failure *junitResult `xml:"failure"`
		Skipped *junitResult `xml:"skipped"`
	}
	junitResult struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// junitOf is the report as tests: one for the clan as a whole, and one for each finding. What makes check fail is a
// failure, all else is skipped. Names have no lines in them, so that a finding that moves is the same test.
func junitOf(r *report) junitSuites {
	s := junitSuite{Name: "clanctl check", Out: term.Escape(r.summary())}
	add := func(c junitCase) {
		s.Cases = append(s.Cases, c)
		s.Tests++
	}
	if !r.failed {
		add(junitCase{Class: "clan", Name: "the flake evaluates"})
	}
	seen := map[string]int{}
	for _, f := range textview.WorstFirst(r.Findings) {
		name := f.Code
		if about := f.About(); about != "" {
			name += " " + term.EscapeLine(about)
		}
		if seen[name]++; seen[name] > 1 {
			name += fmt.Sprintf(" (%d)", seen[name])
		}
		text := term.Escape(messageOf(f))
		if f.File != "" {
			text = term.Escape(f.Position.String()) + ": " + text
		}
		c := junitCase{Class: "clan." + string(f.Severity), Name: name}
		result := &junitResult{Type: f.Code, Message: term.EscapeLine(f.Message()), Text: text}
		switch {
		case r.failed:
			c.Error = result
			s.Errors++
		case f.Severity == instance.SeverityError || f.Severity == instance.SeverityWarning && r.strict:
			c.Failure = result
			s.Failures++
		default:
			c.Skipped = result
			s.Skipped++
		}
		add(c)
	}
	return junitSuites{Suite: s}
}

func printJUnit(w io.Writer, r *report) error {
	text, err := xml.MarshalIndent(junitOf(r), "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
