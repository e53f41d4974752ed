package tags

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/hint"
)

// The machines of a clan, and who carries each tag; "unused" is carried by none.
var (
	racks = []string{"web-1", "web-2", "db", "laptop", "a,b", "@home", "srv[1]", "!bang", "a space"}
	tags  = map[string][]string{"all": racks, "web": {"web-1", "web-2"}, "rack/1": {"web-1"}, "rack/2": {"web-2"},
		"backup": {"db", "laptop"}, "mobile": {"laptop"}, "unused": {}}
)

func TestMachines(t *testing.T) {
	for text, want := range map[string]string{
		"db":                     "db",
		"db,laptop":              "db laptop",
		"laptop, db , laptop":    "db laptop",
		"web-*":                  "web-1 web-2",
		"web-[2-9]":              "web-2",
		"?b":                     "db",
		"@web":                   "web-1 web-2",
		"@rack*":                 "web-1 web-2", // a star crosses slashes
		"web-*,@backup,!laptop":  "db web-1 web-2",
		"!laptop,web-*,@backup":  "db web-1 web-2",
		"@backup,!@mobile":       "db",
		"!web-*,!@backup,!*\\,*": "!bang @home a space srv[1]",
		"@unused":                "",
		"@unused,db":             "db",
		`a\,b`:                   "a,b",
		`\@home`:                 "@home",
		`\!bang`:                 "!bang",
		`srv[1]`:                 "srv[1]", // a name that exists is that name
		`srv\[1\]`:               "srv[1]",
		` a space `:              "a space",
		"@*,!@all":               "",
		"@backup&@mobile":        "laptop",
		"@backup & !@mobile":     "db",
		"!@mobile&@backup":       "db",
		"!@mobile&!web-*&!*\\ *": "!bang @home a,b db srv[1]",
		"web-*&@rack/2,db":       "db web-2",
		"@web&@rack/1,!web-1":    "",
		"@web&@unused":           "",
	} {
		s, err := ParseSelector(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := s.Machines(racks, tags)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if got, err := (*Selector)(nil).Machines(racks, tags); err != nil || len(got) != 9 {
		t.Errorf("no selector selects everything, got %v, %v", got, err)
	}
}

func TestUnknown(t *testing.T) {
	for text, want := range map[string]string{
		"laptpo":     `the clan has no machine "laptpo": did you mean "laptop"?`,
		"db,!laptpo": `the clan has no machine "laptpo": did you mean "laptop"?`,
		"backup":     `the clan has no machine "backup": "backup" is a tag: write "@backup"`,
		"@db":        `the clan has no tag "db": "db" is a machine: write it without the @`,
		"@backups":   `the clan has no tag "backups": did you mean "backup"?`,
		`srv\[2]`:    `the clan has no machine "srv[2]": did you mean "srv[1]"?`,
		"mail-*":     `no machine of the clan matches "mail-*": its machines are "!bang", "@home", "a space", "a,b", "db", "laptop", "srv[1]", "web-1", "web-2"`,
		"@mail*":     `no tag of the clan matches "mail*": its tags are "all", "backup", "mobile", "rack/1", "rack/2", "unused", "web"`,
	} {
		s, err := ParseSelector(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		_, err = s.Machines(racks, tags)
		var unknown *UnknownError
		if !errors.As(err, &unknown) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, err.Error()+": "+unknown.Hint()); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if got := (&UnknownError{Kind: "role", Name: "x"}).Hint(); got != "it has no roles at all" {
		t.Error(got)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                   `"" selects nothing: a name is missing`,
		"a,,b":               `"a,,b" selects nothing: a name is missing`,
		"(@web,@db)&@berlin": `"(@web,@db)&@berlin" selects nothing: parentheses do not group`,
		"!(a)":               `"!(a)" selects nothing: parentheses do not group`,
		"a,":                 `"a," selects nothing: a name is missing`,
		"a,@":                `"@" in "a,@" selects nothing: a tag is missing behind the @`,
		"!@":                 `"!@" selects nothing: a tag is missing behind the @`,
		"!":                  `"!" selects nothing: a name is missing behind the !`,
		"a,web[":             `"web[" in "a,web[" selects nothing: the glob is not complete: a [ wants its ], a backslash a character behind it`,
		`web\`:               `"web\\" selects nothing: the glob is not complete: a [ wants its ], a backslash a character behind it`,
	} {
		_, err := ParseSelector(text)
		var parse *hint.Error
		if !errors.As(err, &parse) || parse.Hint() == "" {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestNames(t *testing.T) {
	known := []string{"sshd", "@clan/borgbackup", "borg", "sshd"}
	for text, want := range map[string]string{
		"sshd":             "sshd",
		"@clan/*":          "@clan/borgbackup",
		"*borg*":           "@clan/borgbackup borg",
		"!sshd":            "@clan/borgbackup borg",
		"@clan/borgbackup": "@clan/borgbackup",
	} {
		s, err := ParseNames(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Names("service", known)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	s, _ := ParseNames("shd")
	if _, err := s.Names("service", known); err == nil || err.Error() != `the clan has no service "shd"` {
		t.Error(err)
	}
	if got, _ := (*Selector)(nil).Names("service", known); len(got) != 3 {
		t.Errorf("no selector selects everything, got %v", got)
	}
}

// FuzzSelector: whatever is written, a machine is selected only if it exists, and a machine's name with a
// backslash before each character selects just that machine.
func FuzzSelector(f *testing.F) {
	for _, seed := range []string{"web-*,@backup,!laptop", `a\,b`, "[", `\`, "@", "!", "a[b-c]", "/../x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseSelector(text); err == nil {
			got, _ := s.Machines(racks, tags)
			for _, name := range got {
				if !slices.Contains(racks, name) {
					t.Errorf("%q selects %q", text, name)
				}
			}
		}
		if text == "" || strings.Contains(text, "\x00") {
			return
		}
		var quoted strings.Builder
		for _, r := range []byte(text) {
			quoted.WriteByte('\\')
			quoted.WriteByte(r)
		}
		s, err := ParseSelector(quoted.String())
		if err != nil {
			return // a piece of a character is no pattern to path.Match
		}
		got, err := s.Machines([]string{text, text + "x"}, nil)
		if err != nil || !slices.Equal(got, []string{text}) {
			t.Errorf("%q selects %q, %v", quoted.String(), got, err)
		}
	})
}

// A name that exists is that name, also with an & in it.
func TestNameWithAmpersand(t *testing.T) {
	for text, want := range map[string]string{"this&that": "this&that", `this\&that`: "this&that", "this&*": "this",
		"th*&*t": "that this&that"} {
		s, err := ParseNames(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Names("service", []string{"this", "that", "this&that"})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}
