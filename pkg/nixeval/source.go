package nixeval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/clanctl/clanctl/internal/nixlang"
)

// sourceKind is what a Ref is a reference to.
type sourceKind int

const (
	flakeSource sourceKind = iota
	fileSource
	exprSource
)

// File is a Nix file that is no flake, or a directory with a default.nix. If its value is a function, it is called with
// args, any value that JSON can express; nil stands for an empty set.
//
// In a git checkout the file sees what git tracks there, elsewhere the directory that it is in, which is copied to the
// Nix store for that. With [Evaluator.Impure] it is read where it lies, and sees everything. A file that asks for
// builtins.currentSystem gets none (unless it is impure): give the system as an argument.
func File(path string, args any) Ref {
	ref := Ref{Text: path, kind: fileSource}
	ref.args, ref.err = sourceArgs(args)
	return ref
}

// located is a reference with the file found. One that is not copied, because the evaluation is impure, has no URL.
func (r Ref) located(e *Evaluator) (Ref, error) {
	if r.err != nil || r.kind != fileSource {
		return r, r.err
	}
	real := r.Text
	if !filepath.IsAbs(real) {
		real = filepath.Join(e.Dir, real)
	}
	real, err := filepath.Abs(real)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	info, statErr := os.Stat(real)
	if err != nil || statErr != nil {
		return r, &Error{Kind: ErrNoFlake, Message: fmt.Sprintf("there is no file %s", r.Text)}
	}
	if info.IsDir() {
		real = filepath.Join(real, "default.nix")
	}
	found := localRef(filepath.Dir(real))
	r.Root, r.Dir, r.Git = found.Root, found.Dir, found.Git
	if r.URL = found.URL; found.Git {
		r.URL, _, _ = strings.Cut(found.URL, "?")
		if exists(filepath.Join(r.Root, ".git", "shallow")) {
			r.URL += "?shallow=1"
		}
	}
	if e.Impure {
		r.URL = ""
	}
	r.file, err = filepath.Rel(r.Root, real)
	return r, err
}

// Expr is a Nix expression. If its value is a function, it is called with args, as that of a [File] is: that is the way
// to put values of the program's into it. It sees no files, unless the evaluation is impure.
func Expr(text string, args any) Ref {
	ref := Ref{Text: text, kind: exprSource, expr: text}
	ref.args, ref.err = sourceArgs(args)
	return ref
}

func sourceArgs(args any) (string, error) {
	if args == nil {
		return "{}", nil
	}
	text, err := json.Marshal(args)
	if err != nil {
		return "", fmt.Errorf("nixeval: arguments: %w", err)
	}
	return string(text), nil
}

// envelope are the arguments that the program is called with.
func (r Ref) envelope(args []byte) ([]byte, error) {
	if r.kind == flakeSource {
		return args, nil
	}
	file := r.file
	if r.URL == "" {
		file = filepath.Join(r.Root, file)
	}
	return json.Marshal(struct {
		Args   json.RawMessage `json:"args"`
		File   string          `json:"file,omitempty"`
		Source json.RawMessage `json:"source"`
	}{args, file, json.RawMessage(r.args)})
}

// source makes the reference that a caller of the front door gives, which may name an output after "#".
func source[S ~string | Ref](e *Evaluator, src S) (Ref, Path, error) {
	var text string
	switch s := any(src).(type) {
	case Ref:
		return s, Path{}, s.err
	case string:
		text = s
	default:
		text = fmt.Sprint(src) // a string type
	}
	whole := text
	text, output, _ := strings.Cut(whole, "#")
	if isPath(whole) && exists(e.within(whole)) {
		text, output = whole, "" // a directory with such a name
	}
	segments, err := nixlang.ParsePath(output)
	if err != nil {
		return Ref{}, Path{}, &Error{Kind: ErrNoFlake, Reason: "bad-reference", Message: err.Error()}
	}
	ref, err := e.resolve(text)
	return ref, Path{Segments: segments}, err
}

// resolve is ResolveRef in the evaluator's directory. Who answers instead of Nix needs no flake.
func (e *Evaluator) resolve(ref string) (Ref, error) {
	if e.Answer != nil {
		return Ref{Text: ref, URL: ref}, nil
	}
	return ResolveRef(e.within(ref))
}
