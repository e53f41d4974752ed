package cli

import (
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/store"
)

// sayFindings says on standard error the findings that an error stands for, as they look everywhere, and returns what
// is left to be said.
func sayFindings(c *cli.Context, source *sourceTree, err error) error {
	findings, left := withoutFindings(err)
	if len(findings) == 0 {
		return err
	}
	stderr(c).printFindings(c, stderr(c), source, findings)
	return left
}

// withoutFindings parts an error from the findings that it stands for. One that is a finding and nothing else leaves
// the exit code.
func withoutFindings(err error) ([]instance.Finding, error) {
	var broken *store.BrokenError
	var failed *instance.Finding
	isBroken := errors.As(err, &broken) && len(broken.Findings) > 0
	if !isBroken && !errors.As(err, &failed) {
		return nil, err
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var findings []instance.Finding
		var left []error
		for _, one := range several.Unwrap() {
			found, rest := withoutFindings(one)
			findings, left = append(findings, found...), append(left, rest)
		}
		return findings, hint.Join(left...)
	}
	if err == error(failed) {
		return []instance.Finding{*failed}, exitStatus(exitFailed)
	}
	what, _, _ := strings.Cut(err.Error(), "\n")
	left := &hint.Error{Text: what, Advice: hintOf(err)}
	if isBroken {
		return broken.Findings, left
	}
	return []instance.Finding{*failed}, left
}
