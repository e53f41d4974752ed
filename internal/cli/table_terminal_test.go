package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/why"
)

// onTerminal runs clanctl on a terminal of a width, without a pager, and returns what it shows.
func onTerminal(t *testing.T, width uint16, args ...string) string {
	t.Helper()
	t.Setenv("CLANCTL_PAGER", "")
	var stderr bytes.Buffer
	code, text := runOnTerminal(t, pty.Winsize{Rows: 24, Cols: width}, &stderr, args...)
	if code != exitOK {
		t.Errorf("%v: exit code %d: %s", args, code, stderr.String())
	}
	return text
}

// runOnTerminal runs clanctl on a terminal, where standard error goes, too, unless it is given.
func runOnTerminal(t *testing.T, size pty.Winsize, stderr io.Writer, args ...string) (code int, text string) {
	t.Helper()
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("SKIP: no terminal to test with: %v", err)
	}
	defer screen.Close()
	if err := pty.Setsize(terminal, &size); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(screen) // ends with an error when the terminal is closed
		shown <- string(text)
	}()
	if stderr == nil {
		stderr = terminal
	}
	args = append([]string{"clanctl"}, args...)
	args = append(args, "--nix", nixes.Programs(t)[0], "--flake", "../../examples/homelab")
	code = Run(t.Context(), args, terminal, stderr)
	terminal.Close()
	return code, strings.ReplaceAll(<-shown, "\r\n", "\n")
}

func TestTablesFitTheTerminal(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("NO_COLOR", "1")
	for _, width := range []int{60, 80, 120} {
		for _, command := range []string{"machines", "instances", "tags"} {
			text := onTerminal(t, uint16(width), command)
			if strings.Count(text, "\n") < 5 {
				t.Errorf("%s: no table: %s", command, text)
			}
			for line := range strings.Lines(text) {
				if w := displaywidth.String(strings.TrimSuffix(line, "\n")); w > width {
					t.Errorf("%s: a line of %d on a terminal of %d: %s", command, w, width, line)
				}
			}
		}
	}
	// A terminal that does not know its width.
	if got, want := onTerminal(t, 0, "machines"), onTerminal(t, 80, "machines"); got != want {
		t.Errorf("not for 80 columns:\n%s", got)
	}
}

func TestColourOnTerminal(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, test := range []struct {
		noColor, term string
		args          []string
		colour        bool
	}{
		{colour: true},
		{noColor: "1"},
		{term: "dumb"},
		{args: []string{"--color=never"}},
		{noColor: "1", args: []string{"--color=always"}, colour: true},
	} {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		text := onTerminal(t, 80, append([]string{"tags"}, test.args...)...)
		if got := strings.Contains(text, "\x1b["); got != test.colour {
			t.Errorf("%+v: colour is %t", test, got)
		}
	}
}

// What nobody wrote is dim.
func TestDefaultsAreDim(t *testing.T) {
	text := whyText{paint: textview.Colourful, width: 40}
	text.origins([]settingOrigin{
		{From: codes.SourceDefault, Path: []string{"a", "b"}, Value: 1},
		{From: codes.SourceLayers, Path: []string{"c"}, Value: "so long that the place has no room",
			Definitions: []why.Definition{{Counts: true, Layer: "tag", Name: "x"}, {Layer: "role"}}},
	})
	const want = "\nsettings:\n\x1b[2m  a.b = 1\x1b[0m  \x1b[2mdefault\x1b[0m\n  c = \"so long that the place has no room\"\n      \x1b[2mfrom tag x\x1b[0m\n"
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Error(diff)
	}
}

// Settings and JSON have colours.
func TestColourOfSettingsAndJSON(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"why", "backup-offsite", "client", "attic"},
			"\n  schedule = \"weekly\"  \x1b[2mfrom machine attic ("},
		{[]string{"why", "backup-nightly", "client", "studio", "schedule"},
			"\x1b[1mschedule\x1b[0m = \x1b[32m\"hourly\"\x1b[0m\n"},
		{[]string{"eval"}, "\x1b[36m\"machines\"\x1b[0m: {"},
		{[]string{"machines", "--json"}, "\x1b[36m\"name\"\x1b[0m: \x1b[32m\"cabin\"\x1b[0m"},
	} {
		if text := onTerminal(t, 120, test.args...); !strings.Contains(text, test.want) {
			t.Errorf("%v: %q is not in %q", test.args, test.want, text)
		}
	}
}

// Without a command, people get an overview of their clan, or are told why not.
func TestNoArguments(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, test := range []struct {
		dir, want, wantError string
		code                 int
	}{
		{"../../examples/homelab", "homelab: 5 machines", "", exitOK},
		{"", "Usage: clanctl COMMAND", "clanctl: there is no flake.nix in ", exitOK},
		{"/nonexistent", "Usage: clanctl COMMAND", "clanctl: CLAN_DIR: /nonexistent: no such directory\n", exitOK},
	} {
		t.Setenv("CLAN_DIR", test.dir)
		if test.dir == "" {
			t.Chdir(t.TempDir())
		}
		screen, terminal, err := pty.Open()
		if err != nil {
			t.Skipf("SKIP: no terminal to test with: %v", err)
		}
		if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
			t.Fatal(err)
		}
		shown := make(chan string)
		go func() {
			text, _ := io.ReadAll(screen)
			shown <- string(text)
		}()
		t.Setenv("CLANCTL_PAGER", "")
		t.Setenv("PATH", filepath.Dir(nixes.Programs(t)[0])+string(filepath.ListSeparator)+os.Getenv("PATH"))
		var stderr bytes.Buffer
		code := Run(t.Context(), []string{"clanctl"}, terminal, &stderr)
		terminal.Close()
		text := <-shown
		screen.Close()
		if code != test.code || !strings.Contains(text, test.want) ||
			!strings.HasPrefix(stderr.String(), test.wantError) || test.wantError == "" && stderr.Len() > 0 {
			t.Errorf("%q: exit code %d, and\n%s\n%s", test.dir, code, stderr.String(), text)
		}
	}
}

// A picture is not for terminals.
func TestGraphOnTerminal(t *testing.T) {
	t.Setenv("CLANCTL_PAGER", "")
	var stderr bytes.Buffer
	size := pty.Winsize{Rows: 24, Cols: 80}
	if code, text := runOnTerminal(t, size, &stderr, "graph"); code != exitUsage || text != "" {
		t.Errorf("exit code %d, and %s", code, text)
	}
	if code, text := runOnTerminal(t, size, nil, "graph", "--format", "mermaid"); code != exitOK ||
		!strings.Contains(text, "flowchart") {
		t.Errorf("exit code %d, and %s", code, text)
	}
}

// Words of an error stay whole on a terminal; a command in a hint stays on one line.
func TestErrorsFitTheTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"one two three four": "hint: one two\n  three four",
		"clanctl machines x": "hint: clanctl machines x",
		"two\nlines as long": "hint: two\n  lines as long",
	} {
		if got := fitted("hint: ", text, 16); got != want {
			t.Errorf("%q", got)
		}
		if got := fitted("hint: ", text, 0); got != "hint: "+strings.ReplaceAll(text, "\n", "\n  ") {
			t.Errorf("not on a terminal: %q", got)
		}
	}
}
