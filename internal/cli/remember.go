package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"sync"

	"github.com/itchyny/gojq"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/jq"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// remembered makes an action out of one whose output hangs on nothing but its command line, the terminal and what Nix
// answers: the output, standard error and the exit code are given again while the answers hold, and nothing is decoded
// for it.
func remembered(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error { return remember(c, "", action) }
}

// remember runs such an action, or gives its output again. The output may hang on one text more.
func remember(c *cli.Context, also string, action cli.ActionFunc) error {
	if !repeatable(c) {
		return action(c)
	}
	e := evaluatorOf(c)
	name := outputName(c, also)
	if text, note := e.Recall(c.Context, name); text != nil {
		defer text.Close()
		return printRecorded(c, text, note)
	}
	r := &recording{text: e.Record(name)}
	out, errs := stdout(c), stderr(c)
	out.recording, errs.recording = r, r
	err := action(c)
	out.recording, errs.recording = nil, nil
	note := outputNote{Errors: r.errors}
	var status exitStatus
	switch {
	case errors.As(err, &status):
		note.Exit = int(status)
	case err != nil:
		r.text.Discard()
	}
	if c.Context.Err() != nil || out.err != nil || errs.err != nil {
		r.text.Discard()
	}
	r.text.Keep(c.Context, note)
	return err
}

// repeatable reports whether a command line asks for what can be given again: text on standard output, and no news.
func repeatable(c *cli.Context) bool {
	if _, known := c.App.Metadata[commandLineKey]; !known || c.Bool("no-cache") || c.Bool("refresh") ||
		c.Bool("impure") || c.Bool("verbose") || c.Bool("watch") || c.Path("write-baseline") != "" {
		return false
	}
	if file := c.Path("output"); file != "" && file != "-" {
		return false
	}
	if c.IsSet("jq") {
		query, err := gojq.Parse(c.String("jq"))
		return err == nil && len(jq.Impure(query)) == 0
	}
	return true
}

// outputName stands for all that an output hangs on besides the answers.
func outputName(c *cli.Context, also string) string {
	program := "" // where it is not known, the version must do
	if path, err := os.Executable(); err == nil {
		if stamp, err := filetree.Stat(path); err == nil {
			program = fmt.Sprint(path, stamp)
		}
	}
	here, _ := os.Getwd()
	name := []string{"output", buildVersion(), runtime.Version(), program, here, also,
		fmt.Sprint(c.App.Metadata[commandLineKey])}
	for _, variable := range []string{clanDir, "NO_COLOR", "TERM"} {
		name = append(name, os.Getenv(variable))
	}
	for _, s := range []*stream{stdout(c), stderr(c)} {
		name = append(name, fmt.Sprint(s.terminal != nil, s.width(), s.isGuarded(), s.linkTemplate(c)))
	}
	return fmt.Sprintf("%q", name)
}

// commandLineKey is where [Run] puts the command line.
const commandLineKey = "command line"

// recording is an output on its way into the cache.
type recording struct {
	text   *nixeval.Recording
	mutex  sync.Mutex
	size   int64
	errors []errorText
}

// outputNote is what is kept with an output.
type outputNote struct {
	Exit   int         `json:"exit,omitempty"`
	Errors []errorText `json:"errors,omitempty"`
}

// errorText is text on standard error, and where in standard output it came.
type errorText struct {
	At   int64  `json:"at"`
	Text []byte `json:"text"`
}

// forget has the output that is being written not be kept: it hangs on more than answers.
func forget(c *cli.Context) {
	if r := stdout(c).recording; r != nil {
		r.text.Discard()
	}
}

func printRecorded(c *cli.Context, recorded io.Reader, noted json.RawMessage) error {
	var note outputNote
	if err := json.Unmarshal(noted, &note); err != nil {
		return fmt.Errorf("read the cache: %w", err)
	}
	buffer := make([]byte, 64<<10)
	var at int64
	copyTo := func(end int64) error {
		_, err := io.CopyBuffer(struct{ io.Writer }{stdout(c)}, struct{ io.Reader }{io.LimitReader(recorded, end-at)},
			buffer)
		at = end
		return err
	}
	for _, text := range note.Errors {
		if err := copyTo(text.At); err != nil {
			return err
		}
		if _, err := stderr(c).Write(text.Text); err != nil {
			return err
		}
	}
	if err := copyTo(math.MaxInt64); err != nil {
		return err
	}
	if note.Exit != 0 {
		return exitStatus(note.Exit)
	}
	return nil
}

// record notes what was written.
func (r *recording) record(p []byte, isError bool) {
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if isError {
		r.errors = append(r.errors, errorText{r.size, bytes.Clone(p)})
		return
	}
	r.size += int64(len(p))
	_, _ = r.text.Write(p)
}
