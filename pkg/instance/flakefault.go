package instance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Where nothing of a flake evaluates, Nix's message can say less than is known: JSON that does not parse has a place, and so has an
// attribute of `inventory` itself that clan does not know, though its definition is known by its file only.

// malformedError: a file of the flake is not valid JSON.
type malformedError struct {
	// File is relative to the top of the flake's source tree.
	File         string
	Line, Column int
	Reason       string
	err          error
}

func (e *malformedError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}

// Unwrap returns Nix's error.
func (e *malformedError) Unwrap() error { return e.err }

// Hint says what to do.
func (e *malformedError) Hint() string {
	if strings.Contains(e.Reason, "conflict") {
		return "resolve the conflict, then run clanctl again"
	}
	return "fix the file by hand"
}

// flakeFault says more of an error of the flake as a whole, as far as it can be told.
func (l *loader) flakeFault(ctx context.Context, err error) error {
	var nixErr *nixeval.Error
	if !errors.As(err, &nixErr) || !errors.Is(err, nixeval.ErrEvaluation) {
		return err
	}
	if malformed := malformedJSON(ctx, l.ref); malformed != nil {
		malformed.err = err
		return malformed
	}
	placeInFile(nixErr)
	return err
}

// malformedJSON finds a lock file or an inventory.json of a local flake that is not valid JSON.
func malformedJSON(ctx context.Context, ref Ref) *malformedError {
	if ref.Root == "" {
		return nil
	}
	files := []string{filepath.Join(ref.Dir, "flake.lock"), filepath.Join(ref.Dir, facts.PersistedName)}
	for _, file := range append(files, persistedIn(ctx, ref)...) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if fault := jsonFault(text); fault != nil {
			fault.File = file
			if rel, err := filepath.Rel(ref.Root, file); err == nil {
				fault.File = rel
			}
			return fault
		}
	}
	return nil
}

// jsonFault says what is wrong with a JSON text; nil if nothing is.
func jsonFault(text []byte) *malformedError {
	at := func(offset int, reason string) *malformedError {
		line, column := jsonvalue.Line(text, offset)
		return &malformedError{Line: line, Column: column, Reason: reason}
	}
	if i := conflictMarker.FindIndex(text); i != nil {
		return at(i[0], "unresolved merge conflict")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return at(0, "the file is empty, which is not valid JSON")
	}
	dec := jsontext.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_, err := dec.ReadValue()
	if err == nil {
		if _, err = dec.ReadToken(); err != nil && err.Error() == "EOF" {
			if bytes.HasPrefix(text, []byte("\ufeff")) && !json.Valid(text) {
				return at(0, "byte order mark before the JSON text")
			}
			return nil
		}
		return at(int(dec.InputOffset()), "trailing data after top-level value")
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return at(int(syntactic.ByteOffset), "not valid JSON: "+syntactic.Err.Error())
	}
	return at(len(text), "not valid JSON: unexpected end of file")
}

var conflictMarker = lazyregexp.New(`(?m)^(<{7}|={7}|>{7})( |$)`)

var definedIn = lazyregexp.New("(?m)^- In `([^'\n]*)'")

// placeInFile finds the attribute that clan does not know in the file that Nix names.
func placeInFile(err *nixeval.Error) {
	if err.Line > 0 || settingFault(err.Message) != CodeUnknownSetting {
		return
	}
	option, file := theOption.FindStringSubmatch(err.Message), definedIn.FindStringSubmatch(err.Message)
	if option == nil || file == nil {
		return
	}
	text, readErr := err.Sources.ReadFile(file[1])
	path := ParsePath(option[1])
	if readErr != nil || len(path) < 2 {
		return
	}
	name := regexp.QuoteMeta(path[len(path)-1])
	for _, pattern := range []string{regexp.QuoteMeta(path[len(path)-2]) + `\s*\.\s*` + name + `\b`, `(?m)(?:^|[\s{;])` + name + `\s*[.=]`} {
		if at := regexp.MustCompile(pattern).FindIndex(text); at != nil {
			start := at[0] + bytes.IndexFunc(text[at[0]:at[1]], func(r rune) bool { return !strings.ContainsRune(" \n\t{;", r) })
			err.File = file[1]
			err.Line, err.Column = jsonvalue.Line(text, start)
			return
		}
	}
}

// persistedIn are the tracked files of a git work tree that may be the clan's inventory.json: the flake would have said which is.
func persistedIn(ctx context.Context, ref Ref) []string {
	if !ref.Git {
		return nil
	}
	tracked, _ := git.Repo(ref.Root).Index(ctx)
	var files []string
	for _, entry := range tracked {
		if path.Base(entry.Path) == facts.PersistedName {
			files = append(files, filepath.Join(ref.Root, entry.Path))
		}
	}
	return files
}
