package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.lsp.dev/jsonrpc2"

	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// An editor is a client of a real `clanctl lsp`.
type editor struct {
	*testing.T
	conn   jsonrpc2.Conn
	cmd    *exec.Cmd
	home   string
	stderr bytes.Buffer
	// version is the newest of all documents, versions are those by path.
	version  int
	versions map[string]int
	shown    map[string][]shownDiagnostic // by path
	news     chan published
	// refreshed gets something when the lenses are to be asked for again.
	refreshed chan struct{}
}

type published struct {
	URI         string            `json:"uri"`
	Version     int               `json:"version"`
	Diagnostics []shownDiagnostic `json:"diagnostics"`
}

type shownDiagnostic struct {
	Range    textRange `json:"range"`
	Severity int       `json:"severity"`
	Code     string    `json:"code"`
	Message  string    `json:"message"`
	Tags     []int     `json:"tags"`
	Related  []struct {
		Location struct {
			URI   string    `json:"uri"`
			Range textRange `json:"range"`
		} `json:"location"`
	} `json:"relatedInformation"`
}

type textRange struct {
	Start textPosition `json:"start"`
	End   textPosition `json:"end"`
}

type textPosition struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type readWriteCloser struct {
	io.Reader
	io.WriteCloser
}

// startEditor starts clanctl for an editor that counts characters in bytes.
func startEditor(t *testing.T, nix string) *editor {
	t.Helper()
	e := &editor{T: t, home: t.TempDir(), shown: map[string][]shownDiagnostic{}, versions: map[string]int{}, news: make(chan published, 10000),
		refreshed: make(chan struct{}, 1000)}
	e.cmd = exec.Command(clanctl, "lsp", "--nix", nix, "--offline")
	e.cmd.Env = append(os.Environ(), "HOME="+e.home, "XDG_CACHE_HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=0")
	e.cmd.Stderr = &e.stderr
	in, inErr := e.cmd.StdinPipe()
	out, outErr := e.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, e.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	e.conn = jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(readWriteCloser{out, in}))
	e.conn.Go(context.Background(), func(_ context.Context, r *jsonrpc2.Request) (any, error) {
		var p published
		if r.Method() == "textDocument/publishDiagnostics" && json.Unmarshal(r.Params(), &p) == nil {
			e.news <- p
		}
		if r.Method() == "workspace/codeLens/refresh" {
			e.refreshed <- struct{}{}
		}
		return nil, nil
	})
	e.call("initialize", map[string]any{"capabilities": map[string]any{
		"general": map[string]any{"positionEncodings": []string{"utf-8", "utf-16"}},
		"workspace": map[string]any{"codeLens": map[string]any{"refreshSupport": true},
			"workspaceEdit": map[string]any{"documentChanges": true, "resourceOperations": []string{"create"}}}}}, nil)
	e.notify("initialized", struct{}{})
	return e
}

// editInventory opens the inventory of a copy of the example.
func editInventory(t *testing.T, nix, dir string) (e *editor, path, text string) {
	t.Helper()
	path = filepath.Join(dir, "inventory.nix")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e = startEditor(t, nix)
	e.open(path)
	e.await(path)
	return e, path, string(content)
}

func (e *editor) call(method string, params, result any) {
	e.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := e.conn.Call(ctx, method, params, result); err != nil {
		e.Fatalf("%s: %v\n%s", method, err, e.stderr.String())
	}
}

func (e *editor) notify(method string, params any) {
	e.Helper()
	if err := e.conn.Notify(context.Background(), method, params); err != nil {
		e.Fatalf("%s: %v", method, err)
	}
}

func documentOf(path string) map[string]any { return map[string]any{"uri": "file://" + path} }

func (e *editor) open(path string) {
	e.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		e.Fatal(err)
	}
	e.show(path, string(text))
}

// show opens a document that may not be saved yet.
func (e *editor) show(path, text string) {
	e.Helper()
	e.version++
	e.versions[path] = e.version
	e.notify("textDocument/didOpen",
		map[string]any{"textDocument": map[string]any{"uri": "file://" + path, "languageId": "nix",
			"version": e.version, "text": text}})
}

