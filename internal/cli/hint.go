package cli

import (
	"errors"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/store"
)

// hintOf finds the hint that an error carries, wherever it is wrapped.
func hintOf(err error) string {
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) && hinter.Hint() != "" {
		return hinter.Hint()
	}
	var nixErr *nixeval.Error
	switch {
	case errors.As(err, &nixErr):
		return hintOfNix(nixErr)
	case errors.Is(err, store.ErrRefused):
		return "nothing was written; use --force to write it anyway"
	case errors.Is(err, instance.ErrNotLocal):
		return "name a checkout with --flake"
	}
	return ""
}

// hintOfNix says which flag of clanctl's helps, where one does.
func hintOfNix(err *nixeval.Error) string {
	hint, known := map[string]string{
		"timeout":                "give it longer with --timeout, or look with -v what it does",
		"too-old":                "clanctl needs Nix 2.8 or newer; see nix --version",
		"not-executable":         "--nix takes the path of an executable nix",
		"lock-too-new":           "this flake.lock was written by a newer Nix; run clanctl with that one (--nix PATH)",
		"import-from-derivation": "this clan builds something in order to be evaluated; allow it with --option allow-import-from-derivation true",
		"offline":                "something that this flake needs is not at hand, and --offline forbids to fetch it: run once without --offline, or name a local copy with --override-input",
	}[err.Reason]
	switch {
	case known:
		return hint
	case errors.Is(err, nixeval.ErrNixNotFound) && err.Hint != "":
		return err.Hint + ", or name the program with --nix"
	case errors.Is(err, nixeval.ErrNoFlake) && err.Hint == "" && err.Reason == "":
		return "run this in a clan's checkout, or name one with --flake"
	}
	return err.Hint
}

// hintInFlags has a finding say which flag of clanctl's helps.
func hintInFlags(f *instance.Finding) {
	var nixErr *nixeval.Error
	if errors.As(f.Err, &nixErr) && f.Cause.Hint != "" && f.Cause.Hint == nixErr.Hint {
		f.Cause.Hint = hintOfNix(nixErr)
	}
}

// isBadReference reports whether a flake reference was given that is none.
func isBadReference(err error) bool {
	var nixErr *nixeval.Error
	return errors.As(err, &nixErr) && nixErr.Reason == "bad-reference"
}
