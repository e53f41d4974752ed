package nixeval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

// A cancelled run says that it was, and keeps what Nix had said until then.
func TestCancelledKeepsTheText(t *testing.T) {
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		said := filepath.Join(t.TempDir(), "said")
		e := fake(t,
			`echo '@nix {"action":"msg","level":1,"msg":"warning: the input moved"}' >&2; echo > `+said+
				`; exec sleep 60`)
		_, err := e.Apply(endOnceWritten(t, said, 1, want), at(clan(t)), identity, nil)
		var nixErr *Error
		if !errors.Is(err, want) || !errors.As(err, &nixErr) || !strings.Contains(nixErr.Stderr, "the input moved") {
			t.Errorf("%v: %v", want, err)
		}
		if errors.Is(err, context.Canceled) && errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v is both", err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	defer func(was int) { maxAnswer = was }(maxAnswer)
	maxAnswer = 1 << 20
	// It takes no notice of a closed pipe.
	_, err := fake(t, `trap '' PIPE; while :; do echo '{"a": 1}'; done 2>/dev/null`).Apply(t.Context(), at(clan(t)),
		identity, nil)
	if !errors.Is(err, ErrCrashed) {
		t.Errorf("got %v", err)
	}
	if _, err := fake(t, `printf '"'; head -c 1048574 /dev/zero | tr '\0' x; printf '"'`).Apply(t.Context(), at(clan(t)),
		identity, nil); err != nil {
		t.Errorf("an answer that just fits: %v", err)
	}
}

// Somebody who sets the clock back must not have an answer kept for files that were edited while Nix read them.
func TestClockJump(t *testing.T) {
	real := clock
	defer func() { clock = real }()
	var e Evaluator
	realNix(t, &e)
	home := clan(t)
	writeAll(t, map[string]string{filepath.Join(home, "value"): "one"})
	time.Sleep(100 * time.Millisecond)
	ask := func(what string, cached bool) {
		t.Helper()
		if result, err := e.Apply(t.Context(), at(home), readValues, nil); err != nil || result.Cached != cached {
			t.Errorf("%s: %v, cached %v", what, err, result != nil && result.Cached)
		}
	}
	for _, jump := range []time.Duration{-time.Hour, time.Hour, -time.Second} {
		looks := 0
		clock = func() (time.Time, time.Duration) {
			day, passed := real()
			if looks++; looks%2 == 0 { // the first look is before Nix runs, the second after it
				day = day.Add(jump)
			}
			return day, passed
		}
		ask(jump.String(), false)
		ask(jump.String()+" again", false)
	}
	clock = real
	ask("a clock that goes as it should", false)
	ask("again", true)
}

