package tags

import (
	"fmt"

	"github.com/clanctl/clanctl/internal/nearest"
)

// UnknownError: a name, or a glob, that means nothing in the clan.
type UnknownError struct {
	// Kind is what it should name, such as "machine" or "tag".
	Kind string
	// Name is what was written.
	Name string
	// Glob: it is a glob, which no name matches.
	isGlob bool
	// Known are all names of the kind, sorted.
	Known []string
	// Otherwise: a tag of this name exists where a machine was named, or a machine where a tag was.
	isOtherKind bool
}

// unknown is the error for a factor. Others are the tags where it is meant as a machine, the machines where it is a
// tag.
func unknown(kind string, t factor, known, others []string) error {
	e := &UnknownError{Kind: kind, Name: t.name, Known: known, isGlob: t.isGlob}
	e.isOtherKind = len(t.matches(others)) > 0
	return e
}

func (e *UnknownError) Error() string {
	if e.isGlob {
		return fmt.Sprintf("no %s of the clan matches %q", e.Kind, e.Name)
	}
	return fmt.Sprintf("the clan has no %s %q", e.Kind, e.Name)
}

// Hint names what may have been meant, or what there is.
func (e *UnknownError) Hint() string {
	switch {
	case e.isOtherKind && e.Kind == "machine":
		return fmt.Sprintf("%q is a tag: write %q", e.Name, "@"+e.Name)
	case e.isOtherKind:
		return fmt.Sprintf("%q is a machine: write it without the @", e.Name)
	}
	return nearest.Hint(nearest.Of(e.Name, e.Known), e.Known, fmt.Sprintf("its %ss are ", e.Kind),
		fmt.Sprintf("it has no %ss at all", e.Kind))
}