func (e *editor) change(path, text string) {
	e.Helper()
	e.version++
	e.versions[path] = e.version
	e.notify("textDocument/didChange",
		map[string]any{"textDocument": map[string]any{"uri": "file://" + path, "version": e.version},
			"contentChanges": []any{map[string]any{"text": text}}})
}

// await waits until a file's diagnostics, as of its newest version, are those with these codes.
func (e *editor) await(path string, codes ...string) []shownDiagnostic {
	e.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case p := <-e.news:
			at := strings.TrimPrefix(p.URI, "file://")
			e.shown[at] = p.Diagnostics
			if at != path || p.Version != 0 && p.Version != e.versions[path] {
				continue
			}
			var have []string
			for _, d := range p.Diagnostics {
				have = append(have, d.Code)
			}
			if slices.Equal(have, codes) {
				return p.Diagnostics
			}
		case <-timeout:
			e.Fatalf("%s has %+v, not %q\n%s", path, e.shown[path], codes, e.stderr.String())
		}
	}
}

type edit struct {
	Range   textRange `json:"range"`
	NewText string    `json:"newText"`
}

type action struct {
	Title string `json:"title"`
	Edit  struct {
		DocumentChanges []documentChange `json:"documentChanges"`
	} `json:"edit"`
}

// documentChange creates a file, or edits a version of one.
type documentChange struct {
	Kind         string `json:"kind"`
	URI          string `json:"uri"`
	TextDocument struct {
		URI     string `json:"uri"`
		Version *int   `json:"version"`
	} `json:"textDocument"`
	Edits []edit `json:"edits"`
}

// edits are those of one document.
func (a action) edits(uri string) []edit {
	for _, c := range a.Edit.DocumentChanges {
		if c.TextDocument.URI == uri {
			return c.Edits
		}
	}
	return nil
}

// applied is a text after edits, none of which overlaps another.
func applied(text string, edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return offsetIn(text, a.Range.Start) - offsetIn(text, b.Range.Start) })
	for _, one := range slices.Backward(edits) {
		text = text[:offsetIn(text, one.Range.Start)] + one.NewText + text[offsetIn(text, one.Range.End):]
	}
	return text
}

// action is the quick fix with a title at a place.
func (e *editor) action(path string, at textRange, title string) action {
	e.Helper()
	var actions []action
	e.call("textDocument/codeAction",
		map[string]any{"textDocument": documentOf(path), "range": at,
			"context": map[string]any{"diagnostics": []any{}}}, &actions)
	var titles []string
	for _, a := range actions {
		if titles = append(titles, a.Title); a.Title != title {
			continue
		}
		return a
	}
	e.Fatalf("there is no fix %q among %q", title, titles)
	return action{}
}

// fix applies a quick fix for a diagnostic to the text of a file.
func (e *editor) fix(path, text string, at textRange, title string) string {
	e.Helper()
	changes := e.action(path, at, title).Edit.DocumentChanges
	if len(changes) != 1 || changes[0].TextDocument.URI != "file://"+path || changes[0].TextDocument.Version == nil ||
		*changes[0].TextDocument.Version != e.versions[path] {
		e.Fatalf("%q changes %+v", title, changes)
	}
	return applied(text, changes[0].Edits)
}

func positionIn(text string, offset int) textPosition {
	return textPosition{strings.Count(text[:offset], "\n"), offset - strings.LastIndex(text[:offset], "\n") - 1}
}

func offsetIn(text string, p textPosition) int {
	lines := strings.SplitAfter(text, "\n")
	return len(strings.Join(lines[:p.Line], "")) + p.Character
}

// finish ends the session as the protocol says.
func (e *editor) finish() {
	e.Helper()
	e.call("shutdown", nil, nil)
	e.notify("exit", nil)
	if err := e.cmd.Wait(); err != nil {
		e.Errorf("%v\n%s", err, e.stderr.String())
	}
	if e.stderr.Len() > 0 {
		e.Errorf("on standard error: %s", e.stderr.String())
	}
}