func TestSourcesStayInside(t *testing.T) {
	root, store := t.TempDir(), t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret.json")
	writeAll(t,
		map[string]string{outside: `{"secret": 1}`, filepath.Join(root, "a.json"): `{"a": 1}`,
			filepath.Join(store, "a.json"): `{"a": 2}`})
	for _, dir := range []string{root, store} {
		if err := errors.Join(os.Symlink(outside, filepath.Join(dir, "link.json")),
			os.Symlink(filepath.Dir(outside), filepath.Join(dir, "dir")),
			os.Symlink("/dev/zero", filepath.Join(dir, "zero.json")),
			syscall.Mkfifo(filepath.Join(dir, "pipe.json"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	up := strings.Repeat("../", 20)
	const input = "/nix/store/00000000000000000000000000000000-source"
	s := Sources{Root: root, known: sourcetree.Known{Store: store, Inputs: map[string]string{"in": input}}}
	if text, err := s.ReadFile(filepath.Join(store, "a.json")); err != nil || string(text) != `{"a": 2}` {
		t.Errorf("%s, %v", text, err)
	}
	if text, err := s.ReadFile(filepath.Join(root, "a.json")); err != nil || string(text) != `{"a": 1}` {
		t.Errorf("%s, %v", text, err)
	}
	paths := []string{outside, "/dev/zero", "/etc/passwd", "", ".", "/", store, input, input + "/x", up + outside[1:],
		"a.json"}
	for _, dir := range []string{root, store, input, "/nix/store/11111111111111111111111111111111-x"} {
		for _, rest := range []string{"link.json", "dir/secret.json", "zero.json", "pipe.json", up + "dev/zero",
			up + outside[1:], "x/../" + up + outside[1:], "nowhere"} {
			paths = append(paths, dir+"/"+rest)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, path := range paths {
			if text, err := s.ReadFile(path); err == nil {
				t.Errorf("%s was read: %d bytes", path, len(text))
			}
			local, own := s.Local(path)
			if rest, of := strings.CutPrefix(local, "<in>/"); own && of {
				local = rest
			}
			if own && !filepath.IsLocal(local) {
				t.Errorf("%s is said to be %s of the flake", path, local)
			}
			_ = s.Rewrite("in '" + path + "'")
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("reading waits for something")
	}
}

func TestEnvironment(t *testing.T) {
	secrets := withSecrets([]string{"NIX_CONFIG=cores = 1"},
		[]setting{{"max-jobs", "1"}, {"access-tokens", "a=b\npure-eval = false c=d"}})
	if want := []string{"NIX_CONFIG=cores = 1\naccess-tokens = a=b pure-eval = false c=d"}; !slices.Equal(secrets,
		want) {
		t.Errorf("got %q", secrets)
	}
	offline := withoutNetwork([]string{"no_proxy=*", "HTTPS_PROXY=http://proxy", "GIT_ALLOW_PROTOCOL=https",
		"GIT_SSH=ssh", "HOME=/h"})
	for _, entry := range offline {
		if strings.HasPrefix(entry, "no_proxy") || strings.Contains(entry, "http://") ||
			strings.HasPrefix(entry, "GIT_SSH=") || entry == "GIT_ALLOW_PROTOCOL=https" {
			t.Errorf("%s is left", entry)
		}
	}
	if !slices.Contains(offline, "HOME=/h") || !slices.Contains(offline, "GIT_ALLOW_PROTOCOL=file") {
		t.Errorf("got %q", offline)
	}
	t.Setenv("CLANCTL_TEST_VARIABLE", "x")
	if slices.Contains((&Evaluator{}).environ(nil), "CLANCTL_TEST_VARIABLE=x") ||
		!slices.Contains((&Evaluator{Impure: true}).environ(nil), "CLANCTL_TEST_VARIABLE=x") {
		t.Error("a variable is for an impure evaluation, and for no other")
	}
}

// Linux allows 128 KiB for a word of a command line; a question may be larger.
func TestLargeArguments(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	t.Setenv("TMPDIR", t.TempDir())
	home := clan(t)
	writeAll(t, map[string]string{filepath.Join(home, "value"): "one"})
	time.Sleep(100 * time.Millisecond)
	length := Function{Name: "length.nix", Source: `_: args: builtins.stringLength args`}
	// Just below and above what goes into the command line, with a quote for every character.
	for _, size := range []int{maxArgument/2 - 10, maxArgument, 3 << 20} {
		large := strings.Repeat(`"`, size)
		for _, cached := range []bool{false, true} {
			result, err := e.Apply(t.Context(), at(home), length, large)
			if err != nil || strings.TrimSpace(string(result.Value)) != fmt.Sprint(size) || result.Cached != cached {
				t.Fatalf("%d: %v, %.40s", size, err, fmt.Sprint(result))
			}
			if result, err := e.Apply(t.Context(), at(home), length, large[1:]+"x"); err != nil || result.Cached != cached {
				t.Fatalf("another of %d: %v", size, err)
			}
		}
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What stands beside a function is a part of the question.
func TestFilesBesideAreAsked(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	home := clan(t)
	time.Sleep(100 * time.Millisecond)
	for _, c := range []struct {
		beside string
		cached bool
	}{{"1", false}, {"2", false}, {"1", true}} {
		result, err := e.Apply(t.Context(), at(home),
			Function{Name: "x.nix", Source: "_: _: import ./y.nix", Beside: map[string]string{"y.nix": c.beside}}, nil)
		if err != nil || strings.TrimSpace(string(result.Value)) != c.beside || result.Cached != c.cached {
			t.Errorf("%s: %v, %v", c.beside, err, result)
		}
	}
}

// Another token may fetch another input; and no token is written down.
func TestTokensAndTheCache(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	home := clan(t)
	writeAll(t, map[string]string{filepath.Join(home, "value"): "one"})
	time.Sleep(100 * time.Millisecond)
	for _, c := range []struct {
		token  string
		cached bool
	}{{"a", false}, {"a", true}, {"b", false}, {"b", true}} {
		e.Options = []string{"access-tokens=example.org=hunter2" + c.token}
		if result, err := e.Apply(t.Context(), at(home), readValues, nil); err != nil || result.Cached != c.cached {
			t.Errorf("token %s: %v, cached %v", c.token, err, result != nil && result.Cached)
		}
	}
	_ = filepath.WalkDir(e.CacheDir, func(path string, d fs.DirEntry, err error) error {
		if text, _ := os.ReadFile(path); strings.Contains(string(text)+path, "hunter2") {
			t.Errorf("the token is in %s", path)
		}
		return err
	})
}

// Whatever a string holds, Nix reads the quoted one as the same.
func TestQuoteAgainstNix(t *testing.T) {
	strs := append([]string{""}, quoteSeeds...)
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
	alphabet := []string{"\\", "\"", "$", "{", "}", "''", "\n", "\r", "\t", "a", "é", "🦊", "\x01", "\x7f", "\u2028",
		"%", "/", "#", "${", "\\$", "$$", " "}
	for range 500 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		strs = append(strs, b.String())
	}
	quoteAgainstNix(t, strs)
}

var quoteSeeds = []string{"\"", "\\", "${x}", "$${x}", "\\${x}", "a\nb", "a\r\nb", "\r", "''", "'''", "''${", "\t",
	"\u0080", "\U0001f98a", "$", "$$", "$\\{", "\\n", "#", "/*", "\u2028", "\x1b[31m", strings.Repeat("\\\"$", 50)}

// quoteAgainstNix has one Nix process read all strings, quoted, and give them back as JSON.
func quoteAgainstNix(t *testing.T, strs []string) {
	t.Helper()
	var list strings.Builder
	for _, s := range strs {
		list.WriteString(nixlang.Quote(s) + "\n")
	}
	for _, nix := range nixes.Programs(t) {
		quoteAgainst(t, nix, strs, list.String())
	}
}

func quoteAgainst(t *testing.T, nix string, strs []string, list string) {
	t.Helper()
	e := &Evaluator{Nix: nix, Offline: true, ProgramDir: t.TempDir()}
	// The strings enter twice: as source text, and as the JSON of the arguments.
	result, err := e.Apply(t.Context(), at(clan(t)),
		Function{Name: "quote.nix", Source: "_: args: { source = [\n" + list + "]; inherit args; }"}, strs)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Args, Source []string }
	if err := json.Unmarshal(result.Value, &got); err != nil {
		t.Fatal(err)
	}
	for i, want := range strs {
		if got.Source[i] != want || got.Args[i] != want {
			t.Fatalf("%s read %s\nas %q and %q", fmt.Sprint(nix), nixlang.Quote(want), got.Source[i], got.Args[i])
		}
	}
}
