package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/pkg/instance"
)

// What the editor is told of a setting is what `clanctl why` and `clanctl schema` say.
func TestEditorAgrees(t *testing.T) {
	onHomelab(t, func(t *testing.T, nix, dir string) {
		if n := newAgreement(t, nix, dir).check(); n < 15 {
			t.Errorf("only %d places were tried", n)
		}
	})
}

// The same on clans of real clan-core, whose directories CLANCTL_CLANS names, with colons between them. They are only read.
func TestEditorAgreesOnClans(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("CLANCTL_CLANS"))
	if len(dirs) == 0 {
		t.Skip("SKIP: CLANCTL_CLANS names no directories of clans")
	}
	places := 0
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			n := newAgreement(t, nixes.Programs(t)[0], dir).check()
			t.Logf("%d places", n)
			places += n
		})
	}
	if t.Logf("%d places in %d clans", places, len(dirs)); places < 50 {
		t.Errorf("only %d places were tried", places)
	}
}

// agreement holds what an editor is told against what the commands say.
type agreement struct {
	*editor
	nix, dir, home string
	whys           map[string]*whyAnswer
	schemas        map[string]map[string]any
	texts          map[string]string
	tried          map[string]bool
	// waited: what modules there are is known by now; listed counts the places where the schema lists settings, half
	// those of them where something is offered in half of the file.
	waited       bool
	listed, half int
}

type whyAnswer struct {
	Settings []whySetting
}

type whySetting struct {
	Path        []string
	Value       any
	Definitions []struct {
		Position *instance.Position
		Counts   bool
	}
}

func newAgreement(t *testing.T, nix, dir string) *agreement {
	a := &agreement{editor: startEditor(t, nix), nix: nix, dir: dir, home: t.TempDir(),
		whys: map[string]*whyAnswer{}, schemas: map[string]map[string]any{}, texts: map[string]string{}, tried: map[string]bool{}}
	return a
}

// run runs a command; false if it fails.
func (a *agreement) run(into any, args ...string) bool {
	cmd := exec.Command(clanctl, append(args, "--nix", a.nix, "--offline")...)
	cmd.Dir = a.dir
	cmd.Env = append(os.Environ(), "HOME="+a.home, "XDG_CACHE_HOME="+a.home, "GORACE=atexit_sleep_ms=0")
	out, _ := cmd.Output()
	return len(out) > 0 && json.Unmarshal(out, into) == nil
}

func (a *agreement) why(of, role, machine string) *whyAnswer {
	key := of + "\x00" + role + "\x00" + machine
	if a.whys[key] == nil {
		a.whys[key] = &whyAnswer{}
		a.run(a.whys[key], "why", of, role, machine, "--json")
	}
	return a.whys[key]
}

func (a *agreement) schema(of, role string) map[string]any {
	key := of + "\x00" + role
	if _, asked := a.schemas[key]; !asked {
		var schema map[string]any
		a.run(&schema, "schema", of, role)
		a.schemas[key] = schema
	}
	return a.schemas[key]
}

// text opens a file of the clan; empty for what is none.
func (a *agreement) text(file string) string {
	text, known := a.texts[file]
	if !known {
		path := filepath.Join(a.dir, file)
		if content, err := os.ReadFile(path); err == nil && filepath.IsLocal(file) && filepath.Ext(file) == ".nix" {
			text = string(content)
			a.open(path)
		}
		a.texts[file] = text
	}
	return text
}

