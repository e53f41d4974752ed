package nixlang

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// walkFiles is Nix's own account of where the attributes of files stand. Functions get arguments that throw.
const walkFiles = `let
  try = builtins.tryEval;
  called = depth: v: let t = try v; in
    if !t.success || depth == 0 || !builtins.isFunction t.value then t
    else called (depth - 1) (t.value (builtins.mapAttrs (n: _: throw n) (builtins.functionArgs t.value)));
  isPackage = v: let t = try (v.type or "" == "derivation"); in !t.success || t.value;
  walk = file: path: depth: t: if !t.success || depth == 0 || !builtins.isAttrs t.value || isPackage t.value then [ ] else
    builtins.concatMap (n: let p = builtins.unsafeGetAttrPos n t.value; in
      if p == null || p.file != file then [ ]
      else [ { path = path ++ [ n ]; inherit (p) line column; } ] ++ walk file (path ++ [ n ]) (depth - 1) (try t.value.${n}))
      (builtins.attrNames t.value);
in map (file: walk file [ ] 12 (called 4 (import file))) (builtins.fromJSON (builtins.getEnv "FILES"))`

type knownPlace struct {
	Path         []string
	Line, Column int
}

// askNix returns the attributes of each file; nil for files that do not evaluate.
func askNix(t *testing.T, nix string, files []string) [][]knownPlace {
	names, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // some recurse without end
	defer cancel()
	cmd := exec.CommandContext(ctx, nix, "eval", "--impure", "--json", "--extra-experimental-features", "nix-command",
		"--expr", walkFiles)
	cmd.Env = append(os.Environ(), "FILES="+string(names), "NIX_PATH=")
	out, err := cmd.Output()
	var places [][]knownPlace
	if err == nil && json.Unmarshal(out, &places) == nil {
		return places
	}
	if len(files) == 1 {
		return [][]knownPlace{nil}
	}
	half := len(files) / 2
	return append(askNix(t, nix, files[:half]), askNix(t, nix, files[half:])...)
}

// In real files the attributes stand where Nix says, and what is around a place are the attributes that Nix has there. The files are all
// below the directory that CLANCTL_NIX_FILES names.
func TestFilesAreAsNixSays(t *testing.T) {
	dir := os.Getenv("CLANCTL_NIX_FILES")
	if dir == "" {
		t.Skip("SKIP: CLANCTL_NIX_FILES names no directory with Nix files")
	}
	nix := nixes.Programs(t)[0]
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Ext(path) == ".nix" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var evaluated, understood, bound, attributes, predicted int
	for batch := range slices.Chunk(files, 40) {
		for i, places := range askNix(t, nix, batch) {
			text, err := os.ReadFile(batch[i])
			if err != nil {
				t.Fatal(err)
			}
			if _, o := outline(text, false, -1); o.faults == 0 {
				understood++
			} else {
				t.Logf("%s: %d faults", batch[i], o.faults)
			}
			if len(places) == 0 {
				continue
			}
			evaluated++
			attributes += len(places)
			b, p := checkFile(t, batch[i], text, places)
			bound, predicted = bound+b, predicted+p
		}
	}
	t.Logf("%d files, %d without a fault, %d that Nix evaluates; of their %d attributes, %d plainly written; %d paths predicted from what is around",
		len(files), understood, evaluated, attributes, bound, predicted)
}

func checkFile(t *testing.T, file string, text []byte, places []knownPlace) (bound, predicted int) {
	lines := NewLines(text)
	offset := func(p knownPlace) int { return lines.Offset(p.Line, p.Column) }
	known := map[string]knownPlace{}
	// named are the paths that Nix has at the names in the file.
	named := map[int][][]string{}
	_, bindings := Read(text, false)
	for _, p := range places {
		known[strings.Join(p.Path, "\x00")] = p
		b, ok := bindings[offset(p)]
		if !ok {
			if text[offset(p)] != '}' && !isInherited(text[offset(p):]) {
				t.Errorf("%s:%d:%d: %q has no binding", file, p.Line, p.Column, p.Path)
			}
			continue
		}
		for k := min(len(b.Path), len(p.Path)) - 1; k >= 0; k-- {
			if slices.EqualFunc(b.Path[:k+1], p.Path[len(p.Path)-k-1:], func(n Name, text string) bool { return n.Text == text }) {
				named[b.Path[k].Start] = append(named[b.Path[k].Start], p.Path)
				break
			}
		}
	}
	for path, at := range Bindings(text, false) {
		if p, ok := known[path]; ok {
			bound++
			if p.Line != at.Line || p.Column != at.Column {
				t.Errorf("%s: %q is at %d:%d, not at %v", file, path, p.Line, p.Column, at)
			}
		}
	}
	for start := range named {
		at := start + 1
		c := CursorAt(text, at, false)
		if c.Kind != CursorName || c.Start != start {
			t.Errorf("%s: at byte %d is %+v", file, start, c)
			continue
		}
		own := text[c.Start:c.End]
		for i := range c.Path {
			for _, above := range named[c.Path[i].Start] {
				path := slices.Clone(above)
				for _, n := range c.Path[i+1:] {
					path = append(path, n.Text)
				}
				name := string(own)
				if own[0] == '"' {
					name = literal(own, false)
				}
				path = append(path, name)
				if _, ok := known[strings.Join(path, "\x00")]; !ok && evaluates(known, path[:len(path)-1]) {
					t.Errorf("%s: at byte %d there is no %q", file, start, path)
				}
				predicted++
			}
		}
	}
	return bound, predicted
}

// evaluates: Nix knows something in a set.
func evaluates(known map[string]knownPlace, path []string) bool {
	for other := range known {
		if strings.HasPrefix(other, strings.Join(path, "\x00")+"\x00") {
			return true
		}
	}
	return false
}

func isInherited(text []byte) bool {
	s := &scanner{text: text}
	return s.word() != "" && (s.next() == ';' || s.at < len(text) && inIdentifier(rune(text[s.at]), true))
}
