// Package palette gives roles their colours: by name, so that a role looks the same on every page and in every picture,
// whatever else a fleet has.
package palette

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// Colour is one of the palette's: a background and a text that is legible on it, for light and dark surroundings. The
// text is legible on white, or on black, too.
type Colour struct{ LightBack, Light, DarkBack, Dark string }

// Colours are told apart by people who do not see all of them, too, as far as a dozen can be; texts say the rest.
var Colours = []Colour{
	{"#dbe9fb", "#0c427f", "#16365c", "#b9d8ff"}, // blue
	{"#d8f0df", "#0f5128", "#143e25", "#aee7c1"}, // green
	{"#e8e0fa", "#4b2a92", "#372766", "#d9ccff"}, // violet
	{"#fce6d2", "#7a3c06", "#552f0d", "#ffd3ab"}, // orange
	{"#d3eff0", "#0b5054", "#0f4144", "#a8e8ea"}, // teal
	{"#fbdfeb", "#861b51", "#561b39", "#ffc3dd"}, // pink
	{"#f5ecc2", "#5d4a04", "#463a0a", "#f1e2a1"}, // yellow
	{"#e4e6ea", "#3a414b", "#373c45", "#d8dce2"}, // grey
	{"#e6f2c9", "#3f5205", "#333f0e", "#d5e69b"}, // lime
	{"#dfe2fd", "#2f3a9e", "#232a66", "#c6ccff"}, // indigo
	{"#fbdcd6", "#8a2716", "#571d12", "#ffc4b8"}, // red
	{"#eadfd5", "#5b3a1c", "#42301f", "#e6cdb4"}, // brown
}

// common are the roles that most services have; they never share a colour.
var common = map[string]int{"default": 0, "client": 1, "peer": 2, "server": 3, "controller": 4, "moon": 5, "push": 6,
	"bootstrap": 8, "signer": 9, "admin": 10, "ca": 11}

// Role is the index of a role's colour.
func Role(name string) int {
	if i, known := common[name]; known {
		return i
	}
	sum := fnv.New32a()
	sum.Write([]byte(name))
	return int(sum.Sum32() % uint32(len(Colours)))
}

// CSS are variables of the colours (--r0 the text, --r0b the background) and a class for each (.r0).
func CSS() string {
	var light, dark, classes strings.Builder
	for i, c := range Colours {
		fmt.Fprintf(&light, "--r%d: %s; --r%db: %s; ", i, c.Light, i, c.LightBack)
		fmt.Fprintf(&dark, "--r%d: %s; --r%db: %s; ", i, c.Dark, i, c.DarkBack)
		fmt.Fprintf(&classes, ".r%d { background: var(--r%db); color: var(--r%d); }\n", i, i, i)
	}
	return ":root { " + light.String() + "}\n" +
		"@media screen and (prefers-color-scheme: dark) { :root { " + dark.String() + "} }\n" + classes.String()
}
