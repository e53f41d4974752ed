package instance

import (
	"bytes"
	"path"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

// placeMissing finds where own modules that are not there are named: Nix has no place for `clan.modules`. A path in a
// Nix file of the clan's that leads to the missing file names it.
func (l *loader) placeMissing() {
	if len(l.inv.facts.Missing) == 0 {
		return
	}
	files := map[string]bool{path.Join(sourcetree.Subdirectory(l.ref.URL), "flake.nix"): true}
	for at := range l.inv.facts.Places.All() {
		if !strings.HasPrefix(at.File, "<") && strings.HasSuffix(at.File, ".nix") {
			files[at.File] = true // of the flake's own
		}
	}
	modules := &facts.Place{Below: map[string]*facts.Place{}}
	l.inv.facts.Places.Below["modules"] = modules
	for _, file := range sortedKeys(files) {
		text, err := l.places.sources.ReadFile(l.facts.flake.Value.Source + "/" + file)
		if err != nil {
			continue
		}
		for _, at := range pathLiteral.FindAllIndex(text) {
			line := text[bytes.LastIndexByte(text[:at[0]], '\n')+1 : at[0]]
			if bytes.ContainsRune(line, '#') {
				continue // in a comment
			}
			leadsTo := path.Join(path.Dir(file), string(text[at[0]:at[1]]))
			for _, name := range sortedKeys(l.inv.facts.Missing) {
				if l.inv.facts.Missing[name] == leadsTo && modules.Below[name] == nil {
					pos := &Position{File: file}
					pos.Line, pos.Column = jsonvalue.Line(text, at[0])
					modules.Below[name] = &facts.Place{Position: pos}
				}
			}
		}
	}
}

var pathLiteral = lazyregexp.New(`\.{1,2}(/[0-9A-Za-z._+-]+)+`)
