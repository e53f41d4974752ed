package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/store"
)

// homelab is a copy of the example, and how to run Nix.
func homelab(t *testing.T) (dir string, config instance.Config) {
	t.Helper()
	config.Evaluator = nixtest.Evaluator(t)
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/homelab")); err != nil {
		t.Fatal(err)
	}
	return dir, config
}

func open(t *testing.T, dir string, config instance.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), nixtest.Ref(t, dir), config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestStore makes several changes at once, and all kinds of them.
func TestStore(t *testing.T) {
	dir, config := homelab(t)
	s := open(t, dir, config)
	if s.Changed() || s.File() != filepath.Join(dir, "inventory.json") {
		t.Errorf("changed %t, %s", s.Changed(), s.File())
	}
	services := "services"
	layer := store.Layer{Instance: "far", Role: "client", Machine: "attic"}
	must(t,
		s.CreateInstance("far", module.Spec{Input: &services, Name: "borg"}, []store.Members{
			{Role: "server", Machines: []string{"cabin"}},
			{Role: "client", Machines: []string{"attic"}, Tags: []string{"laptops"}}}),
		s.Set(layer, []string{"keep", "daily"}, []byte("7")),
		s.AddTags("attic", "cold"),
		s.RenameInstance("far", "farther"),
	)
	preview, err := s.Preview(t.Context())
	must(t, err, preview.Err)
	var paths []string
	for _, op := range preview.Patch {
		paths = append(paths, op.Op+" "+strings.Join(op.Path, "."))
	}
	if diff := cmp.Diff([]string{"add instances", "add machines"}, paths); diff != "" || !preview.Created {
		t.Error(diff, preview.Created)
	}
	if len(preview.Fleet.Instances) != 1 || preview.Fleet.Instances[0].Name != "farther" {
		t.Errorf("the fleet's difference: %v", preview.Fleet.Instances)
	}
	if _, err := os.Stat(s.File()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a preview wrote: %v", err)
	}
	result, err := s.Commit(t.Context(), store.CommitConfig{})
	must(t, err)
	if !result.Written {
		t.Error("nothing was written")
	}

	again := open(t, dir, config)
	keep, _ := again.Inventory().Instances["farther"].Roles["client"].Machines["attic"].Settings.Lookup("keep", "daily")
	if keep == nil || again.Changed() {
		t.Errorf("keep.daily is %v, changed %t", keep, again.Changed())
	}
	// Back to nothing.
	must(t, again.DeleteInstance("farther"), again.RemoveTags("attic", "cold"))
	if got := string(again.Text()); got != "{\n  \"instances\": {},\n  \"machines\": {}\n}\n" {
		t.Errorf("it is %s", got)
	}
	result, err = again.Commit(t.Context(), store.CommitConfig{})
	must(t, err)
	if !result.Written {
		t.Error("nothing was written")
	}
}