// Each mistake is shown while it is typed, at the name that is wrong, and the fix for it gives a clan without it.
func TestEditorFixes(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		e, path, original := editInventory(t, nix, dir)
		for _, test := range []struct {
			old, new  string // what is changed in the file
			code      string // or codes, with the one that is meant last
			marked    string // the text that is underlined
			fix       string
			otherwise string // what the fix makes of new, where that is not old again
		}{
			{"server.machines.cabin.settings", "server.machines.cabn.settings", "unknown-machine", "cabn",
				`replace "cabn" with "cabin"`, ""},
			{"tags.backup = { };", "machines.backup = { };", "unused-tag unknown-machine", "backup",
				`"backup" is a tag: replace "machines" with "tags"`, ""},
			{"roles.probe.tags.web.settings", "roles.prob.tags.web.settings", "unknown-role", "prob",
				`replace "prob" with "probe"`, ""},
			{`name = "status-page"`, `name = "status-pag"`, "unknown-module", `"status-pag"`,
				`replace "status-pag" with "status-page"`, ""},
			{`input = "self"`, `input = "services"`, "unknown-module", "", `take the module from "self"`, ""},
			{`input = "services"`, `input = "servces"`, "unknown-input", `"servces"`,
				`replace "servces" with "services"`, ""},
			{"tags.backup = { };", "tags.backup = { };\n        tags.\"lab tops\" = { };", "unknown-tag",
				`"lab tops"`, `replace "lab tops" with "laptops"`,
				"tags.backup = { };\n        tags.\"laptops\" = { };"},
			{"server.machines.cabin.settings", "server.machines.cabn.settings", "unknown-machine", "cabn",
				"ignore unknown-machine here, with a reason", "(ignored)"},
			{"      roles.server.machines.cabin",
				"      # clanctl: ignore unknown-tag -- no\n      roles.server.machines.cabin", "unused-ignore", "",
				"remove the ignore", ""},
		} {
			text := strings.Replace(original, test.old, test.new, 1)
			if text == original {
				t.Fatalf("%q is not in the file", test.old)
			}
			e.change(path, text)
			found := e.await(path, strings.Fields(test.code)...)
			last := found[len(found)-1]
			if got := text[offsetIn(text, last.Range.Start):offsetIn(text, last.Range.End)]; test.marked != "" &&
				got != test.marked {
				t.Errorf("%s: %q is marked", test.new, got)
			}
			fixed := e.fix(path, text, last.Range, test.fix)
			switch want := strings.Replace(original, test.old, test.otherwise, 1); {
			case test.otherwise == "" && fixed != original, test.otherwise != "" &&
				test.otherwise != "(ignored)" && fixed != want:
				t.Errorf("%s: %q gives\n%s", test.new, test.fix, fixed)
			}
			e.change(path, fixed)
			e.await(path)
		}
		e.finish()
	})
}

// A real editor: Neovim with its own client.
func TestNeovim(t *testing.T) {
	nvim, err := exec.LookPath("nvim")
	if err != nil {
		t.Skip("SKIP: there is no nvim in PATH (apt-get install neovim)")
	}
	onHomelab(t, func(t *testing.T, nix, dir string) {
		path := filepath.Join(dir, "inventory.nix")
		original, _ := os.ReadFile(path)
		cmd := exec.Command(nvim, "--headless", "--clean", "-n", "-c", "luafile testdata/nvim/session.lua")
		home := t.TempDir()
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"),
			"XDG_STATE_HOME="+home, "CLAN_FILE="+path, "CLANCTL="+clanctl, "CLAN_NIX="+nix,
			"GORACE=atexit_sleep_ms=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "# a line more\n"+string(original) {
			t.Errorf("%v: the file is\n%s", err, text)
		}
	})
}

