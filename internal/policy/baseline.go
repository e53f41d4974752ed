package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Baseline holds findings that are known and put up with, wherever they stand by now. The zero value holds none.
type Baseline struct {
	// left counts, by key, the findings about single machines that were not met yet.
	left map[string]int
}

// baselineFile is the file's form. It is a part of what check prints as JSON, and such a document is a baseline, too.
type baselineFile struct {
	Findings      []instance.Finding `json:"findings"`
	SchemaVersion int                `json:"schemaVersion"`
}

// ReadBaseline reads what [WriteBaseline] wrote, or the JSON document of check.
func ReadBaseline(text []byte) (*Baseline, error) {
	var file baselineFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	switch {
	case file.SchemaVersion == 0 || file.Findings == nil:
		return nil, errors.New("it has no findings and no schemaVersion")
	case file.SchemaVersion != 1:
		return nil, fmt.Errorf("its schemaVersion is %d, and this version reads 1", file.SchemaVersion)
	}
	b := &Baseline{left: map[string]int{}}
	for _, f := range file.Findings {
		for _, machine := range permachine.Machines(f) {
			b.left[findingKey(permachine.One(f, machine))]++
		}
	}
	return b, nil
}

// WriteBaseline writes findings without what changes though the finding stays: lines, and what is written there.
func WriteBaseline(w io.Writer, findings []instance.Finding) error {
	file := baselineFile{Findings: make([]instance.Finding, 0, len(findings)), SchemaVersion: 1}
	for _, f := range findings {
		f.Position, f.Definitions = instance.Position{File: f.File}, nil
		file.Findings = append(file.Findings, f)
	}
	return jsonvalue.Write(w, file)
}

// New returns what of a finding is not in the baseline; false if all is. Each finding of the baseline stands for one.
func (b *Baseline) New(inv *instance.Inventory, f instance.Finding) (instance.Finding, bool) {
	return permachine.Rest(inv, f, func(one instance.Finding) bool {
		key := findingKey(one)
		if b.left[key] == 0 {
			return false
		}
		b.left[key]--
		return true
	})
}

// Gone is how many findings of the baseline were not met.
func (b *Baseline) Gone() int {
	gone := 0
	for _, n := range b.left {
		gone += n
	}
	return gone
}

// findingKey tells findings apart; one that became worse is another.
func findingKey(f instance.Finding) string { return string(f.Severity) + f.Key() }
