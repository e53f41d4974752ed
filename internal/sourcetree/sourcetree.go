// Package sourcetree is what an evaluation knows of the source trees that it read besides what [nixeval.Sources] tells
// everybody: what this project's packages decide by. Package nixeval keeps it out of sight of those who import it.
package sourcetree

import (
	"net/url"

	"github.com/clanctl/clanctl/internal/filetree"
)

// Of is what is known of a *nixeval.Sources. Package nixeval sets it; it is the only one that can look into its types.
var Of func(sources any) *Known

// Known are the store paths of a flake's source, and what came with it.
type Known struct {
	// Store is the copy of the flake's own tree in the Nix store; empty if Nix ended before it said so. It is a hash of
	// the content.
	Store string
	// Dirs are directories of the tree that the flake copies to the store by themselves (in Nix: "${./dir}").
	Dirs []string
	// Inputs are the store paths of the flake's inputs, by name, as far as somebody has looked.
	Inputs map[string]string
	// Trees are the store paths of those source trees that nothing pins, by the path of the input ("a/b"), the flake's
	// own under "", as far as they are known. Answers of which one tree has two paths are of different states of the
	// files.
	Trees map[string]string
	// LocalInputs are the source trees of inputs that lie in local directories outside of the flake's own, and that Nix
	// reads there: one that flake.lock pins is read from the store, whatever happens to the directory.
	LocalInputs []filetree.Source
}

// Subdirectory is the directory of a flake below the top of its source tree (`?dir=`), by its URL; empty for the top.
func Subdirectory(flake string) string {
	u, err := url.Parse(flake)
	if err != nil {
		return ""
	}
	return u.Query().Get("dir")
}

// IsPlain reports whether a local reference asks for nothing that a tree of files does not tell (submodules, large
// files).
func IsPlain(flake string) bool {
	u, err := url.Parse(flake)
	if err != nil {
		return false
	}
	for name := range u.Query() {
		if name != "dir" && name != "shallow" {
			return false
		}
	}
	return true
}
