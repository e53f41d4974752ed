package instance

import "regexp"

// relative takes from Nix's message, in the user's terms, what depends on the member whose settings were evaluated and on the name of
// the instance: the way to the settings, in front of a setting's path, and behind the file of a definition. So all members with one mistake
// have one message.
func relative(message string, about Subject) string {
	message = viaOption.ReplaceAllString(message, "'")
	if about.Role == "" {
		return message
	}
	role := regexp.QuoteMeta(optionPath("instances", about.Instance, "roles", about.Role))
	way := regexp.MustCompile("(?:[^`\\s]*\\.)?" + role + `(?:\.(?:machines|tags)\.(?:"(?:[^"\\]|\\.)*"|[^."\s` + "`" + `]+))?\.settings(\.|')`)
	return way.ReplaceAllStringFunc(message, func(match string) string {
		if match[len(match)-1] == '.' {
			return ""
		}
		return "settings'"
	})
}

// viaOption is what clan puts behind the file of a definition; a quote follows.
var viaOption = regexp.MustCompile(`, via option [^\n]*?\.settings'`)
