package textview

// A Style makes text stand out; what it says is always in the text as well.
type Style string

// Styles, as terminals number them.
const (
	Plain     Style = ""
	Bold      Style = "1"
	Dim       Style = "2"
	Italic    Style = "3"
	Underline Style = "4"
	Red       Style = "31"
	Green     Style = "32"
	Yellow    Style = "33"
	Cyan      Style = "36"
)

// A Painter puts text in a style, or leaves it as it is.
type Painter func(s Style, text string) string

// Colourful is the painter for terminals.
func Colourful(s Style, text string) string {
	if s == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Hyperlink is a text that leads to a URL where the terminal has hyperlinks (OSC 8). Without a URL it is the text.
func Hyperlink(url, text string) string {
	if url == "" || text == "" {
		return text
	}
	return "\x1b]8;;" + url + "\x1b\\" + text + "\x1b]8;;\x1b\\"
}

// Colourless is the painter for everything else.
func Colourless(_ Style, text string) string { return text }