// check tries all settings that are written in files of the clan. It returns how many places that are.
func (a *agreement) check() int {
	var doc struct {
		Instances map[string]struct {
			Roles map[string]struct {
				Machines map[string]any
			}
		}
	}
	if !a.run(&doc, "eval") {
		a.Log("it does not evaluate")
		return 0
	}
	flake := filepath.Join(a.dir, "flake.nix")
	a.open(flake)
	for timeout := time.After(5 * time.Minute); a.shown[flake] == nil; {
		select {
		case p := <-a.news:
			a.shown[strings.TrimPrefix(p.URI, "file://")] = append([]shownDiagnostic{}, p.Diagnostics...)
		case <-timeout:
			a.Fatal("nothing is published")
		}
	}
	places := 0
	for _, of := range slices.Sorted(maps.Keys(doc.Instances)) {
		for _, role := range slices.Sorted(maps.Keys(doc.Instances[of].Roles)) {
			for _, machine := range slices.Sorted(maps.Keys(doc.Instances[of].Roles[role].Machines)) {
				for _, s := range a.why(of, role, machine).Settings {
					for _, d := range s.Definitions {
						if d.Position != nil && a.place(*d.Position, of, role, s.Path) {
							places++
						}
					}
				}
			}
		}
	}
	a.finish()
	if a.half < a.listed/2 {
		a.Errorf("in half-written files something is offered at %d of %d places only", a.half, a.listed)
	}
	return places
}

var bindingPath = regexp.MustCompile(`^[^=;#{]*`)

// place tries the place of a definition; false where the name does not stand there.
func (a *agreement) place(p instance.Position, of, role string, setting []string) bool {
	text := a.text(p.File)
	if text == "" || p.Line == 0 || a.tried[p.String()+strings.Join(setting, ".")] {
		return false
	}
	name := setting[len(setting)-1]
	offset := nixlang.NewLines([]byte(text)).Offset(p.Line, p.Column)
	path := bindingPath.FindString(text[offset:])
	at := strings.LastIndex(path, name)
	if at < 0 || strings.Trim(path[at:], "\" \n") != name || !strings.HasPrefix(text[offset+len(path):], "=") {
		return false // inherited, or the beginning of a longer path
	}
	a.tried[p.String()+strings.Join(setting, ".")] = true
	file := filepath.Join(a.dir, p.File)
	where := fmt.Sprintf("%s: %s of %s %s", p, nixlang.PathString(setting), of, role)
	if !a.waited && len(a.properties(of, role, setting[:len(setting)-1])) > 0 {
		a.offered(func() []completionItem { return a.complete(file, text, offset+at) })
		a.waited = true
	}
	hover := a.hover(file, positionIn(text, offset+at))
	if hover == nil {
		a.Errorf("%s: hover says nothing", where)
		return true
	}
	if marked := text[offsetIn(text, hover.Range.Start):offsetIn(text, hover.Range.End)]; strings.Trim(marked, `"`) != name {
		a.Errorf("%s: %q is marked", where, marked)
	}
	a.hovered(where, hover.Contents.Value, of, role, setting)
	for _, r := range a.references(file, positionIn(text, offset+at)) {
		content, _ := os.ReadFile(strings.TrimPrefix(r.URI, "file://"))
		found := string(content)[offsetIn(string(content), r.Range.Start):offsetIn(string(content), r.Range.End)]
		if strings.Trim(found, `"`) != name {
			a.Errorf("%s: a reference is %q", where, found)
		}
	}
	a.completed(where, file, text, offset+at, of, role, setting)
	return true
}

var groupLine = regexp.MustCompile("(?m)^- (`.*`) on `([^`]+)`.*\n((?:  - .*\n)*)")

