package nixeval

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// Version is a Nix, as it describes itself.
type Version struct {
	// Path is the program that was run.
	Path string
	// Name is that of the implementation, such as "Nix", "Lix" or "Determinate Nix 3.8.2".
	Name string
	// Number is the version of the language and the commands, such as "2.26.3": for Determinate Nix and the like, that
	// of the Nix that they are made from.
	Number string
	// System is the one that it builds for, such as "x86_64-linux": what builtins.currentSystem is in an impure
	// evaluation.
	System string
	// Features are the experimental features that its configuration switches on, besides nix-command and flakes: those
	// two this package switches on itself.
	Features []string
}

// String is the name and the number.
func (v Version) String() string { return v.Name + " " + v.Number }

// "nix (Nix) 2.26.3", "nix (Lix, like Nix) 2.93.0", "nix (Determinate Nix 3.8.2) 2.30.1".
var versionText = lazyregexp.New(`^\S+ \(([^,()]+)[^()]*\) (\S+)`)

// Version asks the Nix that the evaluator runs what it is.
func (e *Evaluator) Version(ctx context.Context) (Version, error) {
	text, err := e.output(ctx, "--version")
	if err != nil {
		return Version{}, err
	}
	match := versionText.FindStringSubmatch(text)
	if match == nil {
		return Version{},
			&Error{Kind: ErrNixNotFound,
				Message: fmt.Sprintf("%s --version prints %.80q: it is not a Nix that is known", e.nix(), text)}
	}
	path, _ := exec.LookPath(e.nix()) // which ran just now
	v := Version{Path: path, Name: match[1], Number: match[2]}
	// Newer versions have another name for it, and still take this one.
	config, err := e.output(ctx, "show-config", "--extra-experimental-features", "nix-command")
	if err != nil {
		if config, err = e.output(ctx, "config", "show", "--extra-experimental-features", "nix-command"); err != nil {
			return v, err
		}
	}
	for line := range strings.Lines(config) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		switch name {
		case "system":
			v.System = value
		case "experimental-features":
			v.Features = strings.Fields(value)
		}
	}
	v.Features = slices.DeleteFunc(v.Features, func(f string) bool { return f == "nix-command" || f == "flakes" })
	slices.Sort(v.Features)
	return v, nil
}

// output is what a short command prints.
func (e *Evaluator) output(ctx context.Context, args ...string) (string, error) {
	var stdout bytes.Buffer
	cmd := exec.CommandContext(ctx, e.nix(), args...)
	cmd.Env, cmd.Dir, cmd.Stdout = e.environ(nil), e.Dir, &stdout
	r := &run{}
	cmd.Stderr = &r.logReader
	err := e.ending().Run(cmd)
	r.flush()
	if err != nil {
		return "", e.explain(ctx, err, r, Ref{}, Sources{})
	}
	return stdout.String(), nil
}