// An unsaved text counts as far as the file does: in a git checkout, Nix sees what git tracks.
func TestEditorUntracked(t *testing.T) {
	nix := nixes.Programs(t)[0]
	dir := nixtest.Flake(t, map[string]string{
		"flake.nix": `{ outputs = _: { inventory = { machines.m = { }; tags = if builtins.pathExists ./new.nix then import ./new.nix else { }; instances = { }; }; }; }`,
	}).Root
	for _, args := range [][]string{{"init", "-q"}, {"add", "flake.nix"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git: %s", out)
		}
	}
	file := filepath.Join(dir, "new.nix")
	if err := os.WriteFile(file, []byte("{ }"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := startEditor(t, nix)
	e.open(file)
	e.await(file)
	e.change(file, `{ unused = [ "m" ]; }`)
	e.await(file)
	if out, err := exec.Command("git", "-C", dir, "add", "new.nix").CombinedOutput(); err != nil {
		t.Fatalf("git: %s", out)
	}
	e.change(file, `{ unused2 = [ "m" ]; }`)
	e.await(file, "unused-tag")
	e.finish()
}

type placed struct {
	URI   string    `json:"uri"`
	Range textRange `json:"range"`
}

// hovered is what is said of a name.
type hovered struct {
	Contents struct {
		Value string `json:"value"`
	} `json:"contents"`
	Range textRange `json:"range"`
}

// asking are the parameters of requests about a place.
func asking(path string, at textPosition) map[string]any {
	return map[string]any{"textDocument": documentOf(path), "position": at,
		"context": map[string]any{"includeDeclaration": true}}
}

// hover is what is said of a place; nil if that is nothing.
func (e *editor) hover(path string, at textPosition) (answer *hovered) {
	e.Helper()
	e.call("textDocument/hover", asking(path, at), &answer)
	return answer
}

// references are all places of the name at a place.
func (e *editor) references(path string, at textPosition) (found []placed) {
	e.Helper()
	e.call("textDocument/references", asking(path, at), &found)
	return found
}

// What names mean, and where else they are: the text under the cursor is marked with a bar in front of it.
func TestEditorNames(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		e, path, text := editInventory(t, nix, dir)
		lines := strings.Split(text, "\n")
		for _, test := range []struct {
			at         string // in the file, with a bar in front of the name
			hover      []string
			definition []string // lines, as they begin
			references int      // how many, the definition included
		}{
			{"    |attic = {",
				[]string{"machine **attic** (nixos)", "storage server under the roof",
					"tags: `all`, `nixos`, `storage`", "- `backup-offsite` client, by name"}, []string{"attic = {"},
				3},
			{`tags = [ "|storage" ]`,
				[]string{"tag **storage** of 2 machines", "`attic`, `cabin`", "- `status` probe"}, nil, 3},
			{`      "|travel"`, []string{"machine **travel** (nixos)"}, []string{"travel.description"}, 3},
			{"    |laptops = [", []string{"tag **laptops** of 2 machines", "- `backup-nightly` client"},
				[]string{"laptops = ["}, 3},
			{"    |backup-nightly = {",
				[]string{"instance **backup\\-nightly** of the module `borg` from `services`", "- server: `attic`"},
				[]string{"backup-nightly = {"}, 1},
			{`name = "|status-page"`, []string{"module **status\\-page**", "from the input `self`"}, []string{}, 1},
			{"roles.|server.machines.attic", []string{"role **server** of `backup-nightly`", "- `attic`, by name"},
				[]string{"roles.server.machines.attic"}, 1},
			{"roles.server.machines.|attic.settings", []string{"machine **attic**"}, []string{"attic = {"}, 3},
			{"tags.laptops.settings.|exclude",
				[]string{"setting **exclude** of `backup-nightly` client", "`[\"*.iso\"]` on `studio`, `travel`",
					"tag laptops: `[\"*.iso\"]` (inventory\\.nix:54:9)"}, nil, 1},
			{"roles.probe.settings.|every", []string{"`\"5m\"` on `attic`, `cabin`, `cellar`, `travel`"}, nil, 1},
			{"  |meta.name", nil, nil, 0},
			{`"What is |up at home"`, nil, nil, 0},
		} {
			i := strings.Index(text, strings.Replace(test.at, "|", "", 1))
			if i < 0 {
				t.Fatalf("%q is not in the file", test.at)
			}
			at := positionIn(text, i+strings.Index(test.at, "|"))
			hover := e.hover(path, at)
			if (hover == nil) != (test.hover == nil) {
				t.Errorf("%s: hover %v", test.at, hover)
			}
			for _, want := range test.hover {
				if hover != nil && !strings.Contains(hover.Contents.Value, want) {
					t.Errorf("%s: %q is not in\n%s", test.at, want, hover.Contents.Value)
				}
			}
			var definition []placed
			e.call("textDocument/definition", asking(path, at), &definition)
			for n, want := range test.definition {
				if len(definition) <= n ||
					!strings.HasPrefix(strings.TrimSpace(lines[definition[n].Range.Start.Line]), want) {
					t.Errorf("%s: defined at %v, not %q", test.at, definition, want)
				}
			}
			if references := e.references(path, at); len(references) != test.references {
				t.Errorf("%s: %d references: %v", test.at, len(references), references)
			}
		}
		var symbols []struct {
			Name     string `json:"name"`
			Children []struct {
				Name string `json:"name"`
			} `json:"children"`
		}
		e.call("textDocument/documentSymbol", map[string]any{"textDocument": documentOf(path)}, &symbols)
		var names []string
		for _, s := range symbols {
			name := s.Name
			for _, c := range s.Children {
				name += " " + c.Name
			}
			names = append(names, name)
		}
		if want := []string{"attic", "cellar", "cabin", "travel", "studio", "laptops", "backup",
			"backup-nightly server client", "backup-offsite server client", "sshd server client",
			"status page probe"}; !slices.Equal(names, want) {
			t.Errorf("symbols are %q", names)
		}
		var lenses []struct {
			Command struct {
				Title string `json:"title"`
			} `json:"command"`
		}
		e.call("textDocument/codeLens", map[string]any{"textDocument": documentOf(path)}, &lenses)
		if len(lenses) != 6 || lenses[0].Command.Title != "2 machines" ||
			lenses[5].Command.Title != "1 page, 4 probe" {
			t.Errorf("lenses are %+v", lenses)
		}
		e.finish()
	})
}

