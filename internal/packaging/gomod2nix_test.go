package packaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// TestGomod2nix compares gomod2nix.toml, from which the flake fetches the modules of the build, with go.mod
// and with Nix's own hashes of what is in the module cache. UPDATE=1 writes it anew; there is no other
// generator.
func TestGomod2nix(t *testing.T) {
	if strings.Contains(os.Getenv("GOFLAGS"), "-mod=vendor") {
		t.Skip("SKIP: this build has its modules from Nix, which compared the hashes")
	}
	nix := nixes.Programs(t)[0]
	want := gomod2nix(t, nix, modules(t))
	path := filepath.Join(top, "gomod2nix.toml")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("gomod2nix.toml is not what go.mod asks for. To write it anew:\n\n\tmake generate\n\n%s", diff)
	}
}

// module is what the go command tells of one.
type module struct{ Path, Version, Dir, Error string }

// modules are those that go.mod names, which are all that the program, its tests and its tools are built
// from. Those that are not in the module cache yet are downloaded.
func modules(t *testing.T) []module {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json")
	cmd.Dir = top
	// On failure the JSON has the reasons.
	out, err := cmd.Output()
	var all []module
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m module
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m.Error != "" {
			t.Fatalf("%s %s: %s", m.Path, m.Version, m.Error)
		}
		all = append(all, m)
	}
	if err != nil || len(all) == 0 {
		t.Fatalf("go mod download gave %d modules: %v", len(all), err)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// gomod2nix is the file in the form (schema 3) that gomod2nix's buildGoApplication reads: for each module the
// hash of its directory as Nix packs it.
func gomod2nix(t *testing.T, nix string, all []module) []byte {
	t.Helper()
	args := []string{"hash", "path"}
	for _, m := range all {
		args = append(args, m.Dir)
	}
	hashes := strings.Fields(string(run(t, nix, args...)))
	if len(hashes) != len(all) {
		t.Fatalf("%d hashes of %d modules", len(hashes), len(all))
	}
	var file bytes.Buffer
	file.WriteString("schema = 3\n\n[mod]\n")
	for i, m := range all {
		fmt.Fprintf(&file, "  [mod.%q]\n    version = %q\n    hash = %q\n", m.Path, m.Version, hashes[i])
	}
	return file.Bytes()
}
