package store

import "github.com/clanctl/clanctl/pkg/instance"

// renameFindings makes findings of the clan as it is speak of instances by the names that these get, as the changed
// clan's do.
func (s *Store) renameFindings(findings []instance.Finding) []instance.Finding {
	names := map[string]string{}
	for name, was := range s.renamed {
		names[was] = name
	}
	for i := range findings {
		for _, name := range []*string{&findings[i].Instance, &findings[i].Cause.Other} {
			if to, renamed := names[*name]; renamed {
				*name = to
			}
		}
	}
	return findings
}
