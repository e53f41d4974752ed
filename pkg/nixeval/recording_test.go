package nixeval

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// recall returns a recording's text and note, if there is one.
func recall(t *testing.T, e *Evaluator, name string) (text, note string) {
	t.Helper()
	recorded, kept := e.recall(t.Context(), name)
	if recorded == nil {
		return "", ""
	}
	defer recorded.Close()
	got, err := io.ReadAll(recorded)
	if err != nil {
		t.Error(err)
	}
	return string(got), string(kept)
}

// record asks, and records a text with the answer.
func record(t *testing.T, e Evaluator, name, ref, text string) error {
	t.Helper()
	e.recording = e.record(name)
	_, err := e.Apply(t.Context(), at(ref), readValues, nil)
	_, _ = io.WriteString(e.recording, text)
	e.recording.Keep(t.Context(), map[string]int{"exit": 3})
	return err
}

func TestRecording(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	home, other := t.TempDir(), t.TempDir()
	writeAll(t, map[string]string{
		filepath.Join(home, "flake.nix"):  `{ inputs.other.url = "path:` + other + `"; outputs = _: { }; }`,
		filepath.Join(home, "value"):      "one",
		filepath.Join(other, "flake.nix"): `{ outputs = _: { value = import ./value.nix; }; }`,
		filepath.Join(other, "value.nix"): `1`,
	})
	settle()
	set := func(file, text string) {
		t.Helper()
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		writeAll(t, map[string]string{file: text})
		if err := os.Chtimes(file, time.Time{}, info.ModTime()); err != nil {
			t.Fatal(err)
		}
		settle()
	}
	expect := func(what, name, want string) {
		t.Helper()
		if got, _ := recall(t, &e, name); got != want {
			t.Errorf("%s: recalled %.40q, not %.40q", what, got, want)
		}
	}
	keep := func(name, text string) {
		t.Helper()
		if err := record(t, e, name, home, text); err != nil {
			t.Fatal(err)
		}
	}
	expect("nothing yet", "a", "")
	keep("a", "text")
	expect("kept", "a", "text")
	expect("another name", "b", "")
	if _, note := recall(t, &e, "a"); note != `{"exit":3}` {
		t.Errorf("the note is %s", note)
	}
	long := strings.Repeat("0123456789abcdef", 10<<10)
	keep("long", long)
	expect("long", "long", long)

	set(filepath.Join(home, "value"), "two")
	expect("edited", "a", "")
	keep("a", "text of two")
	expect("recorded anew", "a", "text of two")
	set(filepath.Join(home, "value"), "one")
	expect("edited back, and recorded of another state", "a", "")
	expect("edited back", "long", long)
	set(filepath.Join(other, "value.nix"), "2")
	expect("an input edited", "long", "")
	set(filepath.Join(other, "value.nix"), "1")
	expect("an input edited back", "long", long)

	if text, _ := (&Evaluator{}).recall(t.Context(), "long"); text != nil {
		t.Error("recalled without a cache")
	}
	if text, _ := (&Evaluator{CacheDir: filepath.Join(home, "none")}).recall(t.Context(), "long"); text != nil {
		t.Error("recalled from an empty cache")
	}

	// The same question, answered anew: nobody knows that the answer is the same.
	keep("a", "text")
	answers, _ := filepath.Glob(filepath.Join(e.CacheDir, "answer-*"))
	for _, file := range answers {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	expect("the answer is gone", "a", "")
	keep("c", "")
	expect("another answer", "a", "")

	// A text that was made while something was edited, there and back included.
	during := e
	during.recording = e.record("during")
	if _, err := during.Apply(t.Context(), at(home), readValues, nil); err != nil {
		t.Fatal(err)
	}
	set(filepath.Join(home, "value"), "two")
	set(filepath.Join(home, "value"), "one")
	during.recording.Keep(t.Context(), nil)
	if text, _ := e.recall(t.Context(), "during"); text != nil {
		t.Error("recalled what was made during an edit")
	}
	if text, _ := e.recall(t.Context(), "c"); text == nil {
		t.Error("an empty text is not kept")
	}
}

// What is not of answers alone is not kept.
func TestRecordingOfLess(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	throws := clan(t)
	settle()
	function := Function{Name: "f.nix", Source: `flake: args: throw "no"`}
	missing := Function{Name: "f.nix", Source: `flake: args: throw "file 'x' does not exist"`}
	for name, c := range map[string]struct {
		fn   Function
		ref  string
		kept bool
		do   func(e *Evaluator)
	}{
		"an error":         {function, throws, true, nil},
		"an error's hint":  {missing, "git+file://" + throws, false, nil},
		"no answer":        {identity, throws + "/nothing", false, nil},
		"an impure answer": {identity, throws, false, func(e *Evaluator) { e.Options = []string{"pure-eval=false"} }},
		"an endless text": {identity, throws, false, func(e *Evaluator) {
			for range maxRecording >> 20 {
				_, _ = e.recording.Write(make([]byte, 1<<20))
			}
			_, _ = e.recording.Write([]byte("x"))
		}},
		"discarded": {identity, throws, false, func(e *Evaluator) { e.recording.Discard() }},
	} {
		if c.ref == "git+file://"+throws {
			w := &world{T: t, dir: filepath.Dir(throws)}
			w.commit(filepath.Base(throws))
			settle()
		}
		e := e
		e.recording = e.record(name)
		if c.do != nil {
			c.do(&e)
		}
		_, _ = e.Apply(t.Context(), at(c.ref), c.fn, nil)
		e.recording.Keep(t.Context(), nil)
		text, _ := e.recall(t.Context(), name)
		if (text != nil) != c.kept {
			t.Errorf("%s: recalled: %v", name, text != nil)
		}
		if text != nil {
			_ = text.Close()
		}
	}
	if left, _ := filepath.Glob(filepath.Join(e.CacheDir, tempPrefix+"*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A damaged recording is not there, whichever byte it is.
func TestDamagedRecording(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	home := clan(t)
	writeAll(t, map[string]string{filepath.Join(home, "value"): "1"})
	settle()
	if err := record(t, e, "a", home, "some text"); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(e.CacheDir, "text-*"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	s := &cacheFiles{e.CacheDir}
	isThere := func(name string) bool {
		f, info, err := openRegular(s.path("text", name))
		if err != nil {
			return false
		}
		defer f.Close()
		_, ok := readRecording(f, info.Size(), name)
		return ok
	}
	if !isThere("a") {
		t.Error("it is not there though it is whole")
	}
	damage := func(what string, text []byte) {
		t.Helper()
		if err := os.WriteFile(files[0], text, 0o600); err != nil {
			t.Fatal(err)
		}
		if isThere("a") {
			t.Errorf("%s: it is still there", what)
		}
	}
	for i := range whole {
		text := append([]byte{}, whole...)
		text[i] ^= 0x11
		damage(fmt.Sprintf("byte %d of %d", i, len(whole)), text)
		damage(fmt.Sprintf("the first %d bytes", i), whole[:i])
	}
	damage("more", append([]byte("x"), whole...))
	if err := errors.Join(os.WriteFile(files[0], whole, 0o600), os.Rename(files[0], s.path("text", "b"))); err != nil {
		t.Fatal(err)
	}
	if isThere("b") {
		t.Error("it is there under another name")
	}
	if err := errors.Join(os.Symlink("elsewhere", files[0])); err != nil {
		t.Fatal(err)
	}
	if isThere("a") {
		t.Error("a link is read")
	}
}

func TestWriteRecorded(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 40_000) // more than a pipe holds, and than a buffer
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	writeAll(t, map[string]string{kept: text + "what stands behind it"})
	open := func(flag int) *os.File {
		f, err := os.OpenFile(filepath.Join(dir, "out"), flag|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	written := func(f *os.File) string {
		_ = f.Close()
		got, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	// send copies the text behind its first bytes, which are read before.
	send := func(to io.Writer, first int64) (int64, error) {
		f, err := os.Open(kept)
		if err != nil {
			t.Fatal(err)
		}
		r := &recorded{LimitedReader: io.LimitedReader{R: f, N: int64(len(text))}, file: f}
		defer r.Close()
		if _, err := io.CopyN(io.Discard, r, first); err != nil {
			t.Fatal(err)
		}
		return io.Copy(to, r)
	}
	whole := func(what, got, want string, n int64, err error) {
		t.Helper()
		if err != nil || n != int64(len(text)-3) || got != want {
			t.Errorf("%s: %d bytes are said to be written, %d are, of %d: %v", what, n, len(got), len(want), err)
		}
	}

	f := open(os.O_WRONLY)
	n, err := send(f, 3)
	whole("a file", written(f), text[3:], n, err)

	f = open(os.O_WRONLY | os.O_APPEND)
	n, err = send(f, 3)
	whole("an appended file", written(f), text[3:]+text[3:], n, err)

	var buffer strings.Builder
	n, err = send(&buffer, 3)
	whole("no file", buffer.String(), text[3:], n, err)

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		text, _ := io.ReadAll(r)
		got <- string(text)
	}()
	n, err = send(w, 3)
	_ = w.Close()
	whole("a pipe", <-got, text[3:], n, err)

	if r, w, err = os.Pipe(); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	if n, err := send(w, 0); !errors.Is(err, syscall.EPIPE) || n != 0 {
		t.Errorf("a closed pipe: %d, %v", n, err)
	}
	if full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
		if n, err := send(full, 0); !errors.Is(err, syscall.ENOSPC) || n != 0 {
			t.Errorf("a full disk: %d, %v", n, err)
		}
	}
}
