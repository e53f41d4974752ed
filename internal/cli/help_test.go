package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
)

// Each command is in the help, once.
func TestHelpHasAllCommands(t *testing.T) {
	var grouped []string
	for _, group := range commandGroups {
		grouped = append(grouped, group.commands...)
	}
	for i, name := range grouped {
		if slices.Contains(grouped[:i], name) {
			t.Errorf("%s is there twice", name)
		}
	}
	_, commands := manualCommands()
	for _, command := range commands {
		name := strings.TrimPrefix(command.name, "clanctl ")
		if command.Action != nil && !slices.Contains(grouped, name) {
			t.Errorf("%s is in no group", name)
		}
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	for _, width := range []uint16{70, 80, 140} {
		app, commands := manualCommands()
		h := &helpText{paint: textPaint, width: min(int(width), maxHelpWidth)}
		h.app(app, commands)
		for _, command := range commands {
			if !strings.Contains(command.Description, "\n\n   ") { // lines to paste are not broken
				h.command(command)
			}
		}
		for line := range strings.Lines(h.String()) {
			if w := displaywidth.String(strings.TrimSpace(line)); w > int(width) && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("%d columns: a line of %d: %s", width, w, line)
			}
		}
		if strings.Contains(h.String(), "default: false") {
			t.Error("says what a flag is that is not given")
		}
	}
	for _, args := range [][]string{{"help", "machines"}, {"machines", "-h"}, {"--help", "machines"}} {
		var text strings.Builder
		if code := Run(t.Context(), append([]string{"clanctl"}, args...), &text, io.Discard); code != exitOK ||
			!strings.HasPrefix(text.String(), "clanctl machines: ") {
			t.Errorf("%v: exit code %d: %s", args, code, text.String())
		}
	}
}

func textPaint(_ style, text string) string { return text }
