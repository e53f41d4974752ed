package instance

import (
	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// unresolved is the finding for an instance whose reference to a module leads nowhere, from the error of
// services.Catalogue.Resolve. whole tells that nothing of the instance's settings can be known for it.
func unresolved(instance string, err error, whole bool) Finding {
	code := codes.UnknownModule
	var spec module.Spec
	cause := Cause{Whole: whole}
	switch e := err.(type) {
	case *services.UnknownInputError:
		code, spec = codes.UnknownInput, e.Spec
		if spec.Input != nil {
			cause.Input = *spec.Input
		}
		cause = cause.WithNames(e.Nearest, e.Known)
	case *services.NoServicesError:
		code, spec = codes.InputWithoutServices, e.Spec
		cause.Input, cause.Elsewhere = e.Input, e.Elsewhere
	case *services.DeprecatedError:
		code, spec = codes.RemovedModule, e.Spec
		cause.Input, cause.Nix = e.Input, e.Message
	case *services.UnknownModuleError:
		spec = e.Spec
		cause.Input, cause.Elsewhere = e.Input, e.Elsewhere
		cause = cause.WithNames(e.Nearest, e.Known)
	}
	cause.Name, cause.Service = spec.Name, spec.String()
	f := NewFinding(code, Subject{Instance: instance}, cause)
	f.Err = err
	return f
}
