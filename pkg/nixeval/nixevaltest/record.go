package nixevaltest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/clanctl/clanctl/internal/question"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// recording is a file: a question and its answer.
type recording struct {
	Question json.RawMessage `json:"question"`
	Value    json.RawMessage `json:"value,omitempty"`
	Error    *failure        `json:"error,omitempty"`
}

// failure is a [nixeval.Error], with its position in the user's own files.
type failure struct {
	Kind    string            `json:"kind"`
	Reason  string            `json:"reason,omitempty"`
	Message string            `json:"message"`
	Hint    string            `json:"hint,omitempty"`
	At      *nixeval.Position `json:"at,omitempty"`
}

// Record answers as e does, and keeps each answer, and each error of the flake's own, as a file in dir, which it makes.
// An answer that is there is replaced; files of questions that are no longer asked stay: delete the directory first to
// be rid of them.
func Record(dir string, e nixeval.Evaluator) nixeval.Evaluator {
	return nixeval.Evaluator{Jobs: e.Jobs,
		Answer: func(ctx context.Context, text json.RawMessage) (json.RawMessage, error) {
			value, err := ask(ctx, text, e)
			r := recording{Question: text, Value: value}
			if err != nil {
				var failed *nixeval.Error
				if !errors.As(err, &failed) || ctx.Err() != nil || kindOf(err) == "" ||
					errors.Is(err, nixeval.ErrNixNotFound) {
					return nil, err
				}
				r.Error = &failure{kindOf(err), failed.Reason, failed.Sources.Rewrite(failed.Message), failed.Hint, nil}
				if at, ok := failed.Position(); ok {
					r.Error.At = &at
				}
			}
			if writeErr := r.write(dir); writeErr != nil {
				return nil, writeErr
			}
			return value, err
		}}
}

// ask puts a question to a real evaluator.
func ask(ctx context.Context, text json.RawMessage, e nixeval.Evaluator) (json.RawMessage, error) {
	q, err := parse(text)
	if err != nil {
		return nil, err
	}
	e.System = q.System
	path := nixeval.Attr(q.Path...)
	if q.Names {
		path = path.Names()
	}
	var ref nixeval.Ref
	switch {
	case q.File != "":
		ref = nixeval.File(q.File, q.With)
	case q.Expr != "":
		ref = nixeval.Expr(q.Expr, q.With)
	case q.Function != "" && len(q.Beside) > 0:
		ref, err := nixeval.ResolveRef(q.Flake)
		if err != nil {
			return nil, err
		}
		result, err := e.Apply(ctx, ref,
			nixeval.Function{Name: "function.nix", Source: q.Function, Beside: q.Beside}, q.Args)
		if err != nil {
			return nil, err
		}
		return result.Value, nil
	case q.Function != "":
		return nixeval.Apply[json.RawMessage](ctx, withOutput(q), q.Function, argsOf(q), e)
	case q.System != "":
		path.Segments = nil // all of it after the "#"
		return nixeval.Eval[json.RawMessage](ctx, withOutput(q), path, e)
	default:
		return nixeval.Eval[json.RawMessage](ctx, q.Flake, path, e)
	}
	if q.Function != "" {
		return nixeval.Apply[json.RawMessage](ctx, ref, q.Function, argsOf(q), e)
	}
	return nixeval.Eval[json.RawMessage](ctx, ref, path, e)
}

// argsOf are the arguments; nil where none were given.
func argsOf(q question.Question) any {
	if q.Args == nil {
		return nil
	}
	return q.Args
}

func withOutput(q question.Question) string {
	if len(q.Path) == 0 {
		return q.Flake
	}
	return q.Flake + "#" + nixeval.Attr(q.Path...).String()
}

// Replay answers from the files that [Record] wrote to dir. A question that was not recorded is an error that says so.
func Replay(dir string) nixeval.Evaluator {
	return nixeval.Evaluator{Answer: func(_ context.Context, text json.RawMessage) (json.RawMessage, error) {
		file := filepath.Join(dir, fileName(text))
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("nixevaltest: %s has no answer to %s: record it", dir, text)
		}
		if err != nil {
			return nil, err
		}
		var r recording
		if err := json.Unmarshal(content, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if r.Error == nil {
			return r.Value, nil
		}
		failed := &nixeval.Error{Kind: kinds[r.Error.Kind], Reason: r.Error.Reason, Message: r.Error.Message,
			Hint: r.Error.Hint}
		if failed.Kind == nil {
			return nil, fmt.Errorf("%s: unknown kind of error %q", file, r.Error.Kind)
		}
		if at := r.Error.At; at != nil {
			// The position is found again as that of a file of the flake.
			const root = "/source"
			failed.Sources = nixeval.Sources{Root: root}
			failed.At = nixeval.Position{File: filepath.Join(root, at.File), Line: at.Line, Column: at.Column}
		}
		return nil, failed
	}}
}

func (r recording) write(dir string) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fileName(r.Question)), text.Bytes(), 0o644)
}

var notPlain = regexp.MustCompile(`[^0-9A-Za-z._-]+`)

// fileName is one that a person recognises, and no other question has.
func fileName(text json.RawMessage) string {
	q, _ := parse(text)
	name := nixeval.Attr(q.Path...).String()
	if q.Function != "" {
		name = q.Function
	}
	name = notPlain.ReplaceAllString(name, "-")
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%.40s-%x.json", name, sum[:4])
}
