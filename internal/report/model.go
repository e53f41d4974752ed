package report

import "encoding/json"

// page is the data in the page. It is made to be small: what is equal is there once, and referred to by its index.
// Indices that lead nowhere are -1. page/data.js reads it.
type page struct {
	// Name, Description and Ref are the clan's, and what was read.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Ref         string `json:"ref"`
	ClanCore    string `json:"clanCore,omitempty"`
	// MachinesKnown is false where members by tag are missing.
	MachinesKnown bool `json:"machinesKnown"`
	// Origins tells whether the inventory was asked for where settings are written.
	Origins bool `json:"origins"`
	// Exports tells whether the inventory has what services export.
	Exports bool `json:"exports,omitempty"`

	// Revision is what the page was made from, Committed when that was, in seconds since 1970, and Changed whether the
	// files were others.
	Revision  string `json:"revision,omitempty"`
	Committed int64  `json:"committed,omitempty"`
	Changed   bool   `json:"changed,omitempty"`
	// Manual is where the codes of findings are explained: a URL that lacks the code.
	Manual string `json:"manual,omitempty"`
	// Colours are those of roles, by name.
	Colours map[string]int `json:"colours"`

	Files []string `json:"files"`
	// Links are the URLs of files, by their indices: the line and column go where {line} and {column} are.
	Links     []string       `json:"links,omitempty"`
	Tags      []string       `json:"tags"`
	Machines  []machineData  `json:"machines"`
	Services  []serviceData  `json:"services"`
	Instances []instanceData `json:"instances"`
	// Options are sets of options that roles declare.
	Options [][]optionData `json:"options"`
	// Rows are settings, each with its value and origin; Blocks are settings of members: indices of rows.
	Rows     []rowData     `json:"rows"`
	Blocks   [][]int       `json:"blocks"`
	Findings []findingData `json:"findings"`
}

// position is [file, line, column], without what is not known.
type position []int

type machineData struct {
	Name        string         `json:"n"`
	Class       string         `json:"c,omitempty"`
	Tags        []int          `json:"t,omitempty"`
	Description string         `json:"d,omitempty"`
	Deploy      map[string]any `json:"deploy,omitempty"`
	InstalledAt *int64         `json:"installed,omitempty"`
	Ways        []wayData      `json:"ways,omitempty"`
	Position    position       `json:"p,omitempty"`
	// Unknown: roles name it, but the clan has no such machine.
	Unknown bool `json:"x,omitempty"`
}

type serviceData struct {
	// Name is the module's; Input where it comes from, "" where that is not known.
	Name        string   `json:"n"`
	Input       string   `json:"i,omitempty"`
	Description string   `json:"d,omitempty"`
	Categories  []string `json:"c,omitempty"`
}

type instanceData struct {
	Name string `json:"n"`
	// Service is -1 where the instance does not evaluate.
	Service  int        `json:"s"`
	Position position   `json:"p,omitempty"`
	Roles    []roleData `json:"r,omitempty"`
	// Offers is what it exports; Reads are the interfaces of others that its module declares to read.
	Offers []offerData `json:"offers,omitempty"`
	Reads  []string    `json:"reads,omitempty"`
}

type roleData struct {
	Name         string      `json:"n"`
	Description  string      `json:"d,omitempty"`
	Position     position    `json:"p,omitempty"`
	Tags         []tagData   `json:"t,omitempty"`
	ExtraModules int         `json:"x,omitempty"`
	SettingsFrom string      `json:"f"`
	Options      int         `json:"o"`
	Groups       []groupData `json:"g,omitempty"`
}

// tagData is a tag that a role takes machines by, and where.
type tagData struct {
	Tag      int      `json:"t"`
	Position position `json:"p,omitempty"`
}

// groupData are members with the same settings, for the same reason.
type groupData struct {
	// Machines are runs of indices: first, how many, first, how many, ...
	Machines []int `json:"m"`
	// Block are the settings, -1 without any.
	Block int   `json:"b"`
	Tags  []int `json:"t,omitempty"`
	// Explicit: the role names the machines, at Positions.
	Explicit  bool       `json:"e,omitempty"`
	Positions []position `json:"p,omitempty"`
}

type optionData struct {
	Path        string          `json:"k"`
	Type        string          `json:"t,omitempty"`
	Description string          `json:"d,omitempty"`
	Default     json.RawMessage `json:"v,omitempty"`
	DefaultText string          `json:"vt,omitempty"`
	HasDefault  bool            `json:"h,omitempty"`
	Declared    []position      `json:"p,omitempty"`
}

// rowData is one setting.
type rowData struct {
	Path  string          `json:"k"`
	Value json.RawMessage `json:"v,omitempty"`
	// From is that of [why.Origin], or "problem" where the value does not evaluate; then Value is missing.
	From        string           `json:"f"`
	Definitions []definitionData `json:"d,omitempty"`
	// Option is the index in the role's options.
	Option int `json:"o"`
	// Finding says why there is no value.
	Finding int `json:"x"`
}

type definitionData struct {
	// Layer is "role", "machine", "tag" or "module"; Name the machine, tag or file.
	Layer    string   `json:"l"`
	Name     string   `json:"n,omitempty"`
	Position position `json:"p,omitempty"`
	// Priority is left out where it is 100, that of a plain value.
	Priority int64 `json:"r,omitempty"`
	// Overridden: another definition has a stronger priority.
	Overridden bool            `json:"x,omitempty"`
	Value      json.RawMessage `json:"v"`
}

type findingData struct {
	Severity    string           `json:"s"`
	Code        string           `json:"c"`
	Message     string           `json:"m"`
	Hint        string           `json:"h,omitempty"`
	Position    position         `json:"p,omitempty"`
	Subject     string           `json:"subject,omitempty"`
	Instance    int              `json:"i"`
	Role        string           `json:"r,omitempty"`
	Machines    []int            `json:"ms,omitempty"`
	Setting     string           `json:"k,omitempty"`
	Definitions []definitionData `json:"d,omitempty"`
}
