package reader

// The facts, as nix/*.nix answer them. Paths in comments are those that a question selects.

// Flake is what was found in the flake's outputs ("flake").
type Flake struct {
	Layout    string   `json:"layout"`
	CoreInput string   `json:"coreInput"` // empty without clan-core
	NullInput string   `json:"nullInput"` // where a module without an input is looked up
	Source    string   `json:"source"`    // in the store
	Outputs   []string `json:"outputs"`
	// Clan is what the output `clan` is, in Nix's word for its type; "" without one.
	Clan string `json:"clan"`
	// Directory is where clan looks for machines and inventory.json, in the store.
	Directory       Part[string]      `json:"directory"`
	LegacyServices  Part[[]string]    `json:"legacyServices"`
	ServicesDropped bool              `json:"servicesDropped"`
	Locked          Part[Named[Lock]] `json:"locked"`
	// Following are the inputs of inputs ("a/b") that follow one that is overridden or updated.
	Following Part[[]string] `json:"following"`
	// UnknownInputs are the inputs of inputs that are to be overridden or updated, and that there are not.
	UnknownInputs Part[[]string] `json:"unknownInputs"`
}

// Lock is what flake.lock has of an input.
type Lock struct {
	LastModified int64  `json:"lastModified"`
	NarHash      string `json:"narHash"`
	Rev          string `json:"rev"`
}

// Machine is what a machine says of itself ("machines").
type Machine struct {
	MachineClass Part[string]  `json:"machineClass"`
	Description  Part[*string] `json:"description"`
	Icon         Part[*string] `json:"icon"`
	InstalledAt  Part[*int64]  `json:"installedAt"`
	Deploy       Value         `json:"deploy"`
}

// Instance is one as it is written ("instances").
type Instance struct {
	Module Part[Spec]              `json:"module"`
	Roles  Part[Named[Part[Role]]] `json:"roles"`
}

// Spec is a module reference.
type Spec struct {
	Input *string `json:"input"`
	Name  string  `json:"name"`
}

// Role is one as it is written.
type Role struct {
	Machines Part[[]string] `json:"machines"`
	Tags     Part[[]string] `json:"tags"`
	// MachinesAreSets and TagsAreSets fail where one of these is no set, or has an attribute that clan does not know.
	MachinesAreSets Part[bool]                            `json:"machinesAreSets"`
	TagsAreSets     Part[bool]                            `json:"tagsAreSets"`
	MachineLayers   Part[Named[Part[[]Part[Definition]]]] `json:"machineLayers"`
	TagLayers       Part[Named[Part[[]Part[Definition]]]] `json:"tagLayers"`
	Layer           Part[[]Part[Definition]]              `json:"layer"`
	ExtraModules    Part[int]                             `json:"extraModules"`
	// Missing are the files of extra modules that are not there.
	Missing Part[[]string] `json:"missing"`
}

// Definition is one value that is written.
type Definition struct {
	File  string `json:"file"`
	Value Value  `json:"value"`
}

// Service is an evaluated module ("services", by clan's internal key).
type Service struct {
	// Clan tells whether clan itself could evaluate it.
	Clan     Part[bool]                     `json:"clan"`
	Manifest Part[*Manifest]                `json:"manifest"`
	Roles    Part[Named[Part[ServiceRole]]] `json:"roles"` // nil where the module has none
	// Interfaces are what those roles declare that an instance has.
	Interfaces Part[Named[Part[Interface]]] `json:"interfaces"`
}

// Manifest is what a module says of itself.
type Manifest struct {
	Name        Part[string]  `json:"name"`
	Description Part[*string] `json:"description"`
	Categories  Value         `json:"categories"`
	Constraints Value         `json:"constraints"`
	Exports     Value         `json:"exports"`
}

// ServiceRole is what a module says of a role.
type ServiceRole struct {
	Description Part[*string] `json:"description"`
}

// Evaluated is what an instance came to ("evaluated").
type Evaluated struct {
	Key   string         `json:"key"`
	Files Part[[]string] `json:"files"`
	// Clan tells whether clan itself reaches the instance.
	Clan  Part[bool]                 `json:"clan"`
	Roles Named[Part[EvaluatedRole]] `json:"roles"`
}

// EvaluatedRole is a role with the final settings of its members, by distinct sets of layers.
type EvaluatedRole struct {
	SettingsFrom Part[string]             `json:"settingsFrom"`
	Groups       Part[Named[Part[Group]]] `json:"groups"`
	Unchecked    Part[[]Value]            `json:"unchecked"`
	Idle         Part[[]string]           `json:"idle"`
	Refused      Part[[]string]           `json:"refused"`
}

// Group are the members that share their layers: those of one machine, if Machine is set, and of Tags,
// besides the role's.
type Group struct {
	Machine  *string     `json:"machine"`
	Tags     []string    `json:"tags"`
	Member   string      `json:"member"`
	Settings Value       `json:"settings"`
	Own      Part[[]Own] `json:"own"`
}

// Own is a definition of the module's own.
type Own struct {
	Path     []string `json:"path"`
	File     string   `json:"file"`
	Priority int64    `json:"priority"`
	Value    Value    `json:"value"`
}

// Setting is one setting of one member ("setting").
type Setting struct {
	Options Part[[]SettingOption] `json:"options"`
	Value   Value                 `json:"value"`
}

