// Package browser shows a file in the user's browser.
package browser

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Open shows a file, with what the user has for it: the first of $BROWSER's programs, as xdg-open reads that, or else
// the system's opener. It does not wait for a browser that stays. The error says what to do instead.
func Open(ctx context.Context, file string) error {
	opener := "xdg-open"
	if runtime.GOOS == "darwin" {
		opener = "open"
	}
	first, _, _ := strings.Cut(os.Getenv("BROWSER"), ":")
	// A variable with %s or arguments is for a shell, which gets nothing from here: the opener knows it.
	if strings.ContainsAny(first, "% \t") {
		first = ""
	}
	cmd := exec.CommandContext(ctx, cmp.Or(first, opener), file)
	cmd.Cancel = func() error { return nil } // people may go on reading
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("no browser could be started: %w; open %s yourself", err, file)
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
