package instance

import (
	"errors"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// What is read from Nix's own words: all of it is here. Where an unknown Nix or nixpkgs words it differently, the text
// is passed on as it is, under a code that says less.

var (
	// errNoMessage stands for an error of Nix's that there is no text of.
	errNoMessage = errors.New("does not evaluate")
	// errMalformed stands for one that says less than what is written.
	errMalformed = errors.New("malformed")
)

// pathName is a name in the path of an option.
const pathName = `(?:"(?:[^"\\]|\\.)*"|[^.` + "`" + `'"]+)`

var (
	emptyTagWarning = lazyregexp.New(`^Service instance '.*': - .* tags: no machine with tag '.*' found`)
	// memberPath is the way to a member's settings, or a role's, in the name of an option; clan's key of the service
	// may stand before it.
	memberPath = lazyregexp.New("`(?:(?:clan\\.)?_services\\.allServices\\.)?(?:" + pathName + `\.)?instances\.` +
		pathName +
		`\.roles\.` + pathName + `(?:\.(?:machines|tags)\.` + pathName + `)?\.settings(?:\.|')`)
	// viaOption is what clan puts behind the file of a definition.
	viaOption = lazyregexp.New(`, via option [^\n]*?\.settings'`)
	// innerKey is clan's key of a service in front of an instance's option.
	innerKey  = lazyregexp.New("`(?:(?:clan\\.)?_services\\.allServices\\.)?(?:\"(?:[^\"\\\\]|\\\\.)*\"|[^.`'\"]+)\\.instances\\.|`instances\\.")
	theOption = lazyregexp.New("(?:The|A definition for) option `([^']*(?:''[^']*)*)'")
)

// userTerms rewrites a message of Nix's: store paths into the user's files, and the names of options so that they are
// the same for every member and under any name of the instance: a setting's is its path within the settings, any other
// is one of the inventory.
func userTerms(sources nixeval.Sources, message string) string {
	message = sources.Rewrite(strings.TrimRight(message, "\n"))
	message = memberPath.ReplaceAllStringFunc(message, func(found string) string {
		if strings.HasSuffix(found, "'") {
			return "`settings'"
		}
		return "`"
	})
	message = viaOption.ReplaceAllString(message, "'")
	return innerKey.ReplaceAllString(message, "`inventory.instances.")
}

// settingFault knows the messages of nixpkgs' module system that say what is wrong with a setting; anything else is "".
func settingFault(message string) string {
	switch {
	case strings.Contains(message, "' does not exist. Definition values:"):
		return codes.UnknownSetting
	case strings.Contains(message, "has conflicting definition values"):
		return codes.Conflict
	case strings.Contains(message, "is not of type `"):
		return codes.InvalidSetting
	case strings.Contains(message, "was accessed but has no value defined"),
		strings.Contains(message, "is used but not defined"):
		return codes.MissingSetting
	}
	return ""
}

// optionIn is the path of the option that a message names; nil if it names none.
func optionIn(message string) []string {
	match := theOption.FindStringSubmatch(message)
	if match == nil {
		return nil
	}
	path, _ := nixlang.ParsePath(match[1]) // nil if it is none
	return path
}

// unknownOption is optionIn, of a message that says that there is no such option.
func unknownOption(message string) []string {
	if settingFault(message) != codes.UnknownSetting {
		return nil
	}
	return optionIn(message)
}

// settingIn reads the path of a setting out of the option that a message names.
func settingIn(message string) []string {
	names := optionIn(message)
	if i := slices.Index(names, "settings"); i >= 0 && i+1 < len(names) {
		return names[i+1:]
	}
	return nil
}

// goneOption reads the option of the clan that a message says there is not.
func goneOption(message string) string {
	names := unknownOption(message)
	for len(names) > 1 && (names[0] == "flake" || names[0] == "clan") {
		names = names[1:]
	}
	return nixlang.PathString(names)
}