type completionItem struct {
	Label         string `json:"label"`
	Detail        string `json:"detail"`
	Documentation struct {
		Value string `json:"value"`
	} `json:"documentation"`
	TextEdit edit `json:"textEdit"`
}

// complete returns what is offered at a place.
func (e *editor) complete(path, text string, offset int) []completionItem {
	e.Helper()
	var items []completionItem
	e.call("textDocument/completion", map[string]any{"textDocument": documentOf(path), "position": positionIn(text, offset)},
		&items)
	return items
}

// offered completes until something is offered: what modules there are is read after the first findings.
func (e *editor) offered(complete func() []completionItem) []completionItem {
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if items := complete(); len(items) > 0 || time.Now().After(end) {
			return items
		}
	}
}

// What can stand at a place is offered while it is written, whether the text parses or not.
func TestEditorCompletion(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		e, path, text := editInventory(t, nix, dir)
		try := func(old, new string) []completionItem {
			i := strings.Index(text, old)
			if i < 0 {
				t.Fatalf("%q is not in the file", old)
			}
			half := text[:i] + strings.Replace(new, "|", "", 1) + text[i+len(old):]
			e.change(path, half)
			return e.complete(path, half, i+strings.Index(new, "|"))
		}
		if len(e.offered(func() []completionItem { return try("settings.keep.daily = 14;", "settings.|") })) == 0 {
			t.Fatal("there are no modules")
		}
		for _, test := range []struct{ old, new, want, doc string }{
			{"settings.keep.daily = 14;", "settings.|", "exclude keep schedule", "type: list of string"},
			{"settings.keep.daily = 14;", "settings.sch|", "exclude keep schedule", ""},
			{"tags.backup = { };", "tags.\"|", `"all" "backup" "darwin" "laptops" "nixos" "storage" "web"`, "`attic`"},
			{"tags.backup = { };", "machines.|", "attic cabin cellar studio travel", "storage server under the roof"},
			{"tags.backup = { };", "|", "extraModules machines settings tags", ""},
			{"name = \"borg\";", "name = \"b|", `"borg" "sshd"`, ""},
			{"input = \"services\";", "input = |", `"self" "services"`, ""},
			{"    sshd = {", "    |\n    sshd = {", "", ""},
			{"    sshd = {", "    new = { module.name = \"borg\"; module.input = \"services\"; roles.| };\n    sshd = {", "client server", ""},
			{"    sshd = {", "    more = { module = { name = \"status-page\"; input = \"self\"; };\n roles.probe = { settings.|\n    sshd = {",
				"checks every", ""},
			{"module.input = \"services\";\n", "module.input = \"services\";\n    ro|", "module roles", ""},
			{"tags = [ \"web\" ];", "tags = [ \"web\" \"|", `"all" "backup" "darwin" "laptops" "nixos" "storage"`, ""},
			{"machineClass = \"darwin\";", "machineClass = |", `"darwin" "nixos"`, ""},
			{"      \"studio\"\n", "      |\n", `"attic" "cabin" "cellar" "studio"`, ""},
			{"roles.probe.settings.every", "roles.|", "page probe", ""},
			{"# Every night", "# Every |night", "", ""},
			{"      description = \"storage server under the roof\";", "      de|", "deploy description icon installedAt machineClass name", ""},
			{"A house, a", "A house, | a", "", ""},
		} {
			var all []string
			docs := ""
			for _, item := range try(test.old, test.new) {
				all = append(all, item.TextEdit.NewText)
				docs += item.Documentation.Value
			}
			if got := strings.Join(all, " "); got != test.want || !strings.Contains(docs, test.doc) {
				t.Errorf("%s: %s is offered, not %s; with %s", test.new, got, test.want, docs)
			}
		}
		e.change(path, text)
		e.await(path)
		e.finish()
	})
}

