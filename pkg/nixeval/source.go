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

// File is a Nix file that is no flake, or a directory with a default.nix. If its value is a function, it is called with args, any value
// that JSON can express; nil stands for an empty set.
//
// In a git checkout the file sees what git tracks there, elsewhere the directory that it is in, which is copied to the Nix store for
// that. With [Evaluator.Impure] it is read where it lies, and sees everything. A file that asks for builtins.currentSystem
// gets none (unless it is impure): give the system as an argument.
func File(path string, args any) Ref {
	ref, err := fileRef(path)
	ref.args, ref.err = sourceArgs(args, err)
	ref.Text, ref.kind = path, fileSource
	return ref
}

func fileRef(path string) (Ref, error) {
	real, err := filepath.Abs(path)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	info, statErr := os.Stat(real)
	if err != nil || statErr != nil {
		return Ref{}, &Error{Kind: ErrNoFlake, Message: fmt.Sprintf("there is no file %s", path)}
	}
	if info.IsDir() {
		real = filepath.Join(real, "default.nix")
	}
	ref := localRef(filepath.Dir(real))
	if ref.Git {
		base, _, _ := strings.Cut(ref.URL, "?")
		ref.URL = base
		if exists(filepath.Join(ref.Root, ".git", "shallow")) {
			ref.URL += "?shallow=1"
		}
	}
	ref.file, err = filepath.Rel(ref.Root, real)
	return ref, err
}

// Expr is a Nix expression. If its value is a function, it is called with args, as that of a [File] is: that is the way to put values
// of the program's into it. It sees no files, unless the evaluation is impure.
func Expr(text string, args any) Ref {
	ref := Ref{Text: text, kind: exprSource, expr: text}
	ref.args, ref.err = sourceArgs(args, nil)
	return ref
}

func sourceArgs(args any, err error) (string, error) {
	if err != nil || args == nil {
		return "{}", err
	}
	text, err := json.Marshal(args)
	if err != nil {
		return "", fmt.Errorf("nixeval: arguments: %w", err)
	}
	return string(text), nil
}

// inPlace is a reference to the same, where an impure evaluation reads a file that is not copied.
func (r Ref) inPlace() Ref {
	if r.kind == fileSource {
		r.URL = ""
	}
	return r
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
func source[S ~string | Ref](src S) (Ref, Path, error) {
	var text string
	switch s := any(src).(type) {
	case Ref:
		return s, Path{}, s.err
	case string:
		text = s
	default:
		text = fmt.Sprint(src) // a string type
	}
	text, output, found := strings.Cut(text, "#")
	if found && isPath(text+"#"+output) && exists(text+"#"+output) {
		text, output = text+"#"+output, ""
	}
	segments, err := nixlang.ParsePath(output)
	if err != nil {
		return Ref{}, Path{}, &Error{Kind: ErrNoFlake, Reason: "bad-reference", Message: err.Error()}
	}
	ref, err := ResolveRef(text)
	return ref, Path{Segments: segments}, err
}
