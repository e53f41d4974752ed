package typed

import (
	"bytes"

	jsonv2 "github.com/go-json-experiment/json"
)

// Path is a setting of the option type `path`: a path in the file system, or a package, which has no path
// before it is built.
type Path struct {
	// Path is empty for a package.
	Path string
	// Derivation is the name of a package; else empty.
	Derivation string
}

// String is the path, or the package's name.
func (p Path) String() string {
	if p.Derivation != "" {
		return p.Derivation
	}
	return p.Path
}

// derivation stands for a package in settings.
type derivation struct {
	Name string `json:"$derivation"`
}

// UnmarshalJSON decodes a string, or the {"$derivation": "NAME"} that stands for a package.
func (p *Path) UnmarshalJSON(data []byte) error {
	*p = Path{}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return jsonv2.Unmarshal(data, &p.Path)
	}
	var d derivation
	err := jsonv2.Unmarshal(data, &d, strict)
	p.Derivation = d.Name
	return err
}

// MarshalJSON is the inverse of UnmarshalJSON.
func (p Path) MarshalJSON() ([]byte, error) {
	if p.Derivation != "" {
		return jsonv2.Marshal(derivation{p.Derivation})
	}
	return jsonv2.Marshal(p.Path)
}
