package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// full is an output that nothing can be written to.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestOutputThatCannotBeWritten: no command says that all is well where its answer went nowhere.
func TestOutputThatCannotBeWritten(t *testing.T) {
	nix := nixes.Programs(t)[0]
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	clan := filepath.Join(t.TempDir(), "clan")
	if err := os.CopyFS(clan, os.DirFS("../../examples/homelab")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(clan)
	lines := map[string][]string{
		"":                     {"--version", "--help", ""},
		"eval":                 {"", "--jq .meta", "--help"},
		"machines":             {"", "studio", "--json", "--names", "--names --on cellar"},
		"machines describe":    {"plain text --dry-run", "plain text --dry-run --json"},
		"instances":            {"", "sshd", "--json", "--names"},
		"instances create":     {"new --module self#status-page --role page=attic --dry-run", "--help"},
		"instances delete":     {"made --dry-run"},
		"instances rename":     {"made another --dry-run"},
		"instances set-module": {"made services#borg --dry-run --force"},
		"tags":                 {"", "backup", "--json", "--names"},
		"tags add":             {"web attic --dry-run"},
		"tags remove":          {"made attic --dry-run"},
		"check":                {"", "--format json", "--format sarif", "--format github"},
		"diff":                 {". .", ". . --json", ". . --format markdown", ". ./other", ". ./other --affected"},
		"graph":                {"", "--format html", "--format dot", "--format mermaid"},
		"why": {"sshd server attic", "backup-nightly client travel keep.daily",
			"sshd server attic --json"},
		"report":        {"--out - --flake ./small"},
		"roles":         {"--help"},
		"roles add":     {"sshd server attic --dry-run --force"},
		"roles remove":  {"made page attic --dry-run"},
		"set":           {`made page title="x" --dry-run`},
		"unset":         {"made page title --dry-run --force"},
		"modules":       {"", "--json", "--names"},
		"modules show":  {"sshd", "sshd --json"},
		"modules new":   {"fresh"},
		"modules check": {"", "--format json"},
		"upgrade":       {"--help"}, // the example has no inputs
		"schema":        {"borg client"},
		"gen":           {"--help"},
		"gen go":        {"borg", "borg --check --output flake.nix"},
		"lsp":           {"--help"},
		"export":        {"ssh-config", "ansible", "ansible --host attic", "prometheus --port 9100", "--help"},
		"exports":       {"--help"},
		"reach":         {"", "attic", "--json", "--names"},
		"refs":          {"attic", "attic --json", "attic --names"},
		"mcp":           {"--help"},
		"explain":       {"", "unknown-tag", "--json", "--names"},
		"completion":    {"bash", "zsh", "fish"},
		"man":           {"", "check", "--names"},
		"overview":      {""},
		"version":       {"", "--json"},
		"help":          {"", "machines"},
	}
	const made = `{
  "instances": { "made": { "module": { "input": "self", "name": "status-page" }, "roles": { "page": {
    "machines": { "attic": {} }, "settings": { "title": "old" } } } } },
  "machines": { "attic": { "tags": [ "made" ] }, "plain": {} }
}`
	other := exec.Command("sh", "-c",
		`mkdir ../other && cp -r . ../other && mv ../other . && sed -i 's/daily = 14/daily = 7/' other/inventory.nix &&
		mkdir small && echo '{ outputs = _: { inventory.machines.m = { }; }; }' > small/flake.nix`)
	if err := errors.Join(os.WriteFile("inventory.json", []byte(made), 0o600), other.Run()); err != nil {
		t.Fatal(err)
	}
	call := func(stdout io.Writer, name, line string) (int, string) {
		args := append(append([]string{"clanctl"}, strings.Fields(name)...), strings.Fields(line)...)
		if takesFlag(name, "nix") {
			args = append(args, "--nix", nix)
		}
		var stderr bytes.Buffer
		return Run(t.Context(), args, stdout, &stderr), stderr.String()
	}
	for _, name := range commandNames(newApp(io.Discard, io.Discard).Commands, "") {
		if lines[name] == nil {
			t.Errorf("clanctl %s is not tried", name)
		}
	}
	for name, tries := range lines {
		for _, line := range tries {
			// Written to where there is room, it is an answer.
			var whole bytes.Buffer
			code, said := call(&whole, name, line)
			if whole.Len() == 0 {
				t.Errorf("clanctl %s %s prints nothing: exit code %d: %s", name, line, code, said)
			}
			if name == "modules new" {
				_ = os.RemoveAll("modules/fresh")
			}
			code, said = call(full{}, name, line)
			if code != exitFailed || strings.Count(said, errFull.Error()) != 1 {
				t.Errorf("clanctl %s %s: exit code %d: %s", name, line, code, said)
			}
		}
	}
}

// commandNames are those of all commands, with the names of the commands above them.
func commandNames(commands []*cli.Command, above string) (names []string) {
	for _, command := range commands {
		name := strings.TrimSpace(above + " " + command.Name)
		names = append(append(names, name), commandNames(command.Subcommands, name)...)
	}
	return names
}

// takesFlag reports whether a command has a flag.
func takesFlag(command, flag string) bool {
	app := newApp(io.Discard, io.Discard)
	line, err := arrange(app, append([]string{"clanctl"}, strings.Fields(command)...))
	if err != nil || line.command() == nil {
		return false
	}
	return flagNamed(app, line.command(), nil, flag) != nil
}
