package nixeval

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/clanctl/clanctl/internal/cachedir"
	"github.com/clanctl/clanctl/internal/scratch"
)

// The flake through which a function is applied. Its one input is overridden with the flake to read, which is how the
// function sees that flake's inputs in Nix 2.8 and later alike, in one process, and why the flake's own nixConfig is
// never read: it is not the flake that was called. Before it evaluates anything it tells, by traces that Go reads,
// where the flake's source is (so that positions can be mapped back even when the evaluation dies) and what its inputs
// are (see inputs.nix; unless it is asked not to, with null). Of a value that throws it tells that it does, and then
// lets it throw: what else can go wrong tryEval does not catch.
const programFlake = `{
  inputs.target.url = "path:/overridden";
  outputs = { self, target }: {
    apply = question: %s
      builtins.trace "` + sourceMark +
	` ${builtins.unsafeDiscardStringContext (toString (target.sourceInfo or target).outPath)}"
        (if question == null then import ./%[2]s target args
         else builtins.trace "` + inputsMark + ` ${builtins.toJSON (import ./` + inputsName +
	` (question // { flake = target; }))}"
           (let value = import ./%[2]s target args; whole = builtins.deepSeq value value; in
            if (builtins.tryEval (builtins.seq whole true)).success then value else builtins.trace "` + threwMark +
	`" whole));
  };
}
`

// plainProgram is the flake through which a function is applied to what is no flake, and has no inputs: the value of a
// Nix file or of an expression, called with the arguments that were given for it if it is a function.
const plainProgram = `{
%s  outputs = { self%s }: {
    apply = question: %s
      let source = import %s; root = if builtins.isFunction source then source args.source else source; in
      builtins.trace "` + sourceMark + ` ${builtins.unsafeDiscardStringContext (toString %s)}"
        (import ./%s root args.args);
  };
}
`

const (
	sourceMark = "nixeval-source"
	inputsMark = "nixeval-inputs"
	inputsName = "inputs.nix"
	threwMark  = "nixeval-threw"
	// A function announces a part before it evaluates it, as a path in JSON, and tells when it is done, with the value
	// or without.
	beginMark = "nixeval-begin"
	endMark   = "nixeval-end"

	exprName = "expression.nix"
)

// program is the program flake of a function.
type program struct {
	files map[string]string
	// name is a hash of its content.
	name string
	// once: it is for one question alone.
	once bool
}

// newProgram makes the flake. Arguments that are too large for a command line stand in it, beside the function; nil for
// those that are not.
func newProgram(fn Function, ref Ref, args []byte) (*program, error) {
	files := map[string]string{fn.Name: fn.Source}
	maps.Copy(files, fn.Beside)
	for name := range files {
		if filepath.Base(name) != name || filepath.Ext(name) != ".nix" || name == "flake.nix" || name == inputsName ||
			name == exprName {
			return nil, fmt.Errorf("function name %q is not a .nix file name, or one of the program's own", name)
		}
	}
	taken := "args:"
	if args != nil {
		taken = "_: let args = builtins.fromJSON (builtins.readFile ./args.json); in"
		files["args.json"] = string(args)
	}
	switch {
	case ref.kind == flakeSource:
		files[inputsName] = inputsSource
		files["flake.nix"] = fmt.Sprintf(programFlake, taken, fn.Name)
	case ref.kind == exprSource:
		files[exprName] = ref.expr
		files["flake.nix"] = fmt.Sprintf(plainProgram, "", "", taken, "./"+exprName, "self.outPath", fn.Name)
	case ref.URL == "":
		files["flake.nix"] = fmt.Sprintf(plainProgram, "", "", taken, "(/. + args.file)", `""`, fn.Name)
	default:
		const input = "  inputs.target = { url = \"path:/overridden\"; flake = false; };\n"
		files["flake.nix"] = fmt.Sprintf(plainProgram, input, ", target", taken,
			`(target.outPath + "/" + args.file)`, "target.outPath", fn.Name)
	}
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(hash, "%d %s %d %s", len(name), name, len(files[name]), files[name])
	}
	return &program{files: files, name: hex.EncodeToString(hash.Sum(nil))[:32], once: args != nil}, nil
}

// programDir is where programs are kept, or "".
func (e *Evaluator) programDir() string {
	if e.ProgramDir != "" {
		return e.ProgramDir
	}
	dir, _ := cachedir.Of("nixeval") // without a home there is none
	return dir
}

// sweep removes what earlier runs left that were killed.
func (e *Evaluator) sweep() {
	scratch.Sweep(os.TempDir(), scratch.Prefix)
	for _, dir := range []string{e.CacheDir, e.programDir()} {
		if dir != "" && cachedir.Check(dir) == nil {
			scratch.Sweep(dir, tempPrefix)
		}
	}
}

// writeProgram puts the program flake where Nix can read it, and returns its directory. The directory's name is that of
// the program: it is written once, and a pasted command line finds it again.
func (e *Evaluator) writeProgram(p *program) (dir string, cleanup func(), err error) {
	if parent := e.programDir(); parent != "" && !p.once {
		if dir, err := installed(filepath.Join(parent, p.name), p.files); err == nil {
			return dir, func() {}, nil
		}
	}
	// No home, a read-only or full disk, somebody else's directory: a private one for this call.
	temp, err := scratch.NewDir("", scratch.Prefix)
	if err != nil {
		return "", nil, err
	}
	dir, err = filepath.EvalSymlinks(temp.Path)
	if err == nil {
		err = writeFiles(dir, p.files)
	}
	if err != nil {
		temp.Remove()
		return "", nil, err
	}
	return dir, temp.Remove, nil
}

// installed is install; it returns the directory as Nix can read it: without links on the way (2.26 follows none), and
// without signs that a URL must escape (2.8 does not undo it).
func installed(dir string, files map[string]string) (string, error) {
	if err := install(dir, files); err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(dir)
	if err == nil && escapePath(real) != real {
		err = errUnreadablePath
	}
	return real, err
}

var errUnreadablePath = errors.New("Nix 2.8 cannot read such a path")

// install makes sure that dir holds exactly these files, by writing them beside it and renaming.
func install(dir string, files map[string]string) error {
	parent := filepath.Dir(dir)
	if err := cachedir.Check(parent); err != nil {
		return err
	}
	if holds(dir, files) {
		return nil
	}
	temp, err := scratch.NewDir(parent, tempPrefix)
	if err != nil {
		return err
	}
	defer temp.Remove()
	if err := writeFiles(temp.Path, files); err != nil {
		return err
	}
	if err := os.Rename(temp.Path, dir); err == nil {
		return nil
	}
	// Another process was first, or what is there is damaged.
	if holds(dir, files) {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(temp.Path, dir)
}

func writeFiles(dir string, files map[string]string) error {
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether dir is a directory of ours alone with exactly these files: what is run is what we wrote.
func holds(dir string, files map[string]string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !cachedir.OwnedByUs(info) {
		return false
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files) {
		return false
	}
	for name, want := range files {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(want)) {
			return false
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			return false
		}
	}
	return true
}
