// Package recall knows what a command line's output hangs on, and prints one that was kept. It imports little, so that
// clanctl can give output again before the rest of it is set up.
package recall

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/clanctl/clanctl/internal/filetree"
)

// CacheOf is the program whose cache has the output.
const CacheOf = "clanctl"

// Hyperlinks is the variable that says whether places in files are hyperlinks (OSC 8): auto, always, never, or a
// template for their URLs.
const Hyperlinks = "CLANCTL_HYPERLINKS"

// InWorkflow reports whether a runner of GitHub's, Forgejo's or Gitea's actions reads what a program prints, and takes
// some lines for commands.
func InWorkflow() bool {
	for _, name := range []string{"GITHUB_ACTIONS", "FORGEJO_ACTIONS", "GITEA_ACTIONS"} {
		if os.Getenv(name) == "true" {
			return true
		}
	}
	return false
}

// Plain describes a stream that is no terminal and gets every byte as it is.
const Plain = ""

// Name stands for the command line of an output: the words behind the program's name, a description of standard output,
// and what else is known before anything is looked at. It is empty where it is not known which program this is.
func Name(words []string, stdout string) string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	stamp, err := filetree.Stat(program)
	if err != nil {
		return ""
	}
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	name := []string{"output", program, fmt.Sprint(stamp), here, stdout}
	for _, variable := range []string{"CLAN_DIR", "NO_COLOR", "TERM", Hyperlinks} {
		name = append(name, os.Getenv(variable))
	}
	return fmt.Sprintf("%q %q", name, words)
}

// Note is what is kept with an output.
type Note struct {
	Exit int `json:"exit,omitempty"`
	// Errors are what came on standard error, and Stderr is a description of it.
	Errors []ErrorText `json:"errors,omitempty"`
	Stderr string      `json:"stderr,omitempty"`
	// Looks are at what the output hangs on besides the answers.
	Looks []Look `json:"looks,omitempty"`
}

// ErrorText is text on standard error, and where in standard output it came, in bytes.
type ErrorText struct {
	At   int64  `json:"at"`
	Text []byte `json:"text"`
}

// ReadNote reads a note, and reports whether the output would come again where standard error is as described.
func ReadNote(ctx context.Context, text json.RawMessage, stderr string) (n Note, ok bool) {
	if json.Unmarshal(text, &n) != nil || len(n.Errors) > 0 && n.Stderr != stderr {
		return n, false
	}
	return n, !slices.ContainsFunc(n.Looks, func(l Look) bool { return !l.holds(ctx) })
}

// Print prints an output as it was.
func (n Note) Print(text io.Reader, stdout, stderr io.Writer) error {
	var at int64
	for _, e := range n.Errors {
		if _, err := io.CopyN(stdout, text, e.At-at); err != nil {
			return err
		}
		at = e.At
		if _, err := stderr.Write(e.Text); err != nil {
			return err
		}
	}
	_, err := io.Copy(stdout, text)
	return err
}
