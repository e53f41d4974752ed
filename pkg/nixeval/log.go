package nixeval

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// Event is one message of Nix's log.
type Event struct {
	// Level is Nix's verbosity: 0 errors and traces, 1 warnings, 3 info, more for chatter. -1 for a line that was no
	// log entry.
	Level int
	// Text is the message without colour codes.
	Text string
	// Message is set for errors, which have level 0 as traces do: the text without its trace. [Error] tells more of the
	// one that ended the run.
	Message string
	// at is where an error points, a store path as Nix says it; frames are its trace, the innermost first.
	at     Position
	frames []Frame
	// Activity is set instead of Text for something that takes time ("fetching ...", "copying ..."): when it begins,
	// when it gets on, and when it ends. ID tells it from others of the run.
	Activity string
	ID       uint64
	// Kind is "build", "copy", "download", "substitute" or "fetch"; "builds" and "copies" for all of them together;
	// empty for others.
	Kind string
	// Done of Expected: bytes of a download or a copy, or a number of builds or copies. Expected is zero where it is
	// not known.
	Done, Expected int64
	// Finished: the activity has ended.
	Finished bool
}

// Warning returns the text of a warning (Nix's own, builtins.warn's or lib.warn's), without its prefix.
func (e Event) Warning() (string, bool) {
	for _, prefix := range []string{"evaluation warning: ", "trace: evaluation warning: ", "trace: warning: ",
		"warning: "} {
		if text, ok := strings.CutPrefix(e.Text, prefix); ok {
			return text, true
		}
	}
	return "", false
}

// Limits on what is kept of a log: everything beyond is read and dropped, so that Nix never blocks on us.
const (
	maxLine   = 4 << 20
	maxEvents = 10_000
	maxTail   = 64 << 10
	maxFrames = 1000
)

// logReader takes the standard error of Nix, as it comes.
type logReader struct {
	onEvent func(Event)
	onPart  func(path []string, value string)
	events  []Event
	// source is where the flake's source is in the store, inputs what inputs.nix told; both empty if Nix died before.
	source, inputs string
	threw          bool       // the value throws
	open           [][]string // the parts that were begun and not ended, the outermost first
	tail           []byte
	activities     map[uint64]Event
	line           []byte
	skip           bool
}

func (l *logReader) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			l.add(p)
			break
		}
		l.add(p[:end])
		l.flush()
		p = p[end+1:]
	}
	return n, nil
}

func (l *logReader) add(p []byte) {
	if l.skip || len(l.line)+len(p) > maxLine {
		l.skip = true
		return
	}
	l.line = append(l.line, p...)
}

// flush ends a line. A line that was too long is dropped whole: half a JSON text helps nobody.
func (l *logReader) flush() {
	line, skip := l.line, l.skip
	l.line, l.skip = l.line[:0], false
	if skip || len(line) == 0 {
		return
	}
	event, ok := parseLogLine(line)
	if !ok {
		return
	}
	if text, isTrace := strings.CutPrefix(event.Text, "trace: "); isTrace && l.marked(text) {
		return
	}
	if strings.HasPrefix(event.Text, "warning: not writing modified lock file of flake") ||
		strings.HasPrefix(event.Text, "warning: '--update-input' is a deprecated alias") {
		return // of the program flake, which has none, and of our own flag: nothing that a user can do something about
	}
	if event.ID != 0 {
		if event, ok = l.activity(event); !ok {
			return
		}
	}
	if event.Activity == "" {
		if len(l.events) < maxEvents {
			l.events = append(l.events, event)
		}
		l.tail = append(append(l.tail, event.Text...), '\n')
		if extra := len(l.tail) - maxTail; extra > 0 {
			l.tail = append(l.tail[:0], l.tail[extra:]...)
		}
	}
	if l.onEvent != nil {
		l.onEvent(event)
	}
}

// marked takes what the program tells by a trace; false for a trace of somebody else's.
func (l *logReader) marked(trace string) bool {
	mark, text, _ := strings.Cut(trace, " ")
	switch last := len(l.open) - 1; {
	case mark == sourceMark:
		l.source = text
	case mark == inputsMark:
		l.inputs = text
	case trace == threwMark:
		l.threw = true
	case mark == beginMark:
		var path []string
		_ = json.Unmarshal([]byte(text), &path)
		l.open = append(l.open, path)
	case mark == endMark && last >= 0:
		if l.onPart != nil {
			l.onPart(l.open[last], text)
		}
		l.open = l.open[:last]
	default:
		return false
	}
	return true
}

