package cli

import (
	"errors"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/services"
)

// explainSpec says what to write on the command line where a module was not found; the error's own hint is for Nix.
func explainSpec(err error) error {
	if _, several := err.(interface{ Unwrap() []error }); several {
		return err // each has its hint in its text
	}
	failed, is := errors.AsType[*services.ResolveError](err)
	switch {
	case is && len(failed.Elsewhere) > 0:
		return hint.With(err, "there is "+nearest.List(failed.Elsewhere))
	case is && failed.Code == codes.RemovedModule && failed.Message == "":
		return hint.With(err, "see what the service says of it: clanctl modules show "+failed.Input+"#"+failed.Spec.Name)
	}
	return err
}
