package nixeval

import (
	"github.com/clanctl/clanctl/internal/nixlang"
)

// Path leads from what is evaluated (a flake's outputs, say) to the value wanted. The zero Path is the whole.
type Path struct {
	// Segments are the names of the attributes, one below the other, as they are: nothing in them is special.
	Segments []string
	names    bool
}

// Attr is the path through these attributes: Attr("nixosConfigurations", "web-1.example.org", "config") needs no
// quotes.
func Attr(segments ...string) Path { return Path{Segments: segments} }

// Names asks for the names of the attributes at p, sorted, a []string, and does not evaluate their values.
func (p Path) Names() Path { return Path{Segments: p.Segments, names: true} }

// to are the names that lead to what is at another path below this one; never nil.
func (p Path) to(below Path) []string {
	return append(append([]string{}, p.Segments...), below.Segments...)
}

// String is the path as one writes it in Nix: names that are not identifiers are quoted.
func (p Path) String() string { return nixlang.PathString(p.Segments) }

// MarshalText is String.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a path that a person has written: names with dots between them, quoted where they hold other
// signs.
func (p *Path) UnmarshalText(text []byte) error {
	segments, err := nixlang.ParsePath(string(text))
	*p = Path{Segments: segments}
	return err
}
