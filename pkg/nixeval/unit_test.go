package nixeval

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/sourcetree"
)

func TestParseLogLine(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       Event
		ok         bool
	}{
		{"error of 2.8",
			`@nix {"action":"msg","column":9,"file":"/nix/store/x-source/a.nix","level":0,"line":2,"msg":"\u001b[31;1merror:\u001b[0m boo","raw_msg":"boo"}`,
			Event{Text: "error: boo", Message: "boo", at: Position{File: "/nix/store/x-source/a.nix", Line: 2, Column: 9}}, true},
		{"error of 2.26",
			`@nix {"action":"msg","column":9,"file":"/nix/store/x-source/a.nix:2:9","level":0,"line":2,"msg":"error: boo","raw_msg":"cannot add \u001b[35;1ma string\u001b[0m"}`,
			Event{Text: "error: boo", Message: "cannot add a string", at: Position{File: "/nix/store/x-source/a.nix", Line: 2, Column: 9}}, true},
		{"no position",
			`@nix {"action":"msg","column":null,"file":null,"level":0,"line":null,"msg":"error: boo","raw_msg":"boo"}`,
			Event{Text: "error: boo", Message: "boo"}, true},
		{"trace", `@nix {"action":"msg","level":0,"msg":"trace: hello"}`, Event{Text: "trace: hello"}, true},
		{"start", `@nix {"action":"start","id":1,"level":4,"text":"copying x"}`,
			Event{Level: 4, Activity: "copying x", ID: 1}, true},
		{"stop", `@nix {"action":"stop","id":1}`, Event{ID: 1, Finished: true}, true},
		{"progress", `@nix {"action":"result","id":1,"type":105,"fields":[3,10,0,0]}`,
			Event{ID: 1, Done: 3, Expected: 10}, true},
		{"a line of a build's log", `@nix {"action":"result","id":1,"type":101,"fields":["gcc"]}`, Event{}, false},
		{"frames",
			`@nix {"action":"msg","level":0,"msg":"error: boo","raw_msg":"boo","trace":[{"column":5,"file":"/nix/store/x-source/a.nix:3:5","line":3,"raw_msg":"while calling"},{"raw_msg":"ctx"}]}`,
			Event{Text: "error: boo", Message: "boo",
				frames: []Frame{{Position: Position{File: "/nix/store/x-source/a.nix", Line: 3, Column: 5},
					Message: "while calling"}, {Message: "ctx"}}}, true},
		{"plain", "error: unrecognised flag", Event{Level: -1, Text: "error: unrecognised flag"}, true},
		{"broken JSON", `@nix {"action":`, Event{Level: -1, Text: `@nix {"action":`}, true},
	} {
		got, ok := parseLogLine([]byte(c.line))
		if diff := differ(c.want, got); diff != "" || ok != c.ok {
			t.Errorf("%s: ok %v, %s", c.name, ok, diff)
		}
	}
}

func TestActivities(t *testing.T) {
	var seen []Event
	log := &logReader{onEvent: func(e Event) { seen = append(seen, e) }}
	for _, line := range []string{
		`{"action":"start","id":1,"level":4,"type":101,"text":"downloading 'x'"}`,
		`{"action":"start","id":2,"level":4,"type":104}`,
		`{"action":"result","id":1,"type":105,"fields":[3,10,0,0]}`,
		`{"action":"result","id":9,"type":105,"fields":[3,10,0,0]}`, `{"action":"stop","id":1}`,
		`{"action":"stop","id":1}`, `{"action":"start","id":3,"type":0}`,
	} {
		_, _ = log.Write([]byte("@nix " + line + "\n"))
	}
	download := Event{Level: 4, Activity: "downloading 'x'", Kind: "download", ID: 1}
	got, done := download, download
	got.Done, got.Expected = 3, 10
	done.Done, done.Expected, done.Finished = 3, 10, true
	log.end()
	builds := Event{Level: 4, Activity: "builds", Kind: "builds", ID: 2}
	ended := builds
	ended.Finished = true
	if diff := differ([]Event{download, builds, got, done, ended}, seen); diff != "" {
		t.Error(diff)
	}
	if len(log.events) > 0 || len(log.tail) > 0 {
		t.Error("activities are kept as messages")
	}
}

