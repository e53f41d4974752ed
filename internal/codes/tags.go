package codes

import "slices"

// IsPredefinedTag reports whether a tag is one that clan gives every machine, or every machine of a class.
func IsPredefinedTag(tag string) bool {
	return slices.Contains([]string{"all", "nixos", "darwin"}, tag)
}

// OwnTagsFirst puts the tags that clan gives every machine behind those that tell machines apart.
func OwnTagsFirst(tags []string) []string {
	var own, predefined []string
	for _, tag := range tags {
		if IsPredefinedTag(tag) {
			predefined = append(predefined, tag)
		} else {
			own = append(own, tag)
		}
	}
	return append(own, predefined...)
}
