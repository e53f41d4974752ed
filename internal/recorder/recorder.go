// Package recorder keeps what clanctl prints of Nix's answers, for as long as these hold, and gives it again without
// reading one of them. Package nixeval does the work, out of sight of those who import it.
package recorder

import (
	"context"
	"encoding/json"
	"io"
)

// Package nixeval sets these.
var (
	// Begin begins a recording in the cache of a *nixeval.Evaluator. The name stands for everything that the text hangs
	// on besides the answers, how the evaluators are configured, too.
	Begin func(evaluator any, name string) Recording
	// Attach makes the answers of a *nixeval.Evaluator, and of copies of it, part of a recording.
	Attach func(evaluator any, r Recording)
	// Recall returns what was recorded under a name in the cache of a *nixeval.Evaluator, and the note on it. If not
	// every answer that it was made of is the one that would be given now, there is no text, and no error. The text
	// must be closed.
	Recall func(ctx context.Context, evaluator any, name string) (text io.ReadCloser, note json.RawMessage)
)

// Recording is a text on its way into the cache. It is safe for concurrent use.
type Recording interface {
	// Write adds to the text. It never fails: a text that is too long, or for which there is no room, is not kept.
	io.Writer
	// Discard ends the recording: nothing is kept of it.
	Discard()
	// Keep ends the recording and keeps it, with a note (as JSON) on it.
	Keep(ctx context.Context, note any)
}
