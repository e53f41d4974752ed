package nixeval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var identity = Function{Name: "identity.nix", Source: "target: args: args"}

var identityProgram, _ = newProgram(identity, Ref{}, nil)

// differ says how two values differ; nothing if they do not. (Tools for tests would be in the go.sum of those who
// import the package.)
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("want %+v\ngot  %+v", want, got)
}

func isKind(err, kind error) bool { return errors.Is(err, kind) }

// fake writes a program that stands in for Nix where the real one cannot be made to misbehave.
func fake(t *testing.T, script string) *Evaluator {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nix")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Evaluator{Nix: path, Grace: 200 * time.Millisecond, ProgramDir: t.TempDir()}
}

// clan makes a flake to name; fakes never look at it.
func clan(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte("{ outputs = _: { }; }"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// at is a reference, resolved. What is wrong with it is the error of whoever asks it.
func at(text string) Ref {
	ref, err := ResolveRef(text)
	if err != nil {
		ref.err = err
	}
	return ref
}

func TestAnswer(t *testing.T) {
	e := fake(t, `echo '@nix {"action":"msg","level":1,"msg":"warning: hm"}' >&2; echo '{"a":1}'`)
	result, err := e.Apply(t.Context(), at(clan(t)), identity, nil)
	if err != nil || strings.TrimSpace(string(result.Value)) != `{"a":1}` {
		t.Fatalf("%v, %v", result, err)
	}
	if len(result.Events) != 1 || result.Events[0].Text != "warning: hm" {
		t.Errorf("events: %v", result.Events)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, script string
		kind         error
		message      string
	}{
		{"garbage", `echo 'not json'`, ErrCrashed, "printed invalid JSON"},
		{"nothing", `true`, ErrCrashed, "0 bytes"},
		{"half an answer, then an error",
			`echo '{"a":'; echo '@nix {"action":"msg","level":0,"msg":"error: boo","raw_msg":"boo"}' >&2; exit 1`,
			ErrEvaluation, "boo"},
		{"killed", `kill -9 $$`, ErrCrashed, "signal: killed"},
		{"fails without output", `exit 7`, ErrCrashed, "exit code 7"},
		{"too old", `echo "error: unrecognised flag '--apply'" >&2; exit 1`, ErrNixNotFound, "unrecognised flag"},
		{"endless line on stderr", `head -c 20000000 /dev/zero | tr '\0' x >&2; echo '{}'; exit 1`, ErrCrashed,
			"exit code 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fake(t, c.script).Apply(t.Context(), at(clan(t)), identity, nil)
			if !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.message) {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.message)
			}
		})
	}
}

func TestNixMissing(t *testing.T) {
	for _, nix := range []string{"/nonexistent/nix", t.TempDir(), "no-such-nix-anywhere"} {
		_, err := (&Evaluator{Nix: nix, ProgramDir: t.TempDir()}).Apply(t.Context(), at(clan(t)), identity, nil)
		var e *Error
		if !errors.Is(err, ErrNixNotFound) || !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("%s: %v, want ErrNixNotFound with a hint", nix, err)
		}
	}
}

