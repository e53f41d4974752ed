package refs_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestFind(t *testing.T) {
	files := map[string]string{
		"flake.nix": "{ inputs.core.url = \"x\"; inputs = { own.url = \"y\"; core.z = 1; }; }",
		"a.nix": `{ instances = make (name: { roles.r.settings.x = 1; });
  machines.m.tags = [ "t" ]; tags.t = [ "m" "gone" ]; tags.other = f x; }`,
		"inventory.json": `{"machines": {"m": {"tags": ["t"]}}}`,
	}
	at := func(text string) *facts.Place {
		i := strings.Index(files["a.nix"], text)
		line := strings.Count(files["a.nix"][:i], "\n")
		return &facts.Place{Position: &instance.Position{File: "a.nix", Line: line + 1,
			Column: i - strings.LastIndexByte(files["a.nix"][:i], '\n')}}
	}
	below := func(name string, p *facts.Place) *facts.Place {
		return &facts.Place{Below: map[string]*facts.Place{name: p}}
	}
	setting := func() *facts.Place { return below("roles", below("r", below("settings", below("x", at("roles.r"))))) }
	inv := &instance.Inventory{}
	facts.Of(inv).PersistedFile = "inventory.json"
	facts.Of(inv).Places = &facts.Place{Below: map[string]*facts.Place{
		"instances": {Below: map[string]*facts.Place{"one": setting(), "two": setting()}},
		"machines":  below("m", at("machines.m")),
		"tags":      {Below: map[string]*facts.Place{"t": at("tags.t"), "other": at("tags.other")}},
	}}
	var got []string
	for _, r := range refs.Find(inv, "flake.nix", func(file string) ([]byte, error) {
		if text, ok := files[file]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}) {
		if r.Kind == "" {
			continue
		}
		got = append(got, fmt.Sprintf("%s %s %s %q %t", r.File, r.Kind, r.Instance, files[r.File][r.Start:r.End], r.Declares))
	}
	want := []string{
		`a.nix role one "r" false`, `a.nix role two "r" false`, // a function makes both
		`a.nix setting one "x" false`, `a.nix setting two "x" false`,
		`a.nix machine  "m" true`, `a.nix tag  "\"t\"" false`,
		`a.nix tag  "t" true`, `a.nix machine  "\"m\"" false`, `a.nix machine  "\"gone\"" false`, `a.nix tag  "other" true`,
		`flake.nix input  "core" true`, `flake.nix input  "own" true`, `flake.nix input  "core" false`,
		`inventory.json machine  "\"m\"" true`, `inventory.json tag  "\"t\"" false`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("found is\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
