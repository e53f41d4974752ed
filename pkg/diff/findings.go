package diff

import (
	"regexp"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/pkg/instance"
)

// Findings are those that are on one side only, wherever they stand: a finding that moved to another line is the same. Of one
// that concerns more machines than before, what appeared concerns just those.
type Findings struct {
	Appeared []instance.Finding `json:"appeared"`
	Gone     []instance.Finding `json:"gone"`
}

func (c *comparison) findings() {
	c.Findings = Findings{Appeared: surplus(c.new.Findings, c.old.Findings), Gone: surplus(c.old.Findings, c.new.Findings)}
}

// surplus are the findings that the others do not have, or have not so many of.
func surplus(findings, others []instance.Finding) []instance.Finding {
	have := map[string]int{}
	for _, f := range others {
		for _, machine := range concerned(f) {
			have[identity(f, machine)]++
		}
	}
	found := []instance.Finding{}
	for _, f := range findings {
		var machines []string
		for _, machine := range concerned(f) {
			if key := identity(f, machine); have[key] > 0 {
				have[key]--
			} else {
				machines = append(machines, machine)
			}
		}
		switch {
		case len(machines) == 0:
			continue
		case len(machines) < len(f.Machines):
			f.Machines = machines
			if !slices.Contains(machines, f.Machine) {
				f.Machine = machines[0]
			}
		}
		found = append(found, f)
	}
	return found
}

func concerned(f instance.Finding) []string {
	if len(f.Machines) > 0 {
		return f.Machines
	}
	return []string{f.Machine}
}

var place = regexp.MustCompile(`:\d+(:\d+)?`)

// identity is what a finding is about and says, for one of the machines that it concerns: without its place, and without the one
// machine that stands for all.
func identity(f instance.Finding, machine string) string {
	message := f.Message
	if f.Machine != "" {
		message = strings.ReplaceAll(message, instance.PathString([]string{f.Instance, "roles", f.Role, "machines", f.Machine}), "")
	}
	message = place.ReplaceAllString(message, "")
	return strings.Join([]string{string(f.Severity), f.Code, f.Instance, f.Role, machine, instance.PathString(f.Setting), message}, "\x00")
}
