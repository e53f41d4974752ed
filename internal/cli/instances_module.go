package cli

import (
	"errors"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/services"
)

// explainSpec says what to write on the command line where a module was not found; the error's own hint is for Nix.
func explainSpec(err error) error {
	var elsewhere []string
	var none *services.NoServicesError
	var unknown *services.UnknownModuleError
	var gone *services.DeprecatedError
	if _, several := err.(interface{ Unwrap() []error }); several {
		return err // each has its hint in its text
	}
	switch {
	case errors.As(err, &none):
		elsewhere = none.Elsewhere
	case errors.As(err, &unknown):
		elsewhere = unknown.Elsewhere
	case errors.As(err, &gone) && gone.Message == "":
		return hint.With(err, "see what the service says of it: clanctl modules show "+gone.Input+"#"+gone.Spec.Name)
	}
	if len(elsewhere) == 0 {
		return err
	}
	return hint.With(err, "there is "+nearest.List(elsewhere))
}
