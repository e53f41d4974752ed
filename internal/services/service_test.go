package services

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/pkg/module"
)

func TestRole(t *testing.T) {
	two := map[string]*Role{"client": {}, "server": {}}
	for _, test := range []struct {
		service             Service
		name                string
		want, message, hint string
	}{
		{Service{Roles: two}, "client", "client", "", ""},
		{Service{Roles: map[string]*Role{"peer": {}}}, "", "peer", "", ""},
		{Service{Roles: two}, "", "", "the module self#backup has several roles", `its roles are "client", "server"`},
		{Service{Roles: two}, "clint", "", `the module self#backup has no role "clint"`, `did you mean "client"?`},
		{Service{Roles: map[string]*Role{}}, "x", "", "the module self#backup has no roles", ""},
		{Service{Err: &Failure{Text: "boom"}}, "x", "", "the module self#backup does not evaluate: boom", ""},
	} {
		test.service.Input, test.service.Name = "self", "backup"
		got, err := test.service.Role(test.name)
		if got != test.want {
			t.Errorf("%q is %q, not %q", test.name, got, test.want)
		}
		var unknown *hint.Error
		if test.message == "" {
			if err != nil {
				t.Errorf("%q: %v", test.name, err)
			}
			continue
		}
		if !errors.As(err, &unknown) {
			t.Errorf("%q: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff([]string{test.message, test.hint}, []string{unknown.Error(), unknown.Hint()}); diff != "" {
			t.Errorf("%q: %s", test.name, diff)
		}
	}
}

func TestJoinTwins(t *testing.T) {
	service := func(description string, roles ...string) *Service {
		s := &Service{Manifest: &module.Manifest{Description: description}, Roles: map[string]*Role{}}
		for _, role := range roles {
			s.Roles[role] = &Role{}
		}
		return s
	}
	services := map[string]*Service{
		"sshd": service("s", "server"), "@b/sshd": service("s", "server"), "@a/sshd": service("s", "server"),
		"borg": service("b", "client"), "@a/borg": service("another", "client"),
		"wifi": service("w", "x"), "@a/wifi": service("w", "y"),
		"a/sshd": service("s", "server"), "@a/only": service("o", "x"),
		// Of modules that say nothing, nothing says that they are the same.
		"none": service("n"), "@a/none": service("n"),
		"bad": {Err: &Failure{Text: "boom"}}, "@a/bad": {Err: &Failure{Text: "boom"}},
	}
	JoinTwins(services)
	got := map[string][]string{}
	for name, s := range services {
		got[name] = s.Aliases
	}
	want := map[string][]string{
		"sshd": {"@a/sshd", "@b/sshd"}, "borg": nil, "@a/borg": nil, "wifi": nil, "@a/wifi": nil, "a/sshd": nil,
		"@a/only": nil,
		"none":    nil, "@a/none": nil, "bad": nil, "@a/bad": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRequired(t *testing.T) {
	for name, test := range map[string]struct {
		option Option
		want   bool
	}{
		"plain":             {Option{}, true},
		"with a default":    {Option{HasDefault: true}, false},
		"hidden":            {Option{Hidden: true}, false},
		"internal":          {Option{Internal: true}, false},
		"broken":            {Option{Err: &Failure{Text: "boom"}}, false},
		"an empty set":      {Option{Options: map[string]*Option{}}, false},
		"a set, one needed": {Option{Options: map[string]*Option{"a": {HasDefault: true}, "b": {}}}, true},
	} {
		if got := test.option.Required(); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFind(t *testing.T) {
	service := func(input, name string, aliases ...string) *Service {
		return &Service{Input: input, Name: name, Aliases: aliases}
	}
	c := Catalogue{
		Names: []string{"clan-core", "one", "two", "none"}, Null: "clan-core",
		Inputs: map[string]Input{
			"clan-core": {HasServices: true, Services: []string{"old", "sshd", "unseen"}, Deprecated: []string{"old"},
				Modules: map[string]*Service{"sshd": service("clan-core", "sshd", "@clan/sshd")}},
			"one": {HasServices: true, Services: []string{"dup", "sshd"},
				Modules: map[string]*Service{"dup": service("one", "dup"), "sshd": service("one", "sshd")}},
			"two": {HasServices: true, Services: []string{"dup"},
				Modules: map[string]*Service{"dup": service("two", "dup")}},
			"none": {},
		},
	}
	for ref, want := range map[string]string{"sshd": "clan-core#sshd", "@clan/sshd": "clan-core#sshd",
		"one#sshd": "one#sshd", "two#dup": "two#dup"} {
		if got, err := c.Find(ref); err != nil || got.Spec().String() != want {
			t.Errorf("%s: %v, %v", ref, got, err)
		}
	}
	for ref, want := range map[string][2]string{
		"dup": {`several inputs offer a service "dup"`, `say which: "one#dup", "two#dup"`},
		"old": {`the service "old" was removed from clan-core`,
			"see the message of the module itself for its successor"},
		"sshf": {`no input of the flake offers a service "sshf"`, `did you mean "sshd"?`},
		"wholly-other": {`no input of the flake offers a service "wholly-other"`,
			`the services are "dup", "sshd", "unseen"`},
		"on#dup": {`the flake has no input "on"`, `did you mean "one"?`},
		"none#dup": {`the input "none" offers no services (it has no output clan.modules), so not "dup"`,
			`a service "dup" is offered elsewhere: set module.input = "one" or module.input = "two"`},
		"clan-core#unseen": {`the input "clan-core" offers no service "unseen"`, `it offers "sshd"`},
	} {
		_, err := c.Find(ref)
		hinted, ok := err.(interface {
			error
			Hint() string
		})
		if !ok {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if diff := cmp.Diff(want, [2]string{hinted.Error(), hinted.Hint()}); diff != "" {
			t.Errorf("%s: %s", ref, diff)
		}
	}
	for input, want := range map[string]string{
		"one": "", "none": `the input "none" offers no services (it has no output clan.modules)`,
		"ones": `the flake has no input "ones"`,
	} {
		got := ""
		if err := c.CheckInput(input); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, not %q", input, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	type hinted interface {
		error
		Hint() string
	}
	for _, test := range []struct {
		err           hinted
		message, hint string
	}{
		{&ResolveError{Code: codes.UnknownInput, Spec: module.Spec{Name: "x"}, Known: []string{"self"}},
			"the flake has no input that is clan-core", `the inputs are "self"`},
		{&ResolveError{Code: codes.InputWithoutServices, Spec: module.Spec{Name: "x"}, Input: "self"},
			`the flake itself offers no services (no output clan.modules), so not "x"`, ""},
		{&ResolveError{Code: codes.UnknownModule, Spec: module.Spec{Name: "x"}, Input: "self"}, `the flake itself offers no service "x"`,
			"it offers none at all"},
		{&ResolveError{Code: codes.RemovedModule, Spec: module.Spec{Name: "x"}, Input: "i", Message: "use y"},
			`the service "x" was removed from i: use y`, ""},
	} {
		if diff := cmp.Diff([]string{test.message, test.hint},
			[]string{test.err.Error(), test.err.Hint()}); diff != "" {
			t.Error(diff)
		}
	}
}
