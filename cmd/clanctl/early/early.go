// Package early answers a command line that was answered before, from the cache, before the rest of clanctl is set up.
//
// Go initialises packages in the order of their import paths, each as soon as what it imports is ready, and main last
// ("Package initialization" in its specification). What most commands need (the parser of flags, the language of --jq,
// a reader of Markdown, the protocol of clanctl mcp) takes longer to be set up than an answer from the cache to be
// given. This package imports none of that, so that its init is early, and ends the program where there is such an
// answer. In whatever order they come, the output is the same.
package early

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/term"

	"github.com/clanctl/clanctl/internal/cachedir"
	"github.com/clanctl/clanctl/internal/recall"
	"github.com/clanctl/clanctl/internal/recorder"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func init() {
	// A short life with one document in it: collect garbage less often than a server would.
	debug.SetGCPercent(300)
	if exit, done := answer(os.Args); done {
		os.Exit(exit)
	}
}

// answer prints what was printed for the same command line, if everything that it came from is the same. Where
// somebody or something looks at the output in which it would not come again byte by byte, that is left to the command.
func answer(args []string) (exit int, done bool) {
	if len(args) < 2 || isTerminal(os.Stdout) || recall.InWorkflow() || os.Getenv(recall.Hyperlinks) != "" {
		return 0, false
	}
	dir, err := cachedir.Of(recall.CacheOf)
	if err != nil {
		return 0, false
	}
	ctx := context.Background()
	text, noted := recorder.Recall(ctx, &nixeval.Evaluator{CacheDir: dir}, recall.Name(args[1:], recall.Plain))
	if text == nil {
		return 0, false
	}
	defer text.Close()
	note, ok := recall.ReadNote(ctx, noted, recall.Plain)
	if !ok || len(note.Errors) > 0 && isTerminal(os.Stderr) {
		return 0, false
	}
	if err := note.Print(text, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "clanctl: %v\n", err)
		return 1, true
	}
	return note.Exit, true
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
