package cli

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/itchyny/gojq"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/jq"
	"github.com/clanctl/clanctl/internal/recall"
	"github.com/clanctl/clanctl/internal/recorder"
)

// remembered makes an action out of one whose output hangs on nothing but its command line, the terminal, what Nix
// answers and what it says that it looked at: the output, standard error and the exit code are given again while that
// holds, and nothing is decoded for it. Where standard output is no terminal, package early does so before there is a
// command.
func remembered(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		words, known := c.App.Metadata[commandLineKey].([]string)
		name := recall.Name(words, stdout(c).description(c))
		if !known || name == "" || !repeatable(c) {
			return action(c)
		}
		e := evaluatorOf(c)
		if text, noted := recorder.Recall(c.Context, &e, name); text != nil {
			defer text.Close()
			if note, ok := recall.ReadNote(c.Context, noted, stderr(c).description(c)); ok {
				if err := note.Print(text, stdout(c), stderr(c)); err != nil || note.Exit == 0 {
					return err
				}
				return exitStatus(note.Exit)
			}
		}
		r := &recording{text: recorder.Begin(&e, name)}
		out, errs := stdout(c), stderr(c)
		out.recording, errs.recording = r, r
		err := action(c)
		out.recording, errs.recording = nil, nil
		note := recall.Note{Errors: r.errors, Stderr: errs.description(c), Looks: r.looks}
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
}

// repeatable reports whether a command line asks for what can be given again: text on standard output, and no news.
func repeatable(c *cli.Context) bool {
	if c.Bool("no-cache") || c.Bool("refresh") || c.Bool("impure") || c.Bool("verbose") || c.Bool("watch") ||
		c.Bool("open") || c.Path("write-baseline") != "" {
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

// description says what output on the stream hangs on besides what is written.
func (s *stream) description(c *cli.Context) string {
	template := s.linkTemplate(c)
	if s.terminal == nil && !s.isGuarded() && template == "" {
		return recall.Plain
	}
	return fmt.Sprint(s.terminal != nil, s.width(), s.isGuarded(), template)
}

// commandLineKey is where [Run] puts the words of the command line.
const commandLineKey = "command line"

// recording is an output on its way into the cache.
type recording struct {
	text   recorder.Recording
	mutex  sync.Mutex
	size   int64
	errors []recall.ErrorText
	looks  []recall.Look
}

// hangsOn notes what the output that is being written hangs on besides answers: as it was when it was used.
func hangsOn(c *cli.Context, look recall.Look) {
	r := stdout(c).recording
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if !slices.Contains(r.looks, look) {
		r.looks = append(r.looks, look)
	}
}

// forget has the output that is being written not be kept: nobody can tell all that it hangs on.
func forget(c *cli.Context) {
	if r := stdout(c).recording; r != nil {
		r.text.Discard()
	}
}

// record notes what was written.
func (r *recording) record(p []byte, isError bool) {
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if isError {
		r.errors = append(r.errors, recall.ErrorText{At: r.size, Text: bytes.Clone(p)})
		return
	}
	r.size += int64(len(p))
	_, _ = r.text.Write(p)
}
