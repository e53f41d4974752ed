package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/pkg/instance"
)

// finding is one of some machines in a line.
func finding(code string, file string, line int, machines ...string) instance.Finding {
	f := instance.NewFinding(code, instance.Subject{Instance: "sshd", Role: "server"}, instance.Cause{})
	f.Position = instance.Position{File: file, Line: line}
	if len(machines) > 0 {
		f.Machine = machines[0]
	}
	if len(machines) > 1 {
		f.Machines = machines
	}
	return f
}

func show(findings []instance.Finding) []string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, fmt.Sprintf("%s %s %s", f.Position, f.Code, f.Cause.Name))
	}
	return lines
}

func TestComments(t *testing.T) {
	text := strings.TrimPrefix(`
a = 1; # clanctl: ignore unknown-tag -- on the line
# clanctl: ignore unused-tag -- above
# about something else
  #clanctl:ignore empty-tag -- above, too
b = 2;
# clanctl: ignore unknown-machine
# clanctl: ignore no-such -- what?
c = 3; # clanctl: ignore
# clanctl: ignored in general
# clanctl: ignore unused-tag -- of an empty line

d = 4; # clanctl: ignore unknown-tag, empty-tag -- one code only
# clanctl: ignore unused-tag -- at the end`, "\n")
	ignores := policy.Ignores(policy.Comments("a.nix", []byte(text)))
	ignored := map[string][]int{}
	codes := []string{"unknown-tag", "unused-tag", "empty-tag", "unknown-machine"}
	for _, code := range codes {
		for line := range 14 {
			for _, file := range []string{"a.nix", "b.nix"} {
				if _, isNew := ignores.New(nil, finding(code, file, line)); !isNew {
					ignored[code] = append(ignored[code], line)
				}
			}
		}
	}
	want := map[string][]int{"unknown-tag": {1}, "unused-tag": {5, 11, 13}, "empty-tag": {5}}
	if diff := cmp.Diff(want, ignored); diff != "" {
		t.Error(diff)
	}
	wrong := []string{"a.nix:6:1 invalid-ignore unknown-machine", "a.nix:7:1 invalid-ignore no-such",
		"a.nix:8:8 invalid-ignore ",
		"a.nix:12:8 invalid-ignore unknown-tag"}
	if diff := cmp.Diff(wrong, show(ignores.Wrong(codes))); diff != "" {
		t.Error(diff)
	}
}

func TestIgnoresOfSome(t *testing.T) {
	ignores := policy.Ignores(policy.Comments("a.nix",
		[]byte("x # clanctl: ignore conflict -- known\n# clanctl: ignore conflict -- of nothing\n")))
	ofOther, _ := ignores.New(nil, finding(codes.Conflict, "a.nix", 7))
	if ofOther.Line != 7 {
		t.Error("another finding is ignored")
	}
	if f, isNew := ignores.New(&instance.Inventory{}, finding(codes.Conflict, "a.nix", 1, "a", "b")); isNew {
		t.Errorf("%v is not ignored", f.Machines)
	}
	if _, isNew := policy.Ignores(policy.Comments("a.nix", []byte("x # clanctl: ignore flake-failed -- no"))).New(nil,
		finding(codes.FlakeFailed, "a.nix", 1)); !isNew {
		t.Error("a flake that does not evaluate is ignored")
	}
	if diff := cmp.Diff([]string{"a.nix:2:1 unused-ignore conflict"},
		show(ignores.Unused([]string{"conflict"}))); diff != "" {
		t.Error(diff)
	}
	if unused := ignores.Unused([]string{"unused-tag"}); unused != nil {
		t.Errorf("%v", unused)
	}
}

func TestFiles(t *testing.T) {
	place := func(file string) *facts.Place {
		return &facts.Place{Position: &instance.Position{File: file, Line: 1}}
	}
	inv := invtest.With(&instance.Inventory{}, facts.Inventory{Places: &facts.Place{Below: map[string]*facts.Place{
		"a": place("b/c.nix"), "b": place("inventory.json"), "c": place("<in>/x.nix"), "d": {},
		"e": place("/nix/store/x.nix")}}})
	got := policy.Files(inv, []instance.Finding{finding("x", "a.nix", 1), finding("x", "", 0)})
	if want := []string{"a.nix", "b/c.nix"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Of a revision's policy, comments are about what they ignore there, wherever they stand by now, and about
// nothing else.
func TestIgnoresOnly(t *testing.T) {
	about := func(line int, instance, role string, machines ...string) instance.Finding {
		f := finding("unknown-tag", "a.nix", line, machines...)
		f.Instance, f.Role = instance, role
		return f
	}
	before := policy.Ignores(policy.Comments("a.nix",
		[]byte("a # clanctl: ignore unknown-tag -- a\nb # clanctl: ignore unknown-tag -- b\nc\n")))
	ignored := before.Ignored(nil, []instance.Finding{about(1, "i", "r"), about(2, "j", "r", "x"), about(3, "k", "r")})
	now := policy.Ignores(policy.Comments("a.nix",
		[]byte("\nnew # clanctl: ignore unknown-tag -- other\nc # clanctl: ignore unknown-tag -- a\n")))
	now.Only(ignored)
	for _, test := range []struct {
		finding instance.Finding
		want    bool
	}{{about(2, "i", "r"), true}, {about(2, "i", "s"), false}, {about(3, "k", "r"), false},
		{about(2, "j", "r", "x"), true}} {
		if _, isNew := now.New(&instance.Inventory{}, test.finding); isNew == test.want {
			t.Errorf("%s in line %d: ignored is %t", test.finding.About(), test.finding.Line, !isNew)
		}
	}
	if rest, isNew := now.New(&instance.Inventory{}, about(2, "j", "r", "x", "y")); !isNew ||
		!slices.Equal(rest.Machines, []string{"y"}) {
		t.Errorf("left is %v", rest.Machines)
	}
	if unused := now.Unused([]string{"unknown-tag"}); len(unused) > 0 {
		t.Errorf("a comment about something new is for nothing: %v", show(unused))
	}
}
