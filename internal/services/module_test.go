package services

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/module"
)

func in(name string) *string { return &name }

var catalogue = Catalogue{
	Names: []string{"clan-core", "nixpkgs", "self", "third"},
	Null:  "clan-core",
	Inputs: map[string]Input{
		"clan-core": {HasServices: true, Services: []string{"borgbackup", "coredns", "sshd"},
			Deprecated: []string{"coredns"}},
		"self":    {HasServices: true, Services: []string{"mine"}},
		"nixpkgs": {},
	},
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		spec module.Spec
		want string
	}{
		{module.Spec{Name: "sshd"}, "clan-core"},
		{module.Spec{Input: in("clan-core"), Name: "borgbackup"}, "clan-core"},
		{module.Spec{Input: in("self"), Name: "mine"}, "self"},
		{module.Spec{Input: in("third"), Name: "anything"}, "third"}, // not looked at: not judged
	} {
		got, err := catalogue.Resolve(c.spec)
		if err != nil || got != c.want {
			t.Errorf("Resolve(%s) = %q, %v; want %q", c.spec, got, err, c.want)
		}
	}
	var unknown *ResolveError
	if _, err := catalogue.Resolve(module.Spec{Name: "corednss"}); !errors.As(err, &unknown) ||
		len(unknown.Nearest) > 0 || slices.Contains(unknown.Known, "coredns") {
		t.Errorf("a removed service is offered: %+v", unknown)
	}
	own := Catalogue{Names: []string{"self"},
		Inputs: map[string]Input{"self": {HasServices: true, Services: []string{"mine"}}}}
	if got, err := own.Resolve(module.Spec{Name: "mine"}); err != nil || got != "self" {
		t.Errorf("without clan-core no input means the flake itself; got %q, %v", got, err)
	}
}

func TestResolveErrors(t *testing.T) {
	for _, c := range []struct {
		spec          module.Spec
		want          string
		message, hint string
	}{
		{module.Spec{Input: in("clan-cor"), Name: "sshd"}, codes.UnknownInput, `no input "clan-cor"`,
			`"clan-core"`},
		{module.Spec{Input: in("elsewhere"), Name: "sshd"}, codes.UnknownInput, `no input "elsewhere"`, `"third"`},
		{module.Spec{Input: in("nixpkgs"), Name: "sshd"}, codes.InputWithoutServices, "offers no services",
			`module.input = "clan-core"`},
		{module.Spec{Name: "borgbakup"}, codes.UnknownModule, `clan-core offers no service "borgbakup"`,
			`did you mean "borgbackup"`},
		{module.Spec{Name: "mine"}, codes.UnknownModule, `"mine"`, `module.input = "self"`},
		{module.Spec{Name: "wholly-other"}, codes.UnknownModule, `"wholly-other"`, `it offers "borgbackup"`},
		{module.Spec{Input: in("self"), Name: "x"}, codes.UnknownModule, "the flake itself", `"mine"`},
		{module.Spec{Name: "coredns"}, codes.RemovedModule, "was removed", "successor"},
	} {
		_, err := catalogue.Resolve(c.spec)
		h, is := err.(*ResolveError)
		if !is || h.Code != c.want {
			t.Errorf("Resolve(%s) = %v, want %s", c.spec, err, c.want)
			continue
		}
		if !strings.Contains(h.Error(), c.message) || !strings.Contains(h.Hint(), c.hint) {
			t.Errorf("Resolve(%s): %q, hint %q; want %q and %q in them", c.spec, h, h.Hint(), c.message, c.hint)
		}
	}
}

func TestKey(t *testing.T) {
	a, b := module.Spec{Input: in("a"), Name: "b-c"}, module.Spec{Input: in("a-b"), Name: "c"}
	if Key(a) != Key(b) || a.String() == b.String() {
		t.Errorf("%s and %s share the key %q in clan", a, b, Key(a))
	}
	if got := Key(module.Spec{Name: "sshd"}); got != "<clan-core>-sshd" {
		t.Errorf("Key = %q", got)
	}
}
