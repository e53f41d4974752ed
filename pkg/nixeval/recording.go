package nixeval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/clanctl/clanctl/internal/cachedir"
	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/recorder"
	"github.com/clanctl/clanctl/internal/scratch"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

func init() {
	recorder.Begin = func(evaluator any, name string) recorder.Recording { return evaluator.(*Evaluator).record(name) }
	recorder.Attach = func(evaluator any, r recorder.Recording) { evaluator.(*Evaluator).recording = r.(*recording) }
	recorder.Recall = func(ctx context.Context, evaluator any, name string) (io.ReadCloser, json.RawMessage) {
		return evaluator.(*Evaluator).recall(ctx, name)
	}
}

// recording is one of package recorder. Nothing is kept if an answer was not, or had a hint that hangs on more than the
// flake. The nil recording keeps nothing. It is safe for concurrent use.
type recording struct {
	files *cacheFiles
	name  string
	by    *Evaluator

	mutex sync.Mutex
	// spoiled: it is not to be kept.
	spoiled bool
	asked   []recordedAnswer
	trees   []*attempt
	file    *os.File
	sum     hash.Hash32
	size    int64
}

// recordedAnswer says which answer was used.
type recordedAnswer struct {
	Ref Ref `json:"ref"`
	// Question is a hash of all that was asked but the state of the tree, ID that of the kept answer.
	Question string       `json:"question"`
	ID       string       `json:"id"`
	Error    bool         `json:"error,omitempty"`
	Inputs   []localInput `json:"inputs,omitempty"`
	// Overrides are the references that were given for inputs, and what they meant.
	Overrides map[string]string `json:"overrides,omitempty"`
}

// recordingEnd stands behind the text.
type recordingEnd struct {
	Name string `json:"name"`
	// Nix and Dir are the evaluator's: see [Evaluator].
	Nix     string           `json:"nix,omitempty"`
	Dir     string           `json:"dir,omitempty"`
	Text    int64            `json:"text"`
	Answers []recordedAnswer `json:"answers"`
	Note    json.RawMessage  `json:"note"`
}

const (
	recordingFooter = "%08x %08x\n" // the checksum of all before, and the length of the end
	footerSize      = 18
	// maxRecording is a quarter of the cache: the text of 1000 machines in 100 instances each takes half of it.
	maxRecording = 64 << 20
	// recordingTail is what is read of a file first; most are smaller.
	recordingTail = 64 << 10
	copyBuffer    = 256 << 10
)

// record begins a recording, under a name that stands for everything the text hangs on besides the answers to the
// questions that evaluators put whose recording it is: how they are configured, too. It is nil where there is no cache.
func (e *Evaluator) record(name string) *recording {
	if e.CacheDir == "" || e.Impure {
		return nil
	}
	files, err := openCacheFiles(e.CacheDir)
	if err != nil {
		return nil
	}
	return &recording{files: files, name: name, by: e, sum: crc32.NewIEEE()}
}

