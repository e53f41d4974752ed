package instance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/sourcetree"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Where nothing of a flake evaluates, Nix's message can say less than is known: JSON that does not parse has a place,
// and so has an attribute of `inventory` itself that clan does not know, though its definition is known by its file
// only.

// flakeFault says more of an error of the flake as a whole, as far as it can be told.
func (l *loader) flakeFault(ctx context.Context, err error) error {
	nixErr, is := errors.AsType[*nixeval.Error](err)
	if !is || !errors.Is(err, nixeval.ErrEvaluation) {
		return err
	}
	if malformed := malformedJSON(ctx, l.ref, err); malformed != nil {
		return malformed
	}
	if placeInFile(nixErr); nixErr.At.Line == 0 {
		placeInFlake(ctx, l.ref, nixErr)
	}
	return err
}

// malformedJSON names a lock file or an inventory.json of a local flake that is not valid JSON; nil if there is none.
func malformedJSON(ctx context.Context, ref Ref, cause error) error {
	if ref.Root == "" {
		return nil
	}
	// Those beside flake.nix are read by Nix and clan, and they want an object. Another one may be anybody's.
	files := []string{filepath.Join(ref.Dir, "flake.lock"), filepath.Join(ref.Dir, facts.PersistedName)}
	check := jsonvalue.CheckObject
	for i, file := range append(files, tracked(ctx, ref, "/"+facts.PersistedName)...) {
		if i >= len(files) {
			check = jsonvalue.Check
		}
		text, err := readInFlake(ref, file)
		switch {
		case errors.Is(err, syscall.EISDIR) && i < len(files):
			return err
		case errors.Is(err, fs.ErrInvalid) && i < len(files):
			return fmt.Errorf("%s is not a file", file)
		case err != nil:
			continue
		}
		if fault := check(text, false); fault != nil {
			if rel, err := filepath.Rel(ref.Root, file); err == nil {
				file = rel
			}
			return fault.In(file, cause)
		}
	}
	return nil
}

// readInFlake reads a file of a local flake, of which no name leads out.
func readInFlake(ref Ref, file string) ([]byte, error) {
	rel, err := filepath.Rel(ref.Root, file)
	if err != nil {
		return nil, err
	}
	return filetree.ReadFile(ref.Root, rel, maxRead)
}

// maxRead is more than anybody writes by hand.
const maxRead = 64 << 20

var definedIn = lazyregexp.New("(?m)^- In `([^'\n]*)'")

// placeInFlake finds the attribute that clan does not know where Nix names a file of an input, which only passes it on:
// in the one place of the user's Nix files that sets an attribute of this name.
func placeInFlake(ctx context.Context, ref Ref, err *nixeval.Error) {
	path := unknownOption(err.Message)
	if !ref.Git || len(path) == 0 {
		return
	}
	sets := regexp.MustCompile(`(?m)(?:^|[\s{;.])(` + regexp.QuoteMeta(path[len(path)-1]) + `)\s*(?:=[^=]|\.)`)
	var at Position
	for _, file := range tracked(ctx, ref, ".nix") {
		text, readErr := readInFlake(ref, file)
		for _, found := range sets.FindAllSubmatchIndex(text, -1) {
			if readErr != nil || at.File != "" {
				return // two places
			}
			at.File = file
			at.Line, at.Column = jsonvalue.Line(text, found[2])
		}
	}
	if at.File != "" {
		rel, _ := filepath.Rel(ref.Root, at.File)
		err.At = Position{File: filepath.Join(sourcetree.Of(&err.Sources).Store, rel), Line: at.Line, Column: at.Column}
	}
}

// placeInFile finds the attribute that clan does not know in the file that Nix names.
func placeInFile(err *nixeval.Error) {
	path, file := unknownOption(err.Message), definedIn.FindStringSubmatch(err.Message)
	if err.At.Line > 0 || len(path) < 2 || file == nil {
		return
	}
	text, readErr := err.Sources.ReadFile(file[1])
	if readErr != nil {
		return
	}
	name := regexp.QuoteMeta(path[len(path)-1])
	for _, pattern := range []string{regexp.QuoteMeta(path[len(path)-2]) + `\s*\.\s*` + name + `\b`,
		`(?m)(?:^|[\s{;])` + name + `\s*[.=]`, `"` + name + `"\s*:`} {
		if at := regexp.MustCompile(pattern).FindIndex(text); at != nil {
			start := at[0] +
				bytes.IndexFunc(text[at[0]:at[1]], func(r rune) bool { return !strings.ContainsRune(" \n\t{;", r) })
			err.At.File = file[1]
			err.At.Line, err.At.Column = jsonvalue.Line(text, start)
			return
		}
	}
}

// tracked are the files that git tracks in a work tree, of those whose paths end so.
func tracked(ctx context.Context, ref Ref, end string) []string {
	if !ref.Git {
		return nil
	}
	entries, _ := git.Repo(ref.Root).Index(ctx)
	var files []string
	for _, entry := range entries {
		if strings.HasSuffix("/"+entry.Path, end) {
			files = append(files, filepath.Join(ref.Root, entry.Path))
		}
	}
	return files
}
