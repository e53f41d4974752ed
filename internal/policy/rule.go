package policy

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/itchyny/gojq"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/jq"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Rule is one of a clan's own: a jq expression that selects what breaks it.
type Rule struct {
	Code     string
	Severity instance.Severity
	Message  string
	Hint     string
	// Select is the expression, as it is written.
	Select string
	// Position is where the rule stands, and selectAt where its expression does.
	Position, selectAt instance.Position

	query *gojq.Code
}

// Selection is a part of the document that a rule selected.
type Selection struct {
	Path  []any
	Value any
}

// Outcome is what came of a rule.
type Outcome struct {
	*Rule
	Selected []Selection
	// Findings are those that the selections became. One that stands for a rule that does not run is among them.
	Findings []instance.Finding
	Took     time.Duration
}

// ruleJSON is a rule's form.
type ruleJSON struct {
	Code     string            `json:"code"`
	Severity instance.Severity `json:"severity"`
	Message  string            `json:"message"`
	Hint     string            `json:"hint"`
	Select   string            `json:"select"`
}

var ruleCode = lazyregexp.New(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// rule reads a rule, and compiles its expression.
func (p *parser) rule(at string, entry ruleJSON, others []*Rule) (*Rule, error) {
	r := &Rule{Code: entry.Code, Severity: entry.Severity, Message: entry.Message, Hint: entry.Hint,
		Select:   entry.Select,
		Position: p.at(at), selectAt: p.at(at + "/select")}
	switch {
	case !ruleCode.MatchString(r.Code):
		return nil,
			p.fail(at+"/code",
				fmt.Sprintf("the rule's code %q is not made of lower-case words with hyphens between them", r.Code), "")
	case slices.ContainsFunc(instance.Codes(), func(info instance.CodeInfo) bool {
		return info.Code == r.Code
	}):
		return nil,
			p.fail(at+"/code", fmt.Sprintf("the code %q is one of clanctl's own", r.Code),
				"take another one for the rule")
	case slices.ContainsFunc(others, func(o *Rule) bool { return o.Code == r.Code }):
		return nil, p.fail(at+"/code", fmt.Sprintf("there are two rules with the code %q", r.Code), "")
	case r.Message == "":
		return nil,
			p.fail(at, fmt.Sprintf("the rule %q has no message", r.Code),
				"say in \"message\" what is wrong with what it selects")
	case r.Select == "":
		return nil,
			p.fail(at, fmt.Sprintf("the rule %q has no expression", r.Code), "select in \"select\" what breaks it")
	case r.Severity == "":
		r.Severity = instance.SeverityWarning
	case !slices.Contains(Severities(), r.Severity):
		return nil,
			p.fail(at+"/severity", fmt.Sprintf("there is no severity %q", r.Severity), "it is error, warning or note")
	}
	query, err := gojq.Parse(r.Select)
	if err != nil {
		failed := p.fail(at+"/select", fmt.Sprintf("the rule %q: %v", r.Code, err), "")
		var syntax *gojq.ParseError
		if errors.As(err, &syntax) && !strings.ContainsAny(p.literal(at+"/select"), `\`) {
			failed.Column += 1 + max(syntax.Offset-len(syntax.Token), 0)
		}
		return nil, failed
	}
	if impure := jq.Impure(query); len(impure) > 0 {
		return nil,
			p.fail(at+"/select",
				fmt.Sprintf("the rule %q: there is no %s in a rule, which sees the clan's document and nothing else",
					r.Code, impure[0]), "")
	}
	whole, err := gojq.Parse("path(" + r.Select + "\n)")
	if err == nil {
		r.query, err = gojq.Compile(whole)
	}
	if err != nil {
		return nil, p.fail(at+"/select", fmt.Sprintf("the rule %q: %v", r.Code, err), "")
	}
	return r, nil
}

// limits is what a rule may take; memory is in bytes.
type limits struct {
	selected int
	time     time.Duration
	memory   uint64
}

var ruleLimits = limits{selected: 10_000, time: 10 * time.Second, memory: 1 << 30}

// RunRules runs rules on an inventory, whose findings are those of the document. The context's end ends them,
// with its error.
func RunRules(ctx context.Context, inv *instance.Inventory, rules []*Rule) ([]Outcome, error) {
	return runRules(ctx, inv, rules, ruleLimits)
}

func runRules(ctx context.Context, inv *instance.Inventory, rules []*Rule, most limits) ([]Outcome, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	document, err := plain(inv)
	if err != nil {
		return nil, err
	}
	outcomes, errs := make([]Outcome, len(rules)), make([]error, len(rules))
	run := func(i int) {
		start := time.Now()
		var selected []Selection
		selected, errs[i] = rules[i].run(ctx, document, most)
		outcomes[i] = Outcome{Rule: rules[i], Selected: selected, Took: time.Since(start)}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(rules)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(rules); i = int(next.Add(1)) - 1 {
				run(i)
			}
		})
	}
	group.Wait()
	p := placer{inv: inv}
	for i := range rules {
		var tooMuch memoryError
		if errors.As(errs[i], &tooMuch) {
			run(i) // by itself: it may have been another one that took it
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if outcomes[i].Findings = p.findings(rules[i], outcomes[i].Selected); errs[i] != nil {
			outcomes[i].Selected, outcomes[i].Findings = nil, []instance.Finding{rules[i].failed(errs[i])}
		}
	}
	return outcomes, nil
}

// run returns what the rule selects, each part once.
func (r *Rule) run(ctx context.Context, document any, most limits) ([]Selection, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timeout := time.AfterFunc(most.time, func() { cancel(fmt.Errorf("it takes longer than %v", most.time)) })
	defer timeout.Stop()
	go watchMemory(ctx, most.memory, cancel)
	var found []Selection
	seen := map[string]bool{}
	for iter := r.query.RunWithContext(ctx, document); ; {
		v, ok := iter.Next()
		if !ok {
			return found, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err, failed := v.(error); failed {
			return nil, err
		}
		path := v.([]any)
		if key := fmt.Sprintf("%q", path); seen[key] {
			continue
		} else if seen[key] = true; len(found) == most.selected {
			return nil, fmt.Errorf("it selects more than %d parts", most.selected)
		}
		found = append(found, Selection{path, valueAt(document, path)})
	}
}

// memoryError is how much memory a rule may take, in bytes.
type memoryError uint64

func (e memoryError) Error() string {
	return fmt.Sprintf("it takes more than %d MiB of memory", uint64(e)>>20)
}

// watchMemory ends what takes too much, before the machine does.
func watchMemory(ctx context.Context, most uint64, cancel context.CancelCauseFunc) {
	before := heap()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if heap() > before+most {
				cancel(memoryError(most))
				return
			}
		}
	}
}

// heap is the size of all objects, in bytes. Package runtime/metrics would take a millisecond of every program's start.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// valueAt is the value at a path; nil where there is none.
func valueAt(value any, path []any) any {
	for _, step := range path {
		switch at := step.(type) {
		case string:
			set, _ := value.(map[string]any)
			value = set[at]
		case int:
			list, _ := value.([]any)
			if at < 0 {
				at += len(list)
			}
			if at < 0 || at >= len(list) {
				return nil
			}
			value = list[at]
		default: // a slice of a list
			return nil
		}
	}
	return value
}

// failed is the finding for a rule that does not run.
func (r *Rule) failed(err error) instance.Finding {
	cause := instance.Cause{Name: r.Code, Message: err.Error()}
	switch {
	case strings.HasPrefix(cause.Message, "invalid path"):
		cause.Hint = "the expression has to select parts of the document, not values that it computes: .machines | select(length > 9), not .machines | length"
	case strings.HasPrefix(cause.Message, "cannot iterate over"):
		cause.Hint = "where something may be absent, write a question mark: .machines[]?"
	}
	f := instance.NewFinding(codes.RuleFailed, instance.Subject{}, cause)
	f.Position = r.selectAt
	return f
}