// The clan's own JSON file is completed, too.
func TestEditorCompletionInJSON(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		path := filepath.Join(dir, "inventory.json")
		text := `{"instances": {"backup-nightly": {"roles": {"client": {"machines": {"attic": {}}}}}}}`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e := startEditor(t, nix)
		e.open(path)
		e.await(path)
		for _, test := range []struct{ text, want string }{
			{`{"instances": {"backup-nightly": {"roles": {"|`, `"client" "server"`},
			{`{"instances": {"backup-nightly": {"roles": {"client": {"machines": {"attic": {}, "|"}}}}}}`,
				`"cabin" "cellar" "studio" "travel"`},
			{`{"machines": {"attic": {"tags": ["storage", "w|"]}}}`, `"all" "backup" "darwin" "laptops" "nixos" "web"`},
			{`{"machines": {"attic": {"description": "|"}}}`, ""},
		} {
			at := strings.Index(test.text, "|")
			half := strings.Replace(test.text, "|", "", 1)
			e.change(path, half)
			var all []string
			for _, item := range e.complete(path, half, at) {
				all = append(all, item.TextEdit.NewText)
			}
			if got := strings.Join(all, " "); got != test.want {
				t.Errorf("%s: %s is offered, not %s", test.text, got, test.want)
			}
		}
		e.finish()
	})
}

// Lenses say whom the changes since the last commit touch, what is not saved included.
func TestEditorAffected(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		commitAll(t, dir)
		e, path, text := editInventory(t, nix, dir)
		titles := func() (all []string) {
			var lenses []struct {
				Command struct {
					Title string `json:"title"`
				} `json:"command"`
			}
			e.call("textDocument/codeLens", map[string]any{"textDocument": documentOf(path)}, &lenses)
			for _, l := range lenses {
				all = append(all, l.Command.Title)
			}
			return all
		}
		await := func(want ...string) {
			t.Helper()
			timeout := time.After(time.Minute)
			for {
				select {
				case <-e.refreshed:
					if got := titles(); slices.Equal(got, want) {
						return
					}
				case <-timeout:
					t.Fatalf("lenses are %q, not %q", titles(), want)
				}
			}
		}
		plain := []string{"2 machines", "3 machines", "3 client, 1 server", "1 client, 1 server", "5 client, 4 server", "1 page, 4 probe"}
		await(plain...)
		e.change(path, strings.Replace(text, "settings.keep.daily = 14;", "settings.keep.daily = 7;", 1))
		await("2 machines", "3 machines", "3 client, 1 server", "affected: attic, cellar, studio, travel", "1 client, 1 server",
			"5 client, 4 server", "1 page, 4 probe")
		e.change(path, text)
		await(plain...)
		e.change(path, strings.Replace(text, "    laptops = [\n", "    laptops = [\n      \"cabin\"\n", 1))
		await("3 machines", "affected: cabin", "3 machines", "4 client, 1 server", "affected: attic, cabin, cellar, studio, travel",
			"1 client, 1 server", "5 client, 4 server", "1 page, 4 probe")
		e.finish()
	})
}

