package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/docs"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/pkg/instance"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "explain findings: what is wrong, what clan does then, and how to fix it",
		ArgsUsage: "[CODE...]",
		Description: "Without CODE: a table of all codes. The pages are those of docs/findings.md, and come with the program. The rules of the\n" +
			"clan in the working directory, if it has some, are among the codes.",
		Flags: viewFlags("codes"),
		Action: func(c *cli.Context) error {
			out, err := newViewOutput(c)
			if err != nil {
				return err
			}
			list := &codeList{}
			for _, info := range instance.Codes() {
				list.Codes = append(list.Codes, codeExplanation{Code: info.Code, Partial: info.Partial,
					Severity: info.Severity, Text: findingPage(info.Code), Title: info.Title})
			}
			for _, rule := range ownRules(c) {
				list.Codes = append(list.Codes,
					codeExplanation{Code: rule.Code, Severity: rule.Severity, Text: rulePage(rule),
						Title: rule.Message})
			}
			if c.NArg() > 0 {
				if list, err = list.of(c.Args().Slice()); err != nil {
					return err
				}
			}
			return listing[codeExplanation]{
				document: list, items: list.Codes, none: "no code to show",
				name: func(e codeExplanation) string { return e.Code },
				detail: func(e codeExplanation) {
					out.text.WriteString(out.paint(bold, e.Code) + "\n\n" + out.markdown(e.Text, 0))
				},
				columns: []column[codeExplanation]{
					{heading{Title: "CODE"}, func(e codeExplanation) cell { return newCell(e.Code) }},
					{heading{Title: "SEVERITY"}, func(e codeExplanation) cell { return newCell(string(e.Severity)) }},
					{heading{Title: "MEANING", Wrap: true}, func(e codeExplanation) cell { return newCell(e.Title) }},
				},
			}.print(out, c.NArg() > 0)
		},
	}
}

// codeList is the document of explain.
type codeList struct {
	Codes []codeExplanation `json:"codes"`
}

// codeExplanation is what there is to know of a code. Its fields are in the order of their JSON names.
type codeExplanation struct {
	Code     string            `json:"code"`
	Partial  bool              `json:"partial"`
	Severity instance.Severity `json:"severity"`
	// Text is the page in Markdown, without its title.
	Text  string `json:"text"`
	Title string `json:"title"`
}

// of are those of some codes.
func (l *codeList) of(codes []string) (*codeList, error) {
	some := &codeList{}
	for _, code := range codes {
		at := slices.IndexFunc(l.Codes, func(e codeExplanation) bool { return e.Code == code })
		if at < 0 {
			return nil, checkCode(code, l.names())
		}
		some.Codes = append(some.Codes, l.Codes[at])
	}
	return some, nil
}

func (l *codeList) names() []string {
	var names []string
	for _, e := range l.Codes {
		names = append(names, e.Code)
	}
	return names
}

// findingPage is what docs/findings.md says of a code.
func findingPage(code string) string {
	_, text, _ := strings.Cut(docs.Findings, "\n### "+code+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	text, _, _ = strings.Cut(text, "\n### ")
	return strings.TrimSpace(text) + "\n"
}

// ownRules are those of the clan in the working directory, if there is one.
func ownRules(c *cli.Context) []*policy.Rule {
	files, err := policyFilesOf(c)
	if err == nil {
		var own *policy.File
		if own, err = files.policy(); err == nil {
			return own.Rules
		}
	}
	say(c, "%v", err)
	return nil
}

// rulePage explains a rule of the clan's own.
func rulePage(rule *policy.Rule) string {
	severity := string(rule.Severity)
	text := strings.ToUpper(severity[:1]) + severity[1:] + ". A rule of the clan's own: " + rule.Message + "\n"
	if rule.Hint != "" {
		text += "\n" + rule.Hint + "\n"
	}
	return text + "\nIt selects what breaks it with\n\n    " +
		strings.ReplaceAll(strings.TrimSpace(rule.Select), "\n", "\n    ") +
		fmt.Sprintf("\n\nand stands at %s.\n", rule.Position)
}
