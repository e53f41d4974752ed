package diff

import (
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestSummary(t *testing.T) {
	affected := func(kind string, reason string, names ...string) (list []Affected) {
		for _, name := range names {
			list = append(list, Affected{Kind: kind, Machine: name, Reasons: []Reason{{Kind: reason}}})
		}
		return list
	}
	direct, shared := affected(codes.AffectedDirect, codes.ReasonSettings, "a", "b"), affected(codes.AffectedShared, codes.ReasonPeers, "c", "d")
	findings := func(severities ...instance.Severity) (list []instance.Finding) {
		for _, s := range severities {
			list = append(list, instance.Finding{Severity: s})
		}
		return list
	}
	for want, d := range map[string]*Difference{
		"nothing changed in the inventory": {},
		"1 instance changes":               {Instances: make([]InstanceChange, 1)},
		"1 machine changes":                {Affected: direct[:1]},
		"3 instances, 2 machines change; 1 new error": {Instances: make([]InstanceChange, 3), Affected: direct,
			Findings: Findings{Appeared: findings("error")}},
		"1 instance, 2 machines change, 1 more machine is affected through others": {Instances: make([]InstanceChange,
			1), Affected: append(direct, shared[:1]...)},
		"1 instance changes, 2 more machines are affected through others": {Instances: make([]InstanceChange, 1),
			Affected: shared},
		// One that went is affected by nothing; one whose entry changed is counted once.
		"2 machines change":            {Machines: []MachineChange{{Name: "a"}, {Name: "gone"}}, Affected: direct[:1]},
		"1 tag changes":                {Tags: make([]TagChange, 1)},
		"the clan's meta data changes": {Meta: make([]Value, 1)},
		"no instance and no machine changes; 1 new error, 2 new warnings, 1 error gone": {
			Findings: Findings{Appeared: findings("error", "warning", "note", "warning"),
				Gone: findings("error", "note")}},
		"nothing changed in the inventory; 1 part cannot be compared, which may concern 2 machines": {
			Unknown: make([]Unknown, 1), Affected: affected(codes.AffectedDirect, codes.ReasonUnknown, "a", "b")},
	} {
		if got := d.summary(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
