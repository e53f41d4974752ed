package check

import (
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// predefined are the tags that clan computes.
var predefined = []string{"all", "nixos", "darwin"}

// carriedTags are the tags that some machine carries, sorted.
func (c *checker) carriedTags() []string {
	return slices.DeleteFunc(sortedKeys(c.Tags), func(tag string) bool { return len(c.Tags[tag]) == 0 })
}

// unusedTags: `inventory.tags` declares a tag that no role uses. A tag that machines carry by themselves may serve
// other purposes; it is reported only where it looks like a slip of the keyboard.
func unusedTags(c *checker) {
	used, known := usedTags(c)
	if !known {
		return
	}
	meant := meantTags(c, used)
	for tag, machines := range c.Tags {
		if used[tag] || meant[tag] || slices.Contains(predefined, tag) || len(machines) == 0 {
			continue // in use but for a slip, or nobody could miss it
		}
		_, declared := c.facts.DeclaredTags[tag]
		place, cause := []string{"tags", tag}, instance.Cause{Tag: tag}
		other := swapped(tag, used)
		if other != "" {
			cause.Near = []string{other}
		}
		switch {
		case other != "" && !declared:
			place = []string{"machines", machines[0]}
		case !declared || computedTags(c):
			continue // computed by a function, others may well use this one
		}
		c.at(place, codes.UnusedTag, instance.Subject{}, cause)
	}
}

// meantTags are the tags that a role may mean by a name that is no tag, which is another finding.
func meantTags(c *checker, used map[string]bool) map[string]bool {
	meant := map[string]bool{}
	for tag := range used {
		if c.Tags[tag] == nil {
			for _, near := range nearest.Of(tag, c.carriedTags()) {
				meant[near] = true
			}
		}
	}
	return meant
}

// usedTags are the tags that roles use; known is false where a role may have been missed.
func usedTags(c *checker) (used map[string]bool, known bool) {
	for _, f := range c.Findings {
		if f.Code == codes.Malformed || f.Code == codes.RoleFailed ||
			f.Code == codes.InstanceFailed || f.Code == codes.InstancesFailed {
			return nil, false
		}
	}
	used = map[string]bool{}
	for _, role := range c.Roles() {
		for _, tag := range role.Tags {
			used[tag] = true
		}
	}
	return used, true
}

// computedTags reports whether some tag is not written down as such in the clan's own files.
func computedTags(c *checker) bool {
	for tag := range c.facts.DeclaredTags {
		if slices.Contains(predefined, tag) {
			continue
		}
		if pos := c.Where("tags", tag); pos == nil || strings.HasPrefix(pos.File, "<") {
			return true
		}
	}
	return false
}

// swapped returns the known name that differs from name by two neighbouring letters in each other's place, or "".
func swapped(name string, known map[string]bool) string {
	letters := []byte(name)
	for i := 1; i < len(letters); i++ {
		letters[i-1], letters[i] = letters[i], letters[i-1]
		if other := string(letters); other != name && known[other] {
			return other
		}
		letters[i-1], letters[i] = letters[i], letters[i-1]
	}
	return ""
}

// ghostTagMembers: `inventory.tags` lists a machine that the clan does not have.
func ghostTagMembers(c *checker) {
	for tag, machines := range c.facts.DeclaredTags {
		for _, name := range machines {
			if c.Machines[name] == nil {
				c.at([]string{"tags", tag}, codes.GhostTagMember, instance.Subject{Machine: name},
					instance.Cause{Tag: tag, Near: nearest.Of(name, sortedKeys(c.Machines))})
			}
		}
	}
}

// replacedReservedTags: `inventory.tags` replaces the members of a tag that clan computes.
func replacedReservedTags(c *checker) {
	for _, tag := range predefined {
		declared, ok := c.facts.DeclaredTags[tag]
		if !ok {
			continue
		}
		var left []string
		for _, name := range sortedKeys(c.Machines) {
			if (tag == "all" || c.Machines[name].Class == tag) && !slices.Contains(declared, name) {
				left = append(left, name)
			}
		}
		if len(left) > 0 {
			c.at([]string{"tags", tag}, codes.ReplacedTag, instance.Subject{},
				instance.Cause{Tag: tag, Names: nearest.First(left)})
		}
	}
}
