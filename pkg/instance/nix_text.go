package instance

import "regexp"

// relative takes from Nix's message, in the user's terms, what depends on the name of the instance and on the member whose settings were
// evaluated: the way to the settings in front of a setting's path, and behind the file of a definition. So all members with one mistake have
// one message.
func relative(message string, about Subject) string {
	message = viaOption.ReplaceAllString(message, "'")
	if about.Role == "" {
		return message
	}
	instance, role := regexp.QuoteMeta(optionPath("instances", about.Instance)), regexp.QuoteMeta(optionPath("roles", about.Role))
	const layer = `(?:\.(?:machines|tags)\.(?:"(?:[^"\\]|\\.)*"|[^"\s.]+))?`
	way := regexp.MustCompile("(?:[^`\\s]*\\.)?" + instance + `\.(` + role + layer + `\.settings)([.'])`)
	return way.ReplaceAllStringFunc(message, func(match string) string {
		if match[len(match)-1] == '.' {
			return ""
		}
		return way.ReplaceAllString(match, "$1$2") // the settings as a whole
	})
}

// viaOption is what clan puts behind the file of a definition; a quote follows.
var viaOption = regexp.MustCompile(`, via option [^\n]*?\.settings'`)
