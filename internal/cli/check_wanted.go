package cli

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/modulecheck"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// wanted says which findings count, and which of them to show.
type wanted struct {
	files         policyFiles
	policy        *policy.File
	rules         []*policy.Rule
	shown         []instance.Severity
	ignored, only []string
	// noIgnore: what the clan ignores counts.
	noIgnore bool
	// codes are all that there are; checkCodes those that check finds in a clan.
	codes, checkCodes []string
	// strict: exit 1 on warnings, too.
	strict   bool
	baseline baseline
}

// baseline is the file of findings that do not count: one to compare with, or one to write.
type baseline struct {
	file  outputFile
	write bool
	known *policy.Baseline // nil without a file to compare with
}

// wantedFindings reads the flags, and the clan's policy, which has their defaults.
func wantedFindings(c *cli.Context) (wanted, error) { return readWanted(c, true) }

// readWanted does so for the clan, or for modules by themselves: the baseline in the policy is of findings in the clan.
func readWanted(c *cli.Context, ofClan bool) (wanted, error) {
	want := wanted{ignored: c.StringSlice("ignore"), only: c.StringSlice("only"), noIgnore: c.Bool("no-ignore"),
		codes: codeNames()}
	severities := policy.Severities()
	var err error
	if want.files, err = policyFilesOf(c); err != nil {
		return want, err
	}
	if want.policy, err = want.files.policy(); err != nil {
		return want, err
	}
	if want.rules, err = want.files.rules(want.policy); err != nil {
		return want, err
	}
	for _, rule := range want.rules {
		want.codes = append(want.codes, rule.Code)
	}
	defaults := want.policy.Defaults
	if want.strict = defaults.Strict; c.IsSet("strict") {
		want.strict = c.Bool("strict")
	}
	i := slices.Index(severities,
		cmp.Or(instance.Severity(c.String("severity")), defaults.Severity, instance.SeverityWarning))
	want.shown = severities[:i+1]
	want.checkCodes = slices.DeleteFunc(slices.Clone(want.codes), func(code string) bool {
		return slices.Contains(modulecheck.Codes(), code)
	})
	for _, code := range slices.Concat(want.ignored, want.only) {
		if err := checkCode(code, want.codes); err != nil {
			return want, err
		}
	}
	if !ofClan || c.IsSet("baseline") {
		defaults.Baseline = ""
	}
	want.baseline, err = baselineOf(c, want.files, defaults.Baseline)
	return want, err
}

// baselineOf reads the flags, and the baseline to compare with; without a flag, that of the flake.
func baselineOf(c *cli.Context, files policyFiles, ofFlake string) (baseline, error) {
	compare, write := c.Path("baseline"), c.Path("write-baseline")
	if write == "-" {
		return baseline{write: true}, nil
	}
	switch {
	case compare != "" && write != "":
		return baseline{}, usagef("--baseline compares with a file, --write-baseline writes one: give one of them")
	case write != "":
		if c.Bool("watch") {
			return baseline{}, usagef("--write-baseline writes once, and does not go with --watch")
		}
		return baseline{file: outputFile(write), write: true}, nil
	case compare == "" && ofFlake == "":
		return baseline{}, nil
	}
	var text []byte
	var err error
	if compare != "" {
		_, text, err = files.readNamed(compare)
	} else {
		compare = files.source.inFlake(filepath.ToSlash(ofFlake))
		text, err = files.read(compare)
	}
	b := baseline{file: outputFile(compare)}
	again := shell.Join([]string{"clanctl", "check", "--write-baseline", compare})
	if err != nil {
		return b, hint.With(fmt.Errorf("baseline: %w", err), again+" writes it")
	}
	if b.known, err = policy.ReadBaseline(text); err != nil {
		return b,
			hint.With(fmt.Errorf("baseline %s: %w", compare, err), again+" replaces it")
	}
	return b, nil
}

// save writes the baseline.
func (b baseline) save(c *cli.Context, findings []instance.Finding) error {
	if err := b.file.write(c, func(w io.Writer) error { return policy.WriteBaseline(w, findings) }); err != nil {
		return err
	}
	what := "no findings"
	if len(findings) > 0 {
		what = textview.Counted(len(findings), "finding")
	}
	say(c, "wrote %s to %s", what, cmp.Or(b.file, "standard output"))
	return nil
}

// checkCode says so if no finding has a code.
func checkCode(code string, known []string) error {
	if slices.Contains(known, code) {
		return nil
	}
	return usageError{fmt.Sprintf("there is no finding with the code %q", code),
		nearest.Hint(nearest.Of(code, known), nil, "", "clanctl explain lists the codes")}
}

// codeNames are all codes.
func codeNames() []string {
	var names []string
	for _, info := range instance.Codes() {
		names = append(names, info.Code)
	}
	return names
}