// SettingOption is an option on the way to a setting.
type SettingOption struct {
	Depth       int                `json:"depth"`
	Children    []string           `json:"children"`
	Option      Part[Option]       `json:"option"`
	Priority    *int64             `json:"priority"`
	Definitions Part[[]Definition] `json:"definitions"`
}

// Interface is a set of options.
type Interface struct {
	Options  Named[Part[Option]] `json:"options"`
	Freeform *Part[Type]         `json:"freeform"`
}

// Option is an option, or a plain set of options.
type Option struct {
	Options      Named[Part[Option]] `json:"options"`
	Type         *Part[Type]         `json:"type"`
	HasDefault   bool                `json:"hasDefault"`
	Internal     bool                `json:"internal"`
	ReadOnly     bool                `json:"readOnly"`
	Hidden       bool                `json:"hidden"`
	Declarations Part[[]At]          `json:"declarations"`
	Description  Value               `json:"description"`
	Default      Value               `json:"default"`
	DefaultText  Value               `json:"defaultText"`
	Example      Value               `json:"example"`
	ExampleText  Value               `json:"exampleText"`
}

// Type is an option's type, in Nix's words.
type Type struct {
	Name         string           `json:"name"`
	Description  Value            `json:"description"`
	Same         *int             `json:"same"` // the type so many types from the outermost
	TooDeep      bool             `json:"tooDeep"`
	Elem         *Part[Type]      `json:"elem"`
	Alternatives []Part[Type]     `json:"alternatives"`
	Interface    *Part[Interface] `json:"interface"`
	Values       Value            `json:"values"`
	// Of the stand-in for nixpkgs' lib only.
	Minimum          *Value `json:"minimum"`
	Maximum          *Value `json:"maximum"`
	ExclusiveMinimum *Value `json:"exclusiveMinimum"`
	NonEmpty         bool   `json:"nonEmpty"`
}

// Input is a flake input as far as services go ("inputs").
type Input struct {
	Source     Part[*string]       `json:"source"`
	Services   Part[[]string]      `json:"services"` // nil where it offers none
	Deprecated Part[[]string]      `json:"deprecated"`
	Twins      Part[Named[string]] `json:"twins"`
}

// Module is a service module that an input offers ("modules", by input and name).
type Module struct {
	Source     Part[*string]                  `json:"source"`
	Deprecated bool                           `json:"deprecated"`
	Manifest   Part[*Manifest]                `json:"manifest"`
	Roles      Part[Named[Part[ServiceRole]]] `json:"roles"`
	Readme     Part[string]                   `json:"readme"`
	Interfaces Part[Named[Part[Interface]]]   `json:"interfaces"`
	Written    *Part[Written]                 `json:"written"`
	Placed     Part[[]At]                     `json:"placed"`
}

// Written is how a module is written.
type Written struct {
	Manifest   Part[[]string] `json:"manifest"`
	Categories Part[[]string] `json:"categories"`
	Limits     Part[[]Value]  `json:"limits"`
	PerMachine bool           `json:"perMachine"`
	Roles      Part[Named[Part[struct {
		Behaves   bool `json:"behaves"`
		Interface bool `json:"interface"`
	}]]] `json:"roles"`
	Places Part[struct {
		Manifest Named[Place] `json:"manifest"`
		Roles    Named[Place] `json:"roles"`
	}] `json:"places"`
}

// Meant are the modules that a reference may mean, by input ("meant").
type Meant struct {
	Spec    *Spec               `json:"spec"`
	Modules Named[Part[Module]] `json:"modules"`
}

// Use is an instance as far as modules go ("uses").
type Use struct {
	Spec
	Roles []string `json:"roles"`
}

// Place is where a name is written, and the names below it ("positions", "owners", "shapes").
type Place struct {
	At    []At         `json:"at"`
	Below Named[Place] `json:"below"`
}

// At is one place: File as Nix says it, Line and Column zero where Nix does not know. DefinedIn is the file
// of the definition that the place belongs to.
type At struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	DefinedIn string `json:"definedIn"`
	// Deferred: Nix was not asked for the line; see Query.DeferLines.
	Deferred bool `json:"deferred"`
	// Priority is set in "owners", Type in "shapes".
	Priority int64  `json:"priority"`
	Type     string `json:"type"`
}

// Owners are the definitions of an option of the inventory ("owners").
type Owners struct {
	Priority *int64       `json:"priority"`
	Recorded bool         `json:"recorded"`
	Below    Named[Place] `json:"below"`
}

// Export is what one scope exports, by interface ("exports", by SERVICE:INSTANCE:ROLE:MACHINE).
type Export = Named[Value]

// Peer is the interface of that name. The hosts that evaluate can do without those that do not.
type Peer struct {
	Name       Value              `json:"name"`
	Port       Value              `json:"port"`
	User       Value              `json:"user"`
	SSHOptions Value              `json:"SSHOptions"`
	Hosts      Part[[]Part[Host]] `json:"hosts"`
}

// Host is one address of a peer: as it is, or a reference to a var.
type Host struct {
	Plain *Part[string] `json:"plain"`
	// Found is the public var that has the same value, as its path below vars.
	Found     Part[*string] `json:"found"`
	Reference *struct {
		Machine   Part[string] `json:"machine"`
		Generator Part[string] `json:"generator"`
		File      Part[string] `json:"file"`
	} `json:"reference"`
	// Value is what the reference leads to. State is "public", "secret" or "absent".
	Value Part[struct {
		State   string  `json:"state"`
		Var     string  `json:"var"`
		Content *string `json:"content"`
	}] `json:"value"`
}
