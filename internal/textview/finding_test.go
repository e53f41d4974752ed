package textview

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestWrapWords(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  string
	}{
		{"one two three four five six seven", 20, "one two three four\n  five six seven"},
		{"  one two three four five", 20, "  one two three four\n    five"},
		{"as long as it likes to be, where nobody counts", 0, "as long as it likes to be, where nobody counts"},
		{"averylongwordthatfitsnowhereatall next", 20, "averylongwordthatfitsnowhereatall\n  next"},
	} {
		if got := wrapWords(c.line, c.width); got != c.want {
			t.Errorf("wrapWords(%q, %d) = %q, want %q", c.line, c.width, got, c.want)
		}
	}
}

// A finding as text is what its String method says, the line of the file aside, and its page where it has no hint.
func TestFindingPrinter(t *testing.T) {
	for _, f := range []instance.Finding{
		{Code: codes.SettingFailed, Severity: instance.SeverityWarning,
			Position: instance.Position{File: "a b,c:d%.nix", Line: 2, Column: 3},
			Subject:  instance.Subject{Instance: "sshd", Role: "server"},
			Cause:    instance.Cause{Nix: "50% of\r\n\x1b[31mmachines", Hint: "did you mean \"laptop\"?"}},
		{Code: codes.ModuleFailed, Severity: instance.SeverityError, Cause: instance.Cause{Nix: "no"},
			Position: instance.Position{File: "<nixpkgs>/lib.nix", Line: 7, Column: 1}},
		{Code: codes.NixWarning, Severity: instance.SeverityWarning, Cause: instance.Cause{Nix: "old"}},
		{Code: codes.SettingFailed, Severity: instance.SeverityNote, Cause: instance.Cause{Nix: "no"},
			Position: instance.Position{File: "inventory.json"}},
	} {
		var out bytes.Buffer
		(&FindingPrinter{Out: &out, Paint: Colourless}).Print(f)
		want := term.Escape(f.String()) + "\n"
		if f.Hint() == "" {
			want += "  hint: clanctl explain " + f.Code + "\n"
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		line          string
		column, width int
		before, after string
	}{
		{"a = 1;", 5, 20, "a = ", "1;"},
		{"\ta = 1;", 2, 20, "    ", "a = 1;"},
		{"zwölf = 1;", 10, 20, "zwölf = ", "1;"},
		{"🦊 = 1;", 8, 20, "🦊 = ", "1;"},
		{"\x1b[31m = 1;", 9, 20, `\x1b[31m = `, "1;"},
		{"0123456789012345678901234567890123456789", 30, 20, "...2345678", "9012345..."},
		{"short", 99, 20, "short", ""},
		{"ö", 2, 20, "", "ö"},
	} {
		before, after := cut(c.line, c.column, c.width)
		if before != c.before || after != c.after {
			t.Errorf("cut(%q, %d, %d) = %q, %q, want %q, %q", c.line, c.column, c.width, before, after, c.before,
				c.after)
		}
	}
}