// endOnceWritten is a context that ends with err as soon as a file has so many lines: whatever wrote them has come so
// far.
func endOnceWritten(t *testing.T, file string, lines int, err error) context.Context {
	ctx := &endingContext{Context: t.Context(), done: make(chan struct{}), err: err}
	go func() {
		defer close(ctx.done)
		for t.Context().Err() == nil {
			if text, _ := os.ReadFile(file); bytes.Count(text, []byte("\n")) >= lines {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return ctx
}

type endingContext struct {
	context.Context
	done chan struct{}
	err  error
}

func (c *endingContext) Done() <-chan struct{} { return c.done }

func (c *endingContext) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// A Nix that takes no notice of an interrupt, with a child that holds its pipes, is gone soon after the context ends.
func TestStubbornNixIsKilled(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	e := fake(t,
		`trap '' INT TERM; echo $$ > `+pids+`; sh -c 'trap "" INT TERM; echo $$ >> `+pids+
			`; while :; do sleep 1; done' & while :; do sleep 1; done`)
	_, err := e.Apply(endOnceWritten(t, pids, 2, context.DeadlineExceeded), at(clan(t)), identity, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	text, _ := os.ReadFile(pids)
	if len(strings.Fields(string(text))) != 2 {
		t.Fatalf("two processes were to run: %q", text)
	}
	for _, field := range strings.Fields(string(text)) {
		pid, _ := strconv.Atoi(field)
		for i := 0; syscall.Kill(pid, 0) == nil; i++ {
			if state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); strings.Contains(string(state), ") Z ") {
				break // dead, and waiting for somebody to reap it
			}
			if i > 500 {
				t.Fatalf("process %d is still there", pid)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := fake(t, `echo '{}'`).Apply(ctx, at(clan(t)), identity, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}

func TestProgramIsWrittenOnceAndHealed(t *testing.T) {
	e := &Evaluator{ProgramDir: t.TempDir()}
	first, _, err := e.writeProgram(identityProgram)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(first, identity.Name), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, _, err := e.writeProgram(identityProgram)
	if err != nil || second != first {
		t.Fatalf("%s, %v", second, err)
	}
	text, _ := os.ReadFile(filepath.Join(second, identity.Name))
	if string(text) != identity.Source {
		t.Errorf("the damaged program was not replaced: %q", text)
	}
	// Nowhere to write: a directory for this call alone, removed after it.
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir, cleanup, err := (&Evaluator{ProgramDir: blocked}).writeProgram(identityProgram)
	if err != nil || !exists(filepath.Join(dir, identity.Name)) {
		t.Fatalf("%s, %v", dir, err)
	}
	cleanup()
	if exists(dir) {
		t.Error("the temporary directory is left behind")
	}
}

// What kills Nix after something else, in the same process, is tried by itself before it is blamed: that may have taken
// all the memory.
func TestEachAfterACrash(t *testing.T) {
	dir := t.TempDir()
	e := fake(t, `
say() { printf '@nix {"action":"msg","level":0,"msg":"trace: nixeval-%s"}\n' "$1" >&2; }
say 'begin [\"0\"]'
n=$(ls `+dir+` | wc -l); touch `+dir+`/$n
case $n in
0) say 'end {\"json\":\"1\"}'; say 'begin [\"1\"]'; kill -9 $$ ;;
1) echo '{"all":[{"json":"2"}]}' ;;
*) kill -9 $$ ;;
esac`)
	e.Jobs = 1
	paths := []Path{Attr("a"), Attr("b"), Attr("c"), Attr("d")}
	got := map[string]string{}
	for r, err := range Each[int](t.Context(), clan(t), paths, *e) {
		got[r.Path.String()] = fmt.Sprint(r.Value, errors.Is(err, ErrCrashed))
	}
	want := map[string]string{"a": "1 false", "b": "2 false", "c": "0 true", "d": "0 true"}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// How Lix and Determinate Nix give their version; that of Nix itself is TestVersion's.
func TestVersionOfOthers(t *testing.T) {
	for text, want := range map[string]Version{
		"nix (Lix, like Nix) 2.93.3":            {Name: "Lix", Number: "2.93.3"},
		"nix (Determinate Nix 3.8.2) 2.30.1":    {Name: "Determinate Nix 3.8.2", Number: "2.30.1"},
		"nix (Nix) 2.25.0pre20240910_7ab9dea":   {Name: "Nix", Number: "2.25.0pre20240910_7ab9dea"},
		"nix-env (Nix) 2.3.16":                  {Name: "Nix", Number: "2.3.16"},
		"bash, version 5.2 (x86_64-pc-linux)":   {},
		"error: experimental feature (nix) x y": {},
	} {
		e := fake(t, `case "$*" in
--version) echo '`+text+`' ;;
show-config*) exit 1 ;;
*) printf 'system = riscv64-linux\nexperimental-features = flakes pipe-operators nix-command ca-derivations\n' ;;
esac`)
		got, err := e.Version(t.Context())
		if want.Name == "" {
			if !isKind(err, ErrNixNotFound) {
				t.Errorf("%s: %+v, %v", text, got, err)
			}
			continue
		}
		want.Path, want.System, want.Features = e.Nix, "riscv64-linux", []string{"ca-derivations", "pipe-operators"}
		if diff := differ(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}
