package store

import (
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/pkg/instance"
)

// renameFindings makes findings of the clan as it is speak of instances by the names that these get, as the changed clan's do.
func (s *Store) renameFindings(old, now []instance.Finding) {
	for i := range old {
		f := &old[i]
		for name, was := range s.renamed {
			if f.Instance == was {
				f.Instance = name
				break
			}
		}
		for _, g := range now {
			if f.Code == g.Code && f.Instance == g.Instance && f.Role == g.Role && slices.Equal(f.Setting, g.Setting) && s.sameButNames(f.Message, g.Message) {
				f.Message = g.Message
				break
			}
		}
	}
}

var place = lazyregexp.New(`:\d+(:\d+)?`)

// sameButNames reports whether a message becomes another one by calling renamed instances by their new names, in some places or all:
// which letters of a message are a name cannot be told from the message alone.
func (s *Store) sameButNames(old, now string) bool {
	old, now = place.ReplaceAllString(old, ""), place.ReplaceAllString(now, "")
	type position struct{ old, now int }
	seen := map[position]bool{}
	todo := []position{{0, 0}}
	visit := func(at position) {
		if !seen[at] {
			seen[at] = true
			todo = append(todo, at)
		}
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at.old == len(old) && at.now == len(now) {
			return true
		}
		for name, was := range s.renamed {
			for _, text := range [][2]string{{was, name}, {instance.PathString([]string{was}), instance.PathString([]string{name})}} {
				if strings.HasPrefix(old[at.old:], text[0]) && strings.HasPrefix(now[at.now:], text[1]) {
					visit(position{at.old + len(text[0]), at.now + len(text[1])})
				}
			}
		}
		if at.old < len(old) && at.now < len(now) && old[at.old] == now[at.now] {
			visit(position{at.old + 1, at.now + 1})
		}
	}
	return false
}