// TestConflict: whoever read what is no longer there writes nothing.
func TestConflict(t *testing.T) {
	dir, config := homelab(t)
	first, second := open(t, dir, config), open(t, dir, config)
	must(t, first.AddTags("attic", "a"), second.AddTags("cabin", "b"))
	_, err := second.Preview(t.Context())
	must(t, err)
	_, err = first.Commit(t.Context(), store.CommitConfig{})
	must(t, err)
	before, err := os.ReadFile(first.File())
	must(t, err)
	_, err = second.Commit(t.Context(), store.CommitConfig{})
	if !errors.Is(err, store.ErrConflict) {
		t.Errorf("it is %v", err)
	}
	if after, _ := os.ReadFile(first.File()); !bytes.Equal(before, after) {
		t.Errorf("it was written: %s", after)
	}
	// Somebody took the file away.
	third := open(t, dir, config)
	must(t, third.AddTags("cabin", "b"), os.Remove(first.File()))
	third.Force = true
	if _, err = third.Commit(t.Context(), store.CommitConfig{}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("it is %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".inventory*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestExclusive: one after the other, none lost; and who waits too long says so.
func TestExclusive(t *testing.T) {
	dir, config := homelab(t)
	var all sync.WaitGroup
	for _, tag := range []string{"a", "b", "c"} {
		all.Go(func() {
			s, err := store.OpenExclusive(t.Context(), nixtest.Ref(t, dir), config)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := s.AddTags("attic", tag); err != nil {
				t.Error(err)
			}
			if _, err := s.Commit(t.Context(), store.CommitConfig{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s, err := store.OpenExclusive(t.Context(), nixtest.Ref(t, dir), config)
	must(t, err)
	defer s.Close()
	if tags := s.Inventory().Machines["attic"].Tags; len(tags) != 6 { // all, nixos, storage
		t.Errorf("the tags are %v", tags)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.OpenExclusive(ctx, nixtest.Ref(t, dir), config); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it is %v", err)
	}
}

// TestAccess says what may be written, and why not.
func TestAccess(t *testing.T) {
	dir, config := homelab(t)
	must(t, os.WriteFile(filepath.Join(dir, "inventory.json"), []byte(`{
  "instances": {
    "own": {"module": {"name": "borg", "input": "services"}, "roles": {"server": {"machines": {"attic": {}}}, "client": {"tags": ["web"]}}},
    "sshd": {"roles": {"server": {"machines": {"studio": {"settings": {}}}}}}
  },
  "machines": {"attic": {"tags": ["own"]}}
}`), 0o644))
	s := open(t, dir, config)
	for _, test := range []struct {
		path                string
		writable, removable bool
		persisted           bool
		reason              string
		position            string
		part                string
	}{
		{path: "instances/new", writable: true},
		{path: "instances/own", writable: true, removable: true, persisted: true},
		{path: "instances/own/module/name", writable: true, removable: true, persisted: true},
		{path: "instances/own/roles/client/tags/web", writable: true, removable: true, persisted: true},
		{path: "instances/sshd", writable: true, persisted: true, reason: codes.ReadOnlyElement,
			position: "inventory.nix:77:5"},
		{path: "instances/sshd/module/input", reason: codes.ReadOnlyDefined, position: "inventory.nix:78:7"},
		{path: "instances/sshd/module/name", writable: true},
		{path: "instances/sshd/roles/server/machines/studio", writable: true, removable: true, persisted: true},
		{path: "instances/sshd/roles/server/machines/studio/settings/x", writable: true},
		{path: "instances/sshd/roles/server/tags/nixos", writable: true, reason: codes.ReadOnlyElement,
			position: "inventory.nix:79:7"},
		{path: "instances/sshd/roles/server/tags/nixos/settings/x", writable: true},
		{path: "instances/sshd/roles/server/settings/authorizedKeys/admin", reason: codes.ReadOnlySettings,
			position: "inventory.nix:80:7",
			part:     "instances/sshd/roles/server/settings/authorizedKeys"},
		{path: "instances/sshd/roles/server/settings/other", reason: codes.ReadOnlySettings,
			position: "inventory.nix:80:7", part: "instances/sshd/roles/server/settings"},
		{path: "machines/attic", writable: true, persisted: true, reason: codes.ReadOnlyElement,
			position: "inventory.nix:6:5"},
		{path: "machines/attic/description", reason: codes.ReadOnlyDefined, position: "inventory.nix:7:7"},
		{path: "machines/attic/icon", writable: true},
		{path: "machines/attic/deploy/targetHost", reason: codes.ReadOnlyDefined, position: "inventory.nix:8:7"},
		{path: "machines/attic/tags", writable: true, persisted: true, reason: codes.ReadOnlyElement,
			position: "inventory.nix:9:7"},
		{path: "machines/attic/tags/storage", writable: true, reason: codes.ReadOnlyElement,
			position: "inventory.nix:9:7"},
		{path: "machines/attic/tags/own", writable: true, removable: true, persisted: true},
	} {
		got := s.Access(strings.Split(test.path, "/")...)
		position := ""
		if len(got.Positions) > 0 {
			position = got.Positions[0].String()
		}
		if got.Writable != test.writable || got.Removable != test.removable || got.Persisted != test.persisted ||
			got.Reason != test.reason || position != test.position {
			t.Errorf("%s: %+v", test.path, got)
		}
		if test.part != "" && strings.Join(got.Part, "/") != test.part {
			t.Errorf("%s: the part is %v", test.path, got.Part)
		}
	}
	// A list that gets settings becomes a set.
	must(t, s.Set(store.Layer{Instance: "own", Role: "client", Tag: "web"}, []string{"schedule"}, []byte(`"hourly"`)))
	if text := string(s.Text()); !strings.Contains(text, `"tags": {"web": {"settings": {"schedule": "hourly"}}}`) {
		t.Errorf("it is %s", text)
	}
}

// TestForced writes what is refused otherwise.
func TestForced(t *testing.T) {
	dir, config := homelab(t)
	s := open(t, dir, config)
	services := "services"
	must(t,
		s.CreateInstance("alone", module.Spec{Input: &services, Name: "borg"},
			[]store.Members{{Role: "client", Machines: []string{"attic"}}}))
	var broken *store.BrokenError
	if _, err := s.Commit(t.Context(), store.CommitConfig{}); !errors.As(err, &broken) || len(broken.Findings) != 1 ||
		broken.Findings[0].Code != "too-few-machines" {
		t.Errorf("it is %v", err)
	}
	s.Force = true
	_, err := s.Commit(t.Context(), store.CommitConfig{})
	must(t, err)
	// An error that is there already is none of the next change's.
	s = open(t, dir, config)
	must(t, s.AddTags("attic", "a"))
	_, err = s.Commit(t.Context(), store.CommitConfig{})
	must(t, err)
}

// A byte order mark, which Nix takes no notice of, stays where it is.
func TestByteOrderMark(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		dir := filepath.Join(apart(t, false), "flake")
		file := filepath.Join(dir, "inventory.json")
		must(t, os.WriteFile(file, []byte("\ufeff"+`{"machines": {"attic": {"tags": ["a"]}}}`), 0o644))
		s := open(t, dir, instance.Config{Evaluator: e})
		must(t, s.AddTags("cellar", "b"))
		preview, err := s.Preview(t.Context())
		must(t, err)
		if len(preview.Patch) != 1 || preview.Err != nil {
			t.Errorf("the patch is %v (%v)", preview.Patch, preview.Err)
		}
		_, err = s.Commit(t.Context(), store.CommitConfig{})
		must(t, err)
		text, err := os.ReadFile(file)
		must(t, err)
		if !strings.HasPrefix(string(text), "\ufeff{") || !strings.Contains(string(text), "cellar") {
			t.Errorf("it is %q", text)
		}
	})
}