// Write adds to the text. It never fails: a text that is too long, or for which there is no room, is not kept.
func (r *recording) Write(p []byte) (int, error) {
	if r == nil {
		return len(p), nil
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.size += int64(len(p)); r.size > maxRecording {
		r.spoil()
	}
	if r.spoiled {
		return len(p), nil
	}
	var err error
	if r.file == nil {
		r.file, err = scratch.NewFile(r.files.dir, tempPrefix)
	}
	if err == nil {
		_, err = io.MultiWriter(r.file, r.sum).Write(p)
	}
	if err != nil {
		r.spoil()
	}
	return len(p), nil
}

// Discard ends the recording: nothing is kept of it.
func (r *recording) Discard() {
	if r != nil {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.spoil()
	}
}

func (r *recording) spoil() {
	r.spoiled = true
	if r.file != nil {
		_ = os.Remove(r.file.Name())
		_ = r.file.Close()
		r.file = nil
	}
}

// Keep ends the recording and keeps it, with a note (as JSON) on it. The trees must be what they were when the
// questions were asked: the program may have read files in them since.
func (r *recording) Keep(ctx context.Context, note any) {
	if r == nil {
		return
	}
	_, _ = r.Write(nil) // there is a file, also for an empty text
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, a := range r.trees {
		if r.spoiled {
			break
		}
		after, err := a.files.observe(ctx, a.ref.tree())
		if err != nil || !after.UnchangedSince(a.target) {
			r.spoil()
		}
	}
	if len(r.asked) == 0 {
		r.spoil()
	}
	if r.spoiled {
		return
	}
	defer r.spoil() // the file has another name by then
	text, err := json.Marshal(note)
	if err != nil {
		return
	}
	end, err := json.Marshal(recordingEnd{r.name, r.by.Nix, r.by.Dir, r.size, r.asked, text})
	if err != nil {
		return
	}
	_, _ = r.sum.Write(end)
	if _, err := fmt.Fprintf(r.file, "%s"+recordingFooter, end, r.sum.Sum32(), len(end)); err != nil {
		return
	}
	_ = r.files.install(r.file, "text", r.name, r.size)
}

// note notes an answer, or that there is one that is not kept.
func (r *recording) note(a *attempt, kept *answer, failed *Error) {
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if a.uncached != "" || a.id == "" || kept == nil || failed != nil && failed.looksOutside(a.ref) {
		r.spoil()
		return
	}
	r.asked = append(r.asked, recordedAnswer{a.ref, a.question, a.id, failed != nil, kept.Inputs, a.overrides})
	if a.target != nil && !slices.ContainsFunc(r.trees, func(b *attempt) bool {
		return a.ref.tree() == b.ref.tree() && bytes.Equal(a.target.Sum(), b.target.Sum())
	}) {
		r.trees = append(r.trees, a)
	}
}

// recorded is a text that was kept, what is left of it in its file.
type recorded struct {
	io.LimitedReader
	file *os.File
}

func (r *recorded) Close() error { return r.file.Close() }

// WriteTo writes what is left: where the system can, without reading it.
func (r *recorded) WriteTo(w io.Writer) (int64, error) {
	var sent int64
	if to, ok := w.(*os.File); ok {
		sent = sendFile(to, r.file, r.N)
		r.N -= sent
	}
	// The rest, or the same error as of any other output.
	copied, err := io.CopyBuffer(onlyWriter{w}, &r.LimitedReader, make([]byte, min(r.N, copyBuffer)+1))
	return sent + copied, err
}

// recall returns what was recorded under a name in the evaluator's cache, and the note on it. If not every answer that
// it was made of is the one that would be given now, there is no text, and no error. The text must be closed.
func (e *Evaluator) recall(ctx context.Context, name string) (text io.ReadCloser, note json.RawMessage) {
	if e.CacheDir == "" {
		return nil, nil
	}
	files := &cacheFiles{e.CacheDir} // which need not be there
	f, info, err := openRegular(files.path("text", name))
	if err != nil {
		return nil, nil
	}
	end, ok := readRecording(f, info.Size(), name)
	if !ok || cachedir.Check(e.CacheDir) != nil ||
		!(&Evaluator{Nix: end.Nix, Dir: end.Dir}).holds(ctx, files, end.Answers) {
		_ = f.Close()
		return nil, nil
	}
	files.touch(info)
	return &recorded{io.LimitedReader{R: f, N: end.Text}, f}, end.Note
}

// holds reports whether the answers are those that would be given now.
func (e *Evaluator) holds(ctx context.Context, files *cacheFiles, answers []recordedAnswer) bool {
	nix, err := e.identify()
	if err != nil {
		return false
	}
	states := map[Ref]string{}
	for _, answer := range answers {
		if now, err := ResolveRef(answer.Ref.Text); err != nil || now != answer.Ref {
			return false
		}
		for given, meant := range answer.Overrides {
			if absoluteRef(given) != meant {
				return false
			}
		}
		state, known := states[answer.Ref]
		if !known {
			var unknown string
			if _, state, unknown = stateOf(ctx, files, answer.Ref); unknown != "" {
				return false
			}
			states[answer.Ref] = state
		}
		if files.id("answer", answerKey(nix, state, answer.Question)) != answer.ID {
			return false
		}
		if !files.unchanged(ctx, answer.Inputs) {
			return false
		}
	}
	return true
}

// readRecording reads the end of a recording of so many bytes, and reports whether it is undamaged.
func readRecording(f *os.File, size int64, name string) (*recordingEnd, bool) {
	tail := make([]byte, min(size, recordingTail))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil || len(tail) < footerSize {
		return nil, false
	}
	var sum, length uint32
	if n, err := fmt.Sscanf(string(tail[len(tail)-footerSize:]), recordingFooter, &sum, &length); n != 2 ||
		err != nil || int64(length)+footerSize > size {
		return nil, false
	}
	if int(length)+footerSize > len(tail) {
		tail = make([]byte, int(length)+footerSize)
		if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
			return nil, false
		}
	}
	checked := crc32.NewIEEE()
	if int64(len(tail)) == size {
		_, _ = checked.Write(tail[:len(tail)-footerSize])
	} else if _, err := io.CopyBuffer(onlyWriter{checked}, io.NewSectionReader(f, 0, size-footerSize),
		make([]byte, copyBuffer)); err != nil {
		return nil, false
	}
	end := &recordingEnd{}
	if checked.Sum32() != sum ||
		json.Unmarshal(tail[len(tail)-footerSize-int(length):len(tail)-footerSize], end) != nil ||
		end.Name != name || end.Text != size-footerSize-int64(length) {
		return nil, false
	}
	return end, true
}

// onlyWriter hides what else a writer can do, so that io.CopyBuffer uses its buffer.
type onlyWriter struct{ io.Writer }

// stateOf is the state of a reference, and the tree that was looked at for it, if any; or why nothing can be known of
// it.
func stateOf(ctx context.Context, files *cacheFiles, ref Ref) (tree *filetree.Tree, state, unknown string) {
	switch {
	case ref.Root != "" && sourcetree.IsPlain(ref.URL):
		tree, err := files.observe(ctx, ref.tree())
		if err != nil {
			return nil, "", fmt.Sprintf("the flake's tree: %v", err)
		}
		return tree, fmt.Sprintf("%x", tree.Sum()), ""
	case ref.kind == exprSource || ref.Root == "" && isFixedRef(ref.URL):
		return nil, "fixed", ""
	case ref.Root != "":
		return nil, "", ref.URL + " needs more than the files of a tree"
	default:
		return nil, "", ref.URL + " names no commit and no hash"
	}
}

// answerKey is the key of the answer to a question.
func answerKey(nix *nixIdentity, state, question string) string {
	return fmt.Sprintf("%x %s %s", nix.sum, state, question)
}