// Directories may have any names, be links, and several clans be open at once; lines may end in CRLF. A client may give up a request.
func TestEditorPlaces(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		top := t.TempDir()
		odd, link := filepath.Join(top, "a b#c?d%20e ä"), filepath.Join(top, "link")
		if strings.HasPrefix(nixes.Version(t, nix), "nix-2.8") {
			odd = filepath.Join(top, "other") // it reads no directory with such a name
		}
		if err := errors.Join(os.CopyFS(odd, os.DirFS(dir)), os.Symlink(dir, link)); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(dir, "inventory.nix"))
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		e := startEditor(t, nix)
		uris := map[string]string{} // as editors write them, and in which files they are
		for _, clan := range []string{odd, link} {
			path := filepath.Join(clan, "inventory.nix")
			uris[(&url.URL{Scheme: "file", Path: path}).String()] = path
		}
		version := 1
		await := func(uri, code string) textRange {
			t.Helper()
			timeout := time.After(time.Minute)
			var last published
			for {
				select {
				case p := <-e.news:
					last = p
					if p.URI == uri && p.Version == version && (code == "" && len(p.Diagnostics) == 0 || len(p.Diagnostics) == 1 && p.Diagnostics[0].Code == code) {
						if code == "" {
							return textRange{}
						}
						return p.Diagnostics[0].Range
					}
				case <-timeout:
					t.Fatalf("%s has no %s, but %+v\n%s", uri, code, last, e.stderr.String())
				}
			}
		}
		for uri := range uris {
			e.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "nix", "version": 1, "text": text}})
			await(uri, "")
		}
		for uri := range uris {
			for _, ending := range []string{"\n", "\r\n"} {
				version++
				wrong := strings.ReplaceAll(strings.Replace(text, "server.machines.cabin.settings", "server.machines.cabn.settings", 1), "\n", ending)
				e.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": version},
					"contentChanges": []any{map[string]any{"text": wrong}}})
				at := await(uri, "unknown-machine")
				if marked := wrong[offsetIn(wrong, at.Start):offsetIn(wrong, at.End)]; marked != "cabn" {
					t.Errorf("%s: %q is marked", uri, marked)
				}
				var actions []action
				e.call("textDocument/codeAction", map[string]any{"textDocument": map[string]any{"uri": uri}, "range": at, "context": map[string]any{"diagnostics": []any{}}}, &actions)
				if len(actions) == 0 || applied(wrong, actions[0].edits(uri)) != strings.Replace(wrong, "cabn", "cabin", 1) {
					t.Errorf("%s: the fixes are %+v", uri, actions)
				}
				var found []placed
				i := strings.Index(wrong, "attic = {")
				e.call("textDocument/references", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": positionIn(wrong, i),
					"context": map[string]any{"includeDeclaration": true}}, &found)
				for _, r := range found {
					if r.URI != uri || wrong[offsetIn(wrong, r.Range.Start):offsetIn(wrong, r.Range.End)] != "attic" {
						t.Errorf("%s: a reference at %+v", uri, r)
					}
				}
				if len(found) != 3 {
					t.Errorf("%s: %d references with %q", uri, len(found), ending)
				}
			}
		}
		e.notify("$/cancelRequest", map[string]any{"id": 12345})
		e.finish()
	})
}