// hovered compares the values, and what is written for them.
func (a *agreement) hovered(where, hover, of, role string, setting []string) {
	// A place that a function makes several settings at tells about each.
	sections := strings.Split(hover, "\n---\n\n")
	hover = ""
	for _, section := range sections {
		title, _, _ := strings.Cut(section, "\n")
		if strings.HasPrefix(strings.ReplaceAll(title, `\`, ""), fmt.Sprintf("setting **%s** of `%s` %s", nixlang.PathString(setting), of, role)) {
			hover = section
		}
	}
	if hover == "" {
		if len(sections) < 9 {
			a.Errorf("%s: hover is about something else: %s", where, strings.Join(sections, "\n"))
		}
		return
	}
	for _, group := range groupLine.FindAllStringSubmatch(hover, -1) {
		found := false
		for _, s := range a.why(of, role, group[2]).Settings {
			if !slices.Equal(s.Path, setting) {
				continue
			}
			found = true
			value := string(jsonvalue.Text(s.Value))
			if runes := []rune(value); len(runes) > 120 {
				value = string(runes[:117]) + "..."
			}
			if strings.Trim(group[1], "` ") != strings.Trim(value, "` ") {
				a.Errorf("%s: hover has %s, why %s", where, group[1], value)
			}
			lines := strings.Split(strings.TrimSuffix(group[3], "\n"), "\n")
			if len(s.Definitions) == 0 && group[3] == "" {
				continue
			}
			if len(lines) != len(s.Definitions) {
				a.Errorf("%s: hover has %q, why %d definitions", where, lines, len(s.Definitions))
				continue
			}
			for i, d := range s.Definitions {
				plain := strings.ReplaceAll(lines[i], `\`, "")
				if d.Position != nil && !strings.Contains(plain, "("+d.Position.String()+")") ||
					strings.HasSuffix(plain, ", which does not count") == d.Counts {
					a.Errorf("%s: hover has %s, why %+v at %v", where, plain, d, d.Position)
				}
			}
		}
		// A set that some of its settings are written of is one value for the editor.
		if !found && !slices.ContainsFunc(a.why(of, role, group[2]).Settings, func(s whySetting) bool {
			return len(s.Path) > len(setting) && slices.Equal(s.Path[:len(setting)], setting)
		}) {
			a.Errorf("%s: why knows no value for %s", where, group[2])
		}
	}
	if property := a.property(of, role, setting); property != nil {
		if description, _ := property["description"].(string); !strings.Contains(hover, strings.TrimSpace(description)) {
			a.Errorf("%s: the description %q is not in %s", where, description, hover)
		}
	}
}

// properties are the settings below a path by the schema; nil where they are not listed there.
func (a *agreement) properties(of, role string, path []string) map[string]any {
	schema := a.schema(of, role)
	for _, name := range path {
		below, _ := schema["properties"].(map[string]any)
		next, ok := below[name].(map[string]any)
		if !ok {
			if next, ok = schema["additionalProperties"].(map[string]any); !ok {
				return nil
			}
		}
		schema = next
	}
	properties, _ := schema["properties"].(map[string]any)
	return properties
}

func (a *agreement) property(of, role string, path []string) map[string]any {
	property, _ := a.properties(of, role, path[:len(path)-1])[path[len(path)-1]].(map[string]any)
	return property
}

// completed compares what is offered, in the file as it is and where it ends at the place, with the schema.
func (a *agreement) completed(where, file, text string, offset int, of, role string, setting []string) {
	want := a.properties(of, role, setting[:len(setting)-1])
	if len(want) > 0 {
		a.listed++
	}
	for _, now := range []string{text, text[:offset]} {
		a.change(file, now)
		offered := map[string]bool{}
		items := a.complete(file, now, offset)
		if len(items) > 0 && len(now) < len(text) {
			a.half++
		}
		for _, item := range items {
			offered[item.Label] = true
			if want != nil && want[item.Label] == nil {
				a.Errorf("%s: %s is offered, and not in the schema", where, item.Label)
			}
		}
		if len(now) < len(text) && len(items) == 0 {
			continue // nothing in front tells where this is: what is behind did
		}
		for name := range want {
			property, _ := want[name].(map[string]any)
			if property["description"] == nil {
				continue // an option that was removed, or one that is internal to the module
			}
			// What stands beside it already is not offered.
			if !offered[name] && (name == setting[len(setting)-1] || !strings.Contains(now, name)) {
				a.Errorf("%s: %s is not offered with %d bytes of the file, but %q", where, name, len(now), slices.Sorted(maps.Keys(offered)))
			}
		}
	}
	a.change(file, text)
}
