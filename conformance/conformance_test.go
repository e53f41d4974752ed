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

// TestClanCore reads every case in every form, with each clan-core that the caller names. With -short, in the
// first form.
func TestClanCore(t *testing.T) {
	env := newEnvironment()
	if len(env.clanCores) == 0 {
		fmt.Println("SKIP: CLANCTL_CLAN_CORE names no clan-core to hold clanctl against (see docs/conformance.md)")
		t.SkipNow()
	}
	if testing.Short() {
		forms = forms[:1]
	}
	cases, err := os.ReadDir("testdata/cases")
	check(t, err)
	for i, ref := range env.clanCores {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			core := newClanCore(t, env, ref)
			if !core.features["instances"] {
				fmt.Printf("clan-core %s: has no instances\n", core.name)
				core.testLegacy(t)
				return
			}
			ran := 0
			for _, c := range cases {
				if feature := core.lacks(t, c.Name()); feature != "" {
					fmt.Printf("SKIP: %s: this clan-core has no %s\n", c.Name(), feature)
					continue
				}
				ran++
				for _, form := range forms {
					t.Run(c.Name()+"/"+form, func(t *testing.T) {
						t.Parallel()
						core.test(t, c.Name(), form)
					})
				}
			}
			fmt.Printf("clan-core %s: %d of %d cases in %d forms\n", core.name, ran, len(cases), len(forms))
		})
	}
}

// test writes the clan of a case and compares.
func (c *clanCore) test(t *testing.T, name, form string) {
	t.Helper()
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "cases", name))))
	c.write(t, dir, form)
	want, err := askOracle(t, c.environment, "path:"+dir, nil)
	check(t, err)
	inventory, err := load(t, c.environment, "path:"+dir, nil)
	if inventory == nil {
		t.Fatalf("clanctl: %v", err)
	}
	compare(t, want, inventory)
	t.Logf("%d settings held against their schemas", settingsFit(t, c.environment, "path:"+dir, nil, inventory))
}

// testLegacy holds clanctl to recognising a clan-core that has no instances yet.
func (c *clanCore) testLegacy(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS("testdata/cases/empty")))
	c.write(t, dir, "hidden")
	_, err := load(t, c.environment, "path:"+dir, nil)
	if err == nil || !strings.Contains(err.Error(), "the old form `inventory.services`") {
		t.Errorf("not recognised as the old form: %v", err)
	}
}

// lacks names a feature that a case asks for in the first line of its clan.nix (`# needs: NAME...`) and this
// clan-core has not.
func (c *clanCore) lacks(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cases", name, "clan.nix"))
	check(t, err)
	first, _, _ := bytes.Cut(data, []byte("\n"))
	needs, found := strings.CutPrefix(string(first), "# needs:")
	if !found {
		return ""
	}
	for _, feature := range strings.Fields(needs) {
		has, known := c.features[feature]
		if !known {
			t.Fatalf("%s needs %q, which features.nix does not know", name, feature)
		}
		if !has {
			return feature
		}
	}
	return ""
}

// TestClans compares real clans in the same way.
func TestClans(t *testing.T) {
	clans, overrides := realClans(t)
	env := newEnvironment()
	for _, clan := range clans {
		t.Run(clan, func(t *testing.T) {
			want, oracleErr := askOracle(t, env, clan, overrides)
			inventory, err := load(t, env, clan, overrides)
			switch {
			case oracleErr != nil && inventory == nil:
				t.Skipf("clan-core has no answer, and neither has clanctl: %v", err)
			case oracleErr != nil:
				t.Fatal(oracleErr)
			case inventory == nil:
				t.Fatal(err)
			}
			compare(t, want, inventory)
			checked := settingsFit(t, env, clan, overrides, inventory)
			fmt.Printf("%s: %d settings held against their schemas\n", clan, checked)
		})
	}
}

// realClans are those that the caller names, and what to use for their inputs. Without any the test is skipped, aloud.
func realClans(t *testing.T) (clans []string, overrides map[string]string) {
	t.Helper()
	clans = list("CLANCTL_CLANS")
	if len(clans) == 0 {
		fmt.Println("SKIP: CLANCTL_CLANS names no clans for " + t.Name())
		t.SkipNow()
	}
	overrides = map[string]string{}
	for _, override := range list("CLANCTL_CLANS_OVERRIDES") {
		input, ref, _ := strings.Cut(override, "=")
		overrides[input] = ref
	}
	return clans, overrides
}
