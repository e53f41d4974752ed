package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/store"
)

// A bot that puts machines into a role.
func ExampleStore_AddMembers() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS("../../examples/homelab")); err != nil {
		panic(err)
	}
	flake, err := nixeval.ResolveRef(dir)
	if err != nil {
		panic(err)
	}
	if err := enrol(context.Background(), os.Stdout, flake, "sshd", "server", "studio"); err != nil {
		fmt.Println(err)
	}
	// Settings that Nix has are Nix's.
	s, err := store.Open(context.Background(), flake, config)
	if err != nil {
		panic(err)
	}
	err = s.Set(store.Layer{Instance: "sshd", Role: "server"}, []string{"authorizedKeys"}, []byte(`{}`))
	if readOnly := (*store.ReadOnlyError)(nil); errors.As(err, &readOnly) {
		fmt.Println(readOnly.Access.Reason, readOnly.Access.Positions)
	}
	// Output:
	// studio: added to sshd server
	// settings [inventory.nix:80:7]
}

var config = instance.Config{Evaluator: nixeval.Evaluator{Offline: true}}

func enrol(ctx context.Context, w io.Writer, flake instance.Ref, instanceName, role string, machines ...string) error {
	s, err := store.OpenExclusive(ctx, flake, config)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.AddMembers(instanceName, store.Members{Role: role, Machines: machines}); err != nil {
		return err
	}
	preview, err := s.Preview(ctx)
	if err != nil {
		return err
	}
	for _, i := range preview.Fleet.Instances {
		for _, r := range i.Roles {
			for _, m := range r.Members {
				fmt.Fprintf(w, "%s: %s to %s %s\n", m.Machine, m.Change, i.Name, r.Name)
			}
		}
	}
	_, err = s.Commit(ctx, store.CommitConfig{})
	return err
}
