package main

import (
	"errors"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/module"
)

// explainSpec says what to write on the command line where a module was not found; the error's own hint is for Nix.
func explainSpec(err error) error {
	var elsewhere []string
	var none *module.NoServicesError
	var unknown *module.UnknownModuleError
	var gone *module.DeprecatedError
	var name string
	if _, several := err.(interface{ Unwrap() []error }); several {
		return err // each has its hint in its text
	}
	switch {
	case errors.As(err, &none):
		elsewhere, name = none.Elsewhere, none.Spec.Name
	case errors.As(err, &unknown):
		elsewhere, name = unknown.Elsewhere, unknown.Spec.Name
	case errors.As(err, &gone) && gone.Message == "":
		return hintedError{err, "see what the service says of it: clanctl modules show " + gone.Input + "#" + gone.Spec.Name}
	}
	if len(elsewhere) == 0 {
		return err
	}
	refs := make([]string, len(elsewhere))
	for i, input := range elsewhere {
		refs[i] = input + "#" + name
	}
	return hintedError{err, "there is " + nearest.List(refs)}
}
