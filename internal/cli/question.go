package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	xterm "golang.org/x/term"

	"github.com/clanctl/clanctl/internal/term"
)

// canAsk reports whether somebody sits at the terminal who can answer.
func canAsk(c *cli.Context) bool {
	in, isFile := c.App.Reader.(*os.File)
	return isFile && xterm.IsTerminal(int(in.Fd())) && stderr(c).terminal != nil
}

// confirm asks a question, and takes nothing but a yes for a yes.
func confirm(c *cli.Context, question string) (yes bool, err error) {
	errs := stderr(c)
	errs.hushProgress()
	fmt.Fprintf(errs, "clanctl: %s [y/N] ", term.Escape(question))
	answer := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(c.App.Reader).ReadString('\n') // without a line there is no yes
		answer <- strings.ToLower(strings.TrimSpace(text))
	}()
	select {
	case text := <-answer:
		return text == "y" || text == "yes", nil
	case <-c.Context.Done():
		return false, c.Context.Err()
	}
}