func TestLogReaderSurvivesAnything(t *testing.T) {
	var seen []string
	log := &logReader{onEvent: func(e Event) { seen = append(seen, e.Text) }}
	huge := strings.Repeat("x", maxLine+1)
	for _, chunk := range []string{"fir", "st\nsec", "ond\n", huge[:maxLine/2], huge[maxLine/2:], "\n\nlast"} {
		if n, err := log.Write([]byte(chunk)); n != len(chunk) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	log.flush()
	if diff := differ([]string{"first", "second", "last"}, seen); diff != "" {
		t.Error(diff)
	}
	for range 3 * maxTail / 100 {
		_, _ = log.Write([]byte(strings.Repeat("y", 99) + "\n"))
	}
	if len(log.tail) > maxTail {
		t.Errorf("%d bytes of stderr are kept", len(log.tail))
	}
}

func TestWarning(t *testing.T) {
	for text, want := range map[string]string{
		"trace: warning: old":            "old",
		"evaluation warning: old":        "old",
		"trace: evaluation warning: old": "old",
		"trace: just saying":             "",
	} {
		if got, ok := (Event{Text: text}).Warning(); got != want || ok != (want != "") {
			t.Errorf("Warning of %q = %q, %v", text, got, ok)
		}
	}
}

func TestArguments(t *testing.T) {
	e := &Evaluator{Offline: true, Impure: true, Options: []string{"a=b c"},
		OverrideInputs: map[string]string{"z": "github:x/y", "a/b": "path:/q"}, UpdateInputs: []string{"z"}}
	got := e.arguments("/cache/a b", Ref{URL: "path:/clan"}, []byte(`{"x":"${y}"}`), true)
	want := []string{"eval", "--json", "--extra-experimental-features", "nix-command flakes", "--no-write-lock-file",
		"--no-eval-cache",
		"--log-format", "internal-json", "--show-trace", "--option", "allow-import-from-derivation", "false",
		"--offline", "--impure",
		"--option", "download-attempts", "1",
		"--option", "a", "b c", "--override-input", "target", "path:/clan", "--override-input", "target/a/b", "path:/q",
		"--override-input", "target/z", "github:x/y", "--update-input", "target/z", "path:/cache/a%20b#apply",
		"--apply",
		`apply: apply (builtins.fromJSON "{\"dir\":\"\",\"overridden\":[\"a/b\",\"z\"],\"updated\":[\"z\"]}") (builtins.fromJSON "{\"x\":\"\${y}\"}")`}
	if diff := differ(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResolveRef(t *testing.T) {
	root := t.TempDir()
	plain := filepath.Join(root, "plain clan", "deep")
	repo := filepath.Join(root, "repo")
	for _, dir := range []string{plain, filepath.Join(repo, ".git"), filepath.Join(repo, "fleet", "machines"),
		filepath.Join(root, "empty")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{filepath.Join(root, "plain clan", "flake.nix"),
		filepath.Join(repo, "fleet", "flake.nix")} {
		if err := os.WriteFile(file, []byte("{ }"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		in   string
		want Ref
	}{
		{plain, Ref{URL: "path:" + root + "/plain%20clan", Root: root + "/plain clan", Dir: root + "/plain clan"}},
		{repo + "/fleet/machines",
			Ref{URL: "git+file://" + repo + "?dir=fleet", Root: repo, Dir: repo + "/fleet", Git: true}},
		{"path:" + plain, Ref{URL: "path:" + root + "/plain%20clan/deep", Root: plain, Dir: plain}},
		{"git+file://" + repo + "?dir=fleet",
			Ref{URL: "git+file://" + repo + "?dir=fleet", Root: repo, Dir: repo + "/fleet", Git: true}},
		{"git+file://" + repo + "?rev=abc", Ref{URL: "git+file://" + repo + "?rev=abc"}},
		{"github:a/b", Ref{URL: "github:a/b"}},
		{"nixpkgs", Ref{URL: "nixpkgs"}},
	} {
		got, err := ResolveRef(c.in)
		c.want.Text = c.in
		if got != c.want || err != nil {
			t.Errorf("%s: %v, %#v", c.in, err, got)
		}
	}
	if err := os.Symlink(repo, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{root + "/link/fleet", root + "/link?dir=fleet", repo + "?dir=fleet"} {
		got, err := ResolveRef(in)
		if want := (Ref{Text: in, URL: "git+file://" + repo + "?dir=fleet", Root: repo, Dir: repo + "/fleet",
			Git: true}); err != nil || got != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	if got := escapePath("/a+b/c d/e%f?#ü"); got != "/a+b/c%20d/e%25f%3F%23%C3%BC" {
		t.Errorf("escapePath = %s", got)
	}
	if err := os.Rename(filepath.Join(root, "plain clan"), filepath.Join(root, "plain#?clan")); err != nil {
		t.Fatal(err)
	}
	if got, err := ResolveRef(root + "/plain#?clan"); err != nil || got.URL != "path:"+root+"/plain%23%3Fclan" {
		t.Errorf("a directory with # in its name: %+v, %v", got, err)
	}
	for _, in := range []string{root + "/plain clan#x", "github:a/b#x", "a\x00b"} {
		if _, err := ResolveRef(in); err == nil || !isKind(err, ErrNoFlake) {
			t.Errorf("ResolveRef(%q) = %v, want ErrNoFlake", in, err)
		}
	}
	for _, in := range []string{root + "/empty", root + "/nowhere"} {
		if _, err := ResolveRef(in); err == nil || !isKind(err, ErrNoFlake) {
			t.Errorf("ResolveRef(%s) = %v, want ErrNoFlake", in, err)
		}
	}
}

func TestSources(t *testing.T) {
	root := t.TempDir()
	store := "/nix/store/6f9lhm0rlr0lwh1mj3kci7xhxzp6mrmp-source"
	other := "/nix/store/8hjk720y2iln4ff8ls4zy4gm7hdg5q66-source"
	s := Sources{Root: root, known: sourcetree.Known{Store: store, Inputs: map[string]string{"clan-core": other}}}
	text := "in '" + store + "/a/b.nix', " + other + "/m.nix:3:4 and `" + store +
		"/flake.nix'. /nix/store/0000000000000000000000000000000a-source/x"
	want := "in 'a/b.nix', <clan-core>/m.nix:3:4 and `flake.nix'. /nix/store/0000000000000000000000000000000a-source/x"
	if got := s.Rewrite(text); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Positions in a store elsewhere, as with NIX_REMOTE=/home/me/root.
	if got := s.Rewrite("at /home/me/root" + store + "/a/b.nix:1:2"); got != "at a/b.nix:1:2" {
		t.Errorf("in a store elsewhere: %s", got)
	}
	if got, ok := s.Local("/home/me/root" + other + "/m.nix"); !ok || got != "<clan-core>/m.nix" {
		t.Errorf("in a store elsewhere: %s", got)
	}
	if got := (Sources{}).Rewrite(text); got != text {
		t.Errorf("the zero Sources changed %s", got)
	}
}

// A copy of a part is the flake's file of the same name and content, and no file beside it that git does not track.
func TestSourcesOfCopies(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	const store, part = "/nix/store/6f9lhm0rlr0lwh1mj3kci7xhxzp6mrmp-source", "/nix/store/8hjk720y2iln4ff8ls4zy4gm7hdg5q66-sub"
	for _, dir := range []string{root, elsewhere + store} {
		writeAll(t, map[string]string{filepath.Join(dir, "sub/a.nix"): "1"})
	}
	writeAll(t, map[string]string{elsewhere + part + "/a.nix": "1", root + "/a.nix": "1", root + "/other.nix": "2",
		elsewhere + part + "/other.nix": "2"})
	s := Sources{Root: root, known: sourcetree.Known{Store: store, Dirs: []string{"sub"}}}
	if got, ok := s.Local(elsewhere + part + "/a.nix"); !ok || got != "sub/a.nix" {
		t.Errorf("the copy of sub/a.nix is %s, %v", got, ok)
	}
	if got, ok := s.Local(elsewhere + part + "/other.nix"); ok {
		t.Errorf("the copy of a file that the flake does not have is %s", got)
	}
	s.known.Store = "" // Nix did not say
	if got, ok := s.Local(elsewhere + part + "/other.nix"); !ok || got != "other.nix" {
		t.Errorf("the copy of other.nix is %s, %v", got, ok)
	}
}

func TestEnvironmentPassesWhatNixNeeds(t *testing.T) {
	got := environment([]string{"PATH=/bin", "AWS_SECRET_ACCESS_KEY=x", "NIX_CONFIG=y", "GITHUB_TOKEN=z", "HOME=/h",
		"=odd"})
	if diff := differ([]string{"PATH=/bin", "NIX_CONFIG=y", "HOME=/h"}, got); diff != "" {
		t.Error(diff)
	}
}

// A large answer is kept in pieces, and is one in the end.
func TestBounded(t *testing.T) {
	ended := false
	b := &bounded{room: 3*pieceSize + 5, end: func() { ended = true }}
	var want []byte
	for i := 0; len(want) < 3*pieceSize; i++ {
		p := bytes.Repeat([]byte{byte(i)}, min(100_003*(i%7+1), 3*pieceSize+5-len(want)))
		want = append(want, p...)
		if n, err := b.Write(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := b.text(); !bytes.Equal(got, want) || ended {
		t.Errorf("%d bytes became %d, ended %v", len(want), len(got), ended)
	}
	if _, err := b.Write(make([]byte, 6)); err == nil || !ended {
		t.Errorf("beyond the limit: %v, ended %v", err, ended)
	}
}
