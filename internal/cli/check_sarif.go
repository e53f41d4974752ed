package cli

import (
	"net/url"
	"slices"

	"github.com/clanctl/clanctl/pkg/instance"
)

const (
	homepage = "https://github.com/clanctl/clanctl"
	manual   = homepage + "/blob/main/docs/findings.md#"
)

// The part of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html) that there is use for.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		HelpURI          string    `json:"helpUri"`
		Help             sarifHelp `json:"help"`
		Configuration    sarifRank `json:"defaultConfiguration"`
	}
	sarifRank struct {
		Level instance.Severity `json:"level"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string            `json:"ruleId"`
		RuleIndex int               `json:"ruleIndex"`
		Level     instance.Severity `json:"level"`
		Message   sarifText         `json:"message"`
		Locations []sarifLocation   `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
)

// sarifOf is a report as SARIF. A severity is called the same there.
func sarifOf(r *report) sarifLog {
	var codes []string
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "clanctl", Version: buildVersion(), InformationURI: homepage}
	add := func(code, title, page, text string, severity instance.Severity) {
		codes = append(codes, code)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules,
			sarifRule{ID: code, ShortDescription: sarifText{title}, HelpURI: page,
				Help: sarifHelp{"clanctl explain " + code, text}, Configuration: sarifRank{severity}})
	}
	for _, info := range instance.Codes() {
		add(info.Code, info.Title, manual+info.Code, findingPage(info.Code), info.Severity)
	}
	for _, rule := range r.rules {
		add(rule.Code, rule.Message, homepage+"/blob/main/docs/how-to/rules.md", rulePage(rule), rule.Severity)
	}
	for _, f := range r.Findings {
		run.Results = append(run.Results,
			sarifResult{RuleID: f.Code, Level: f.Severity, Message: sarifText{messageOf(f)},
				RuleIndex: slices.Index(codes, f.Code),
				Locations: []sarifLocation{sarifPlace(r.source, f)}})
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

// sarifPlace is where a finding is. Code scanning passes over results without a file of the repository: they belong to
// flake.nix.
func sarifPlace(source *sourceTree, f instance.Finding) sarifLocation {
	var place sarifLocation
	if subject := f.About(); subject != "" {
		place.Logical = []sarifLogical{{subject}}
	}
	file := f.File
	if file == "" || isElsewhere(file) {
		file = source.inFlake("flake.nix")
	} else if f.Line > 0 {
		place.Physical.Region = &sarifRegion{StartLine: f.Line, StartColumn: source.column(f.Position)}
	}
	place.Physical.Artifact = sarifArtifact{URI: (&url.URL{Path: file}).String(), URIBaseID: "%SRCROOT%"}
	return place
}
