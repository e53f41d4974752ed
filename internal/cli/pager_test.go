package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// What is longer than the screen goes through the pager, and nothing else does.
func TestPager(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("NO_COLOR", "1")
	t.Setenv("TERM", "xterm")
	const numbers = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n"
	lines := func(prefix string) string {
		return prefix + strings.ReplaceAll(strings.TrimSpace(numbers), "\n", "\n"+prefix) + "\n"
	}
	for _, test := range []struct {
		about, clanctl, pager, term string
		args                        []string
		code                        int
		want                        string
	}{
		{about: "long", pager: "sed s/^/P/", args: []string{"range(12)"}, want: lines("P")},
		{about: "short", pager: "sed s/^/P/", args: []string{"range(3)"}, want: "0\n1\n2\n"},
		{about: "one long line", pager: "sed s/^/P/", args: []string{`"x" * 900`}, want: "P\"" + strings.Repeat("x", 900) + "\"\n"},
		{about: "a flag", pager: "sed s/^/P/", args: []string{"range(12)", "--no-pager"}, want: numbers},
		{about: "its own variable", clanctl: "sed s/^/C/", pager: "sed s/^/P/", args: []string{"range(12)"}, want: lines("C")},
		{about: "none", clanctl: "cat", pager: "sed s/^/P/", args: []string{"range(12)"}, want: numbers},
		{about: "not there", pager: "no-such-pager", args: []string{"range(12)"}, want: numbers},
		{about: "dumb", pager: "sed s/^/P/", term: "dumb", args: []string{"range(12)"}, want: numbers},
		{about: "left early", pager: "head -n 2", args: []string{"range(12)"}, want: "0\n1\n"},
		{about: "left early, endless", pager: "head -n 2", args: []string{"range(infinite)"}, want: "0\n1\n"},
		{about: "standard error", pager: "sed s/^/P/", args: []string{`range(12), ("oops\n" | halt_error)`}, code: 5, want: lines("P") + "oops\n"},
	} {
		t.Run(test.about, func(t *testing.T) {
			if test.clanctl != "" {
				t.Setenv("CLANCTL_PAGER", test.clanctl)
			}
			t.Setenv("PAGER", test.pager)
			if test.term != "" {
				t.Setenv("TERM", test.term)
			}
			code, text := runOnTerminal(t, pty.Winsize{Rows: 10, Cols: 80}, nil, append([]string{"eval", "--jq"}, test.args...)...)
			text = strings.TrimPrefix(text[strings.LastIndex(text, eraseLine)+1:], eraseLine[1:]) // what was shown meanwhile
			if code != test.code || text != test.want {
				t.Errorf("exit code %d, want %d; shown is %q, want %q", code, test.code, text, test.want)
			}
		})
	}
}

func TestTerminalsWithHyperlinks(t *testing.T) {
	for _, name := range []string{"TERM", "VTE_VERSION", "KONSOLE_VERSION", "WT_SESSION", "DOMTERM", "TERM_PROGRAM"} {
		t.Setenv(name, "")
	}
	for setting, want := range map[string]bool{
		"TERM=xterm-256color": false, "TERM=xterm-kitty": true, "TERM=foot-extra": true, "TERM=alacritty": true, "VTE_VERSION=7600": true,
		"VTE_VERSION=4800": false, "TERM_PROGRAM=iTerm.app": true, "TERM_PROGRAM=Apple_Terminal": false, "KONSOLE_VERSION=230400": true,
	} {
		t.Run(setting, func(t *testing.T) {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
			if got := terminalLinks(); got != want {
				t.Errorf("hyperlinks: %t", got)
			}
		})
	}
	t.Setenv("VTE_VERSION", "7600")
	t.Setenv("TERM", "tmux-256color")
	if terminalLinks() {
		t.Error("hyperlinks in tmux")
	}
}

// Places in files are links where the variable says so, and nowhere else.
func TestHyperlinks(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("NO_COLOR", "1")
	t.Setenv("TERM", "xterm")
	t.Setenv("CLANCTL_HYPERLINKS", "editor://open{path}:{line}:{column}")
	rules := filepath.Join(t.TempDir(), "rules.json")
	rule := `{"rules": [{"code": "c", "message": "m", "select": ".machines.attic", "severity": "note"}]}`
	if err := os.WriteFile(rules, []byte(rule), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	clan := `{ outputs = _: { inventory = { machines.m = { }; instances.i.roles.r.machines.gone = { }; }; }; }`
	if err := os.WriteFile(filepath.Join(broken, "flake.nix"), []byte(clan), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"why", "backup-offsite", "client", "attic"}, "(\x1b]8;;editor://open/"},
		{[]string{"why", "backup-offsite", "client", "attic", "schedule"}, "/examples/homelab/inventory.nix:72:9\x1b"},
		{[]string{"machines", "attic"}, "at          \x1b]8;;editor://open/"},
		{[]string{"check", "--severity", "note", "--rules", rules}, "\x1b]8;;editor://open/"},
		{[]string{"diff", "../../examples/homelab", broken}, "\x1b]8;;editor://open" + broken + "/flake.nix:"},
	} {
		if text := onTerminal(t, 120, test.args...); !strings.Contains(text, test.want) {
			t.Errorf("%v: %q is not in %q", test.args, test.want, text)
		}
		if text := onTerminal(t, 120, append(test.args, "--color=never")...); strings.Contains(text, "\x1b]8") {
			t.Errorf("%v: links without colour: %q", test.args, text)
		}
	}
	t.Setenv("CLANCTL_HYPERLINKS", "never")
	t.Setenv("VTE_VERSION", "7600")
	if text := onTerminal(t, 120, "why", "backup-offsite", "client", "attic"); strings.Contains(text, "\x1b]8") {
		t.Errorf("never, and yet: %q", text)
	}
}

func TestLinksToPlaces(t *testing.T) {
	t.Setenv("CLANCTL_HYPERLINKS", "always")
	app := newApp(io.Discard, io.Discard)
	var got []string
	app.Command("machines").Action = func(c *cli.Context) error {
		for _, tree := range []*sourceTree{{root: "/c lan"}, {}, {root: "/clan", commit: "abc"}} {
			link := tree.link(c, stdout(c))
			for _, file := range []string{"a#b.nix", "/nix/store/x", "<input>/x.nix", ""} {
				_, path, _ := strings.Cut(link(nixeval.Position{File: file, Line: 3}), "file://")
				if _, path, _ = strings.Cut(path, "/"); path != "" {
					got = append(got, path)
				}
			}
		}
		return nil
	}
	if err := app.Run([]string{"clanctl", "machines"}); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(got, " "); text != "c%20lan/a%23b.nix nix/store/x nix/store/x" {
		t.Error(text)
	}
}
