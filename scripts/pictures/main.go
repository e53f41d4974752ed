// Command pictures makes the pictures of the README from what clanctl prints: docs/terminal.svg, a terminal
// session, and docs/report.png, the page of clanctl report in Chromium. Run it with `make pictures`.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/creack/pty"
)

// session are the commands of the terminal's picture. They run on examples/homelab with an edit that is wrong.
var session = []string{
	"clanctl machines",
	"clanctl check",
	"clanctl diff",
}

// edit misspells a machine in a tag, and changes a setting.
var edit = strings.NewReplacer(
	"\"cellar\"\n", "\"celler\"\n",
	`schedule = "hourly";`, `schedule = "daily";`,
)

const columns, rows = 108, 60

func main() {
	log.SetFlags(0)
	log.SetPrefix("pictures: ")
	clanctl, err := filepath.Abs("bin/clanctl")
	if err != nil {
		log.Fatal(err)
	}
	if err := draw(clanctl, "docs"); err != nil {
		log.Fatal(err)
	}
}

func draw(clanctl, out string) error {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	clan := filepath.Join(dir, "homelab")
	if err := makeClan(clan); err != nil {
		return err
	}
	env := append(os.Environ(), "PATH="+filepath.Dir(clanctl)+":"+os.Getenv("PATH"), "TERM=xterm-256color", "NO_COLOR=",
		"XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	var text strings.Builder
	for _, line := range session {
		// what takes long shows progress; the second time is from the cache
		if _, err := run(clan, env, line); err != nil {
			return err
		}
		output, err := run(clan, env, line)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "\x1b[2m$\x1b[0m \x1b[1m%s\x1b[0m\n%s\n", line, output)
	}
	if err := os.WriteFile(filepath.Join(out, "terminal.svg"), svg(strings.TrimRight(text.String(), "\n")),
		0o644); err != nil {
		return err
	}
	page := filepath.Join(dir, "homelab.html")
	report := exec.Command(clanctl, "report", "-o", page)
	report.Dir, report.Env, report.Stderr = clan, env, os.Stderr
	if err := report.Run(); err != nil {
		return err
	}
	picture, err := filepath.Abs(filepath.Join(out, "report.png"))
	if err != nil {
		return err
	}
	browser := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--force-color-profile=srgb",
		"--user-data-dir="+filepath.Join(dir, "browser"), "--window-size=1120,520", "--virtual-time-budget=3000",
		"--screenshot="+picture, "file://"+page)
	if said, err := browser.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w\n%s", err, said)
	}
	return nil
}

// makeClan copies the example into a repository of its own, and edits it there.
func makeClan(clan string) error {
	if err := os.CopyFS(clan, os.DirFS("examples/homelab")); err != nil {
		return err
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"},
		{"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "fleet"}} {
		git := exec.Command("git", args...)
		git.Dir, git.Stderr = clan, os.Stderr
		if err := git.Run(); err != nil {
			return fmt.Errorf("git %s: %w", args[0], err)
		}
	}
	file := filepath.Join(clan, "inventory.nix")
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	edited := edit.Replace(string(old))
	if edited == string(old) {
		return errors.New("the edit changes nothing in examples/homelab")
	}
	return os.WriteFile(file, []byte(edited), 0o644)
}

// run returns what a command prints on a terminal. The exit code does not matter: check has one for what it found.
func run(dir string, env []string, line string) (string, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = dir, env
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: columns, Rows: rows})
	if err != nil {
		return "", err
	}
	defer terminal.Close()
	var out bytes.Buffer
	if _, err := io.Copy(&out, terminal); err != nil && !errors.Is(err, syscall.EIO) { // how a terminal ends on Linux
		return "", err
	}
	var failed *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &failed) {
		return "", err
	}
	return strings.ReplaceAll(erased.ReplaceAllString(out.String(), ""), "\r\n", "\n"), nil
}

var (
	// erased is what is written over.
	erased = regexp.MustCompile(`\r\x1b\[K[^\r]*\r\x1b\[K`)
	style  = regexp.MustCompile(`\x1b\[([0-9]+)m`)
	looks  = map[string]string{"1": "font-weight=\"bold\"", "2": "fill=\"#8b949e\"", "31": "fill=\"#ff7b72\"",
		"32": "fill=\"#7ee787\"",
		"33": "fill=\"#e3b341\"", "36": "fill=\"#79c0ff\""}
)

// svg draws text with colours as a terminal shows it.
func svg(text string) []byte {
	const line, char, margin = 19.0, 8.03, 16.0
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		// No line with colours is that long: tables fit.
		for runes := []rune(line); len(runes) > columns && !style.MatchString(line); runes = []rune(line) {
			lines, line = append(lines, string(runes[:columns])), string(runes[columns:])
		}
		lines = append(lines, line)
	}
	var b bytes.Buffer
	width, height := columns*char+2*margin, float64(len(lines))*line+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img">
<title>A terminal session: %s</title>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13.3" fill="#e6edf3">
`, width, height, html.EscapeString(strings.Join(session, ", ")))
	for i, text := range lines {
		fmt.Fprintf(&b, `<text x="%.0f" y="%.1f">`, margin, margin+float64(i+1)*line-5)
		column := 0
		write := func(part, look string) {
			if strings.TrimSpace(part) != "" {
				// Each part has its place, whatever the reader's font.
				fmt.Fprintf(&b, `<tspan x="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" %s>%s</tspan>`,
					margin+float64(column)*char, float64(len([]rune(part)))*char, look,
					strings.ReplaceAll(html.EscapeString(part), " ", "\u00a0"))
			}
			column += len([]rune(part))
		}
		look := ""
		for len(text) > 0 {
			at := style.FindStringSubmatchIndex(text)
			if at == nil {
				write(text, look)
				break
			}
			write(text[:at[0]], look)
			look, text = looks[text[at[2]:at[3]]], text[at[1]:]
		}
		b.WriteString("</text>\n")
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}
