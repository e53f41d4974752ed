package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

// TestReference compares docs/reference.md with what the code says of commands and flags; UPDATE=1 writes it anew.
func TestReference(t *testing.T) {
	const page = "../../docs/reference.md"
	text := "<!-- Generated from the code: UPDATE=1 go test -run TestReference ./internal/cli -->\n\n" + reference()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(got)); diff != "" {
		t.Errorf("docs/reference.md is not what the code says (UPDATE=1 writes it anew): %s", diff)
	}
}

// reference is the manual as a page.
func reference() string {
	app, commands := manualCommands()
	var b strings.Builder
	flags := func(flags []cli.Flag) {
		rows := make([]manualItem, len(flags))
		for i, flag := range flags {
			rows[i] = manualItem{flagTerm(flag), flagText(flag)}
		}
		writeRows(&b, rows)
	}
	fmt.Fprintf(&b, "# %s\n\n%s\n\n    %s\n\n", app.Name, app.Usage, app.UsageText)
	for _, command := range commands {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n    %s\n\n", command.name, command.Usage, command.UsageText)
		for _, text := range paragraphs(command.Description) {
			if strings.HasPrefix(text, " ") {
				text = " " + strings.ReplaceAll(text, "\n", "\n ")
			}
			b.WriteString(text + "\n\n")
		}
		flags(command.own)
		if also := command.sharedText(); also != "" {
			writing := ""
			if len(command.shared[1]) > 0 {
				writing = " and [writing](#writing-options)"
			}
			fmt.Fprintf(&b, "Also `%s`: the [output](#output-options)%s options.\n\n",
				strings.ReplaceAll(also, ", ", "`, `"), writing)
		}
	}
	for _, group := range flagGroups() {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", group.title, strings.ReplaceAll(group.text, " -- ", " `--` "))
		flags(group.flags)
		for _, note := range group.notes {
			b.WriteString(flagInText.ReplaceAllString(note, "`$0`") + "\n\n")
		}
	}
	for _, section := range manualSections {
		fmt.Fprintf(&b, "## %s\n\n", section.title)
		writeRows(&b, section.items)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// flagInText is a flag that a sentence names.
var flagInText = regexp.MustCompile(`--[a-z][a-z-]*[a-z]`)

func writeRows(b *strings.Builder, rows []manualItem) {
	if len(rows) == 0 {
		return
	}
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range rows {
		cells := strings.NewReplacer("|", `\|`, "*", `\*`, "<", `\<`)
		fmt.Fprintf(b, "| `%s` | %s |\n", strings.ReplaceAll(row.term, "|", `\|`), cells.Replace(row.text))
	}
	b.WriteString("\n")
}

// TestManPage reads the pages with what is here to read them, and wants no warning.
func TestManPage(t *testing.T) {
	pages := map[string][]string{
		"clanctl": {
			"clanctl why [FLAG...] INSTANCE ROLE MACHINE [SETTING.PATH]", "print the clan as one JSON document",
			"--jobs N, -j N", "such as 'web-*,@backup,!laptop'",
			"OUTPUT OPTIONS", "WRITING OPTIONS", "COMMON OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES",
			"SEE ALSO", "clanctl-machines(1)",
		},
		"clanctl-machines": {
			"clanctl machines [FLAG...] [MACHINE...]", "--on MACHINES", "clanctl machines describe", "--jq EXPR",
			"--dry-run", "--flake REF",
			"EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "clanctl machines laptop", "SEE ALSO", "clanctl(1)",
		},
		"clanctl-man": {"--names"},
	}
	var names strings.Builder
	if code := Run(t.Context(), []string{"clanctl", "man", "--names"}, &names, io.Discard); code != exitOK {
		t.Fatalf("man --names: exit code %d", code)
	}
	if got, want := strings.Count(names.String(), "\n"), 1+len(newApp(io.Discard, io.Discard).Commands); got != want {
		t.Errorf("there are %d pages, want %d", got, want)
	}
	dir := t.TempDir()
	for name := range strings.Lines(names.String()) {
		name = strings.TrimSpace(name)
		var page strings.Builder
		if code := Run(t.Context(), []string{"clanctl", "man", name}, &page, io.Discard); code != exitOK {
			t.Fatalf("man %s: exit code %d", name, code)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, want := range pages[name] {
			if !strings.Contains(page.String(), strings.ReplaceAll(roff(want), "(1)", " (1)")) {
				t.Errorf("%s: the page does not have %q", name, want)
			}
		}
	}
	all, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	man := []string{"man", "--warnings=w", "-l"}
	readManPages(t, man, all...)
	readManPages(t, []string{"groff", "-man", "-Tutf8", "-ww", "-z"}, all...)
	readManPages(t, []string{"mandoc", "-Tlint", "-Wwarning"}, all...)
	for name, wanted := range pages {
		text, read := readManPages(t, man, filepath.Join(dir, name+".1"))
		text = regexp.MustCompile(".\b").ReplaceAllString(text, "") // bold, as on a typewriter
		for _, want := range wanted {
			if read && !strings.Contains(text, want) {
				t.Errorf("%s: as read, the page does not have %q", name, want)
			}
		}
	}
	if code := Run(t.Context(), []string{"clanctl", "man", "nothing"}, io.Discard, io.Discard); code != exitUsage {
		t.Errorf("man nothing: exit code %d", code)
	}
}

// readManPages reads pages with a program, which may warn of nothing, and returns what it prints; nothing where it is
// not installed.
func readManPages(t *testing.T, reader []string, files ...string) (text string, read bool) {
	t.Helper()
	program, err := exec.LookPath(reader[0])
	if err != nil {
		t.Logf("there is no %s here to read it with", reader[0])
		return "", false
	}
	cmd := exec.Command(program, slices.Concat(reader[1:], files)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH=200")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, _ := cmd.Output()
	if reader[0] != "man" {
		stderr.Write(out)
	}
	for line := range strings.Lines(stderr.String()) {
		if !strings.Contains(line, `missing date, using ""`) { // it has none
			t.Errorf("%s: %s", reader[0], line)
		}
	}
	return string(out), true
}
