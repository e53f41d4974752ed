package cli

import (
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// Nix 2.8 takes no notice of an interrupt: while somebody types it would be waited for at each edit.
func TestEditorDoesNotWait(t *testing.T) {
	c := cli.NewContext(&cli.App{}, nil, nil)
	e := evaluatorOf(flakeIn(c, t.Context(), "/clan"))
	if e.Grace == 0 || e.Grace > 100*time.Millisecond {
		t.Errorf("an evaluation that is given up may go on for %v", e.Grace)
	}
}
