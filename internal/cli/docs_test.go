package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestDocsAreLinked: every link to a file of the project leads somewhere, and every page can be found from the manual's
// first.
func TestDocsAreLinked(t *testing.T) {
	found := map[string]bool{}
	pages := []string{"../../README.md", "../../CONTRIBUTING.md", "../../RELEASING.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../docs/*/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, more...)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range markdownLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(string(text), ""), -1) {
			target := filepath.Join(filepath.Dir(page), link[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, link[1])
			}
			if page == "../../docs/README.md" {
				found[target] = true
			}
		}
	}
	for _, page := range pages[3:] {
		if page != "../../docs/README.md" && !found[page] {
			t.Errorf("docs/README.md does not link to %s", page)
		}
	}
}

var (
	// markdownLink is one to another file, without its fragment.
	markdownLink = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	// codeBlock is what is no text: blocks, indented ones too.
	codeBlock = regexp.MustCompile("(?ms:^```.*?^```$)|(?m:^\n(?:    .*\n)+)")
)

// TestDocsCommandsExist parses the command lines that the pages have outside of console blocks, which are not run:
// their commands and flags are those that there are.
func TestDocsCommandsExist(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range indentedCommand.FindAllStringSubmatch(string(text), -1) {
			command := found[1]
			if synopsis.MatchString(command) {
				continue
			}
			// The shell says what the program would get.
			shell := exec.Command("sh", "-c", "git() { echo x; }; clanctl() { printf '%s\\n' \"$@\" >&3; }\n"+command)
			shell.Dir = t.TempDir()
			got := filepath.Join(shell.Dir, "words")
			file, err := os.Create(got)
			if err != nil {
				t.Fatal(err)
			}
			shell.ExtraFiles = []*os.File{file}
			shell.Env = append(os.Environ(), "HOME="+shell.Dir)
			err = errors.Join(os.MkdirAll(filepath.Join(shell.Dir, ".local/share/man/man1"), 0o700), shell.Run(),
				file.Close())
			if err != nil {
				t.Fatalf("%s: %s: %v", page, command, err)
			}
			words, err := os.ReadFile(got)
			if err != nil {
				t.Fatal(err)
			}
			app := newApp(io.Discard, io.Discard)
			doNothing(app.Commands)
			line, err := arrange(app,
				append([]string{"clanctl"}, strings.Split(strings.TrimSpace(string(words)), "\n")...))
			if err == nil {
				err = app.Run(line.args())
			}
			if err != nil {
				t.Errorf("%s: %s: %v", page, command, err)
			}
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("found only %d command lines", checked)
	}
}

func doNothing(commands []*cli.Command) {
	for _, command := range commands {
		if command.Action != nil {
			command.Action = func(*cli.Context) error { return nil }
		}
		doNothing(command.Subcommands)
	}
}

var (
	// indentedCommand is a line up to what explains it.
	indentedCommand = regexp.MustCompile(`(?m)^    (clanctl .*?)(?:  .*)?$`)
	synopsis        = regexp.MustCompile(`\[FLAG|\.\.\.|\b[A-Z]+$|bash\|zsh`)
)

// TestManualIsComplete looks for each command's page, and each of its flags there. The common ones are explained
// elsewhere, to which the page links.
func TestManualIsComplete(t *testing.T) {
	common := map[string]bool{}
	for _, flag := range commonFlags() {
		common[flag.Names()[0]] = true
	}
	for _, command := range newApp(io.Discard, io.Discard).Commands {
		page := "../../docs/commands/" + command.Name + ".md"
		text, err := os.ReadFile(page)
		if err != nil {
			t.Error(err)
		}
		for _, flag := range allFlags(command) {
			if name := flag.Names()[0]; common[name] {
				if !strings.Contains(string(text), "](../reference.md#common-options)") {
					t.Errorf("%s does not link to the common options", page)
				}
			} else if !regexp.MustCompile("`--" + name + "[ `]").Match(text) {
				t.Errorf("%s does not mention `--%s`", page, name)
			}
		}
	}
}

// allFlags are those of a command and of the commands below it, which share its page.
func allFlags(command *cli.Command) []cli.Flag {
	flags := slices.Clone(command.Flags)
	for _, sub := range command.Subcommands {
		flags = append(flags, allFlags(sub)...)
	}
	return flags
}
