package instance

// OptionInfo is what an option's declaration says.
type OptionInfo struct {
	// Type is the type's description; Description the option's.
	Type, Description string
	// Default is the default's value, DefaultText what the module gives to be shown instead; both are nil and "" without one,
	// and Default where it is null or does not evaluate.
	Default     any
	DefaultText string
	HasDefault  bool
	// Declarations are where the option is declared.
	Declarations []Position
}

// DeclaredOption is an option that a role declares for its members' settings.
type DeclaredOption struct {
	// Path leads to it within the settings. In submodules a name that users choose is "<name>", any element of a list "*", as
	// in nixpkgs' manuals.
	Path []string
	OptionInfo
}

// OwnDefinition is a value that a module gives to one of its own options.
type OwnDefinition struct {
	Path []string
	// Priority is 100 for a plain value, as in [Option].
	Priority int64
	Definition
}

// decodeOption reads what the reader's describeOption says.
func (l *loader) decodeOption(node any) OptionInfo {
	info := OptionInfo{
		Type:        asString(child(node, "type")),
		Description: asString(child(node, "description")),
		DefaultText: asString(child(node, "defaultText")),
		HasDefault:  asBool(child(node, "hasDefault")),
	}
	info.Default, _ = prune(child(node, "default"), nil, nil, func(hole) {})
	for _, p := range asList(child(node, "declarations")) {
		file, _ := l.sources.Local(asString(child(p, "file")))
		info.Declarations = append(info.Declarations, Position{File: file, Line: int(asInt(child(p, "line"))), Column: int(asInt(child(p, "column")))})
	}
	return info
}

// decodeDeclared reads the options of a role; what does not evaluate is left out.
func (l *loader) decodeDeclared(node any) []DeclaredOption {
	var options []DeclaredOption
	for _, o := range asList(node) {
		if !bad(o) {
			options = append(options, DeclaredOption{Path: asStrings(child(o, "path")), OptionInfo: l.decodeOption(o)})
		}
	}
	return options
}

func (l *loader) decodeOwn(node any) []OwnDefinition {
	var own []OwnDefinition
	for _, d := range asList(node) {
		value, ok := prune(child(d, "value"), nil, nil, func(hole) {})
		if !ok {
			continue
		}
		file, _ := l.sources.Local(definitionFile(asString(child(d, "file"))))
		own = append(own, OwnDefinition{Path: asStrings(child(d, "path")), Priority: asInt(child(d, "priority")),
			Definition: Definition{File: file, Value: value}})
	}
	return own
}
