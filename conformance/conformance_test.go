package conformance_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The ways in which a flake may hold its clan; each names a file of testdata/common.
var forms = []string{"export", "hidden", "parts"}

// TestClanCore reads every case in every form, with each clan-core that the caller names.
func TestClanCore(t *testing.T) {
	env := newEnvironment()
	if len(env.clanCores) == 0 {
		fmt.Println("SKIP: CLANCTL_CLAN_CORE names no clan-core to hold clanctl against (see docs/conformance.md)")
		t.SkipNow()
	}
	cases, err := os.ReadDir("testdata/cases")
	check(t, err)
	for i, ref := range env.clanCores {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			core := newClanCore(t, env, ref)
			fmt.Println("clan-core", core.name)
			for _, c := range cases {
				for _, form := range forms {
					t.Run(c.Name()+"/"+form, func(t *testing.T) {
						t.Parallel()
						core.run1(t, c.Name(), form)
					})
				}
			}
		})
	}
}

// run1 writes the clan of a case and compares.
func (c *clanCore) run1(t *testing.T, name, form string) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join("testdata", "cases", name)
	for _, feature := range needs(t, source) {
		has, known := c.features[feature]
		if !known {
			t.Fatalf("%s needs %q, which features.nix does not know", name, feature)
		}
		if !has {
			if form == forms[0] {
				fmt.Printf("SKIP: %s: this clan-core has no %s\n", name, feature)
			}
			t.SkipNow()
		}
	}
	check(t, os.CopyFS(dir, os.DirFS(source)))
	c.write(t, dir, form)
	compare(t, c.environment, "path:"+dir, nil)
}

// needs reads the features that a case asks for: the first line of its clan.nix, `# needs: NAME...`.
func needs(t *testing.T, source string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(source, "clan.nix"))
	check(t, err)
	first, _, _ := bytes.Cut(data, []byte("\n"))
	names, _ := strings.CutPrefix(string(first), "# needs:")
	if names == string(first) {
		return nil
	}
	return strings.Fields(names)
}

// TestClans compares real clans in the same way.
func TestClans(t *testing.T) {
	clans := list("CLANCTL_CLANS")
	if len(clans) == 0 {
		t.Skip("CLANCTL_CLANS names no clans")
	}
	overrides := map[string]string{}
	for _, override := range list("CLANCTL_CLANS_OVERRIDES") {
		input, ref, _ := strings.Cut(override, "=")
		overrides[input] = ref
	}
	for _, clan := range clans {
		t.Run(clan, func(t *testing.T) { compare(t, newEnvironment(), clan, overrides) })
	}
}