// activity completes what a line says of an activity with what was said before.
func (l *logReader) activity(event Event) (Event, bool) {
	if event.Activity != "" {
		if l.activities == nil {
			l.activities = map[uint64]Event{}
		}
		if len(l.activities) < maxEvents {
			l.activities[event.ID] = event
		}
		return event, true
	}
	known, ok := l.activities[event.ID]
	if !ok {
		return event, false
	}
	if event.Finished {
		delete(l.activities, event.ID)
		known.Finished = true
		return known, true
	}
	known.Done, known.Expected = event.Done, event.Expected
	l.activities[event.ID] = known
	return known, true
}

// end ends the activities that the process left open when it ended.
func (l *logReader) end() {
	l.flush()
	for _, id := range slices.Sorted(maps.Keys(l.activities)) {
		event := l.activities[id]
		event.Finished = true
		if l.onEvent != nil {
			l.onEvent(event)
		}
	}
	l.activities = nil
}

// The numbers that Nix gives activities and results (logging.hh), the same in all versions.
var activityKinds = map[int]string{100: "copy", 101: "download", 103: "copies", 104: "builds", 105: "build",
	108: "substitute", 112: "fetch"}

const resultProgress = 105

// log passes on an event to whom the evaluator names.
func (e *Evaluator) log(event Event) {
	if e.OnEvent != nil {
		e.OnEvent(event)
	}
	if e.Logger == nil || event.Message != "" || event.Expected > 0 && !event.Finished {
		return
	}
	warning, isWarning := event.Warning()
	switch {
	case isWarning:
		e.Logger.Warn(warning)
	case event.Activity != "":
		e.Logger.Debug(event.Activity, "finished", event.Finished)
	case strings.HasPrefix(event.Text, "trace: "):
		e.Logger.Info(strings.TrimPrefix(event.Text, "trace: "))
	default:
		e.Logger.Debug(event.Text)
	}
}

// parseLogLine reads one line of `--log-format internal-json`. Lines of another form (Nix writes some before its logger
// is set up) are events of level -1.
func parseLogLine(line []byte) (Event, bool) {
	rest, isJSON := bytes.CutPrefix(line, []byte("@nix "))
	var entry struct {
		Action string `json:"action"`
		Level  int    `json:"level"`
		Msg    string `json:"msg"`
		logged
		Text   string            `json:"text"`
		Trace  []logged          `json:"trace"`
		ID     uint64            `json:"id"`
		Type   int               `json:"type"`
		Fields []json.RawMessage `json:"fields"`
	}
	if !isJSON || json.Unmarshal(rest, &entry) != nil {
		return Event{Level: -1, Text: stripANSI(string(line))}, true
	}
	switch entry.Action {
	case "msg":
		event := Event{Level: entry.Level, Text: stripANSI(entry.Msg)}
		if entry.Level == 0 {
			event.Message = stripANSI(entry.RawMsg)
		}
		event.at = entry.place()
		for _, frame := range entry.Trace[:min(len(entry.Trace), maxFrames)] {
			event.frames = append(event.frames,
				Frame{Position: frame.place(), Message: stripANSI(frame.RawMsg)})
		}
		return event, true
	case "start":
		event := Event{Level: entry.Level, Activity: cmp.Or(stripANSI(entry.Text), activityKinds[entry.Type]),
			ID: entry.ID, Kind: activityKinds[entry.Type]}
		return event, event.Activity != ""
	case "stop":
		return Event{ID: entry.ID, Finished: true}, entry.ID != 0
	case "result":
		event := Event{ID: entry.ID}
		if entry.Type != resultProgress || entry.ID == 0 || len(entry.Fields) < 2 ||
			json.Unmarshal(entry.Fields[0], &event.Done) != nil ||
			json.Unmarshal(entry.Fields[1], &event.Expected) != nil {
			return Event{}, false
		}
		return event, true
	}
	return Event{}, false
}

// logged is an error, or a step of its trace.
type logged struct {
	RawMsg string  `json:"raw_msg"`
	File   *string `json:"file"`
	Line   *int    `json:"line"`
	Column *int    `json:"column"`
}

// place is where it is. Nix 2.26 writes "FILE:LINE:COLUMN" for the file.
func (l logged) place() (at Position) {
	if l.File != nil {
		at.File = positionSuffix.ReplaceAllString(*l.File, "")
	}
	if l.Line != nil && l.Column != nil {
		at.Line, at.Column = *l.Line, *l.Column
	}
	return at
}

var (
	positionSuffix = lazyregexp.New(`:\d+:\d+$`)
	ansi           = lazyregexp.New("\x1b\\[[0-9;:?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)")
)

// stripANSI removes terminal escape sequences.
func stripANSI(s string) string {
	if !strings.Contains(s, "\x1b") {
		return s
	}
	return ansi.ReplaceAllString(s, "")
}
