package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/pkg/instance"
)

func written(t testing.TB, inv *instance.Inventory, options Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, inv, inv.Findings, options); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteIsDeterministic(t *testing.T) {
	if one, two := written(t, invtest.Fleet(t, 50, 5), Options{}),
		written(t, invtest.Fleet(t, 50, 5), Options{}); one != two {
		t.Error("the same inventory makes different pages")
	}
}

// What is equal is in the page once.
func TestPageIsSmall(t *testing.T) {
	p := newPage(invtest.Fleet(t, 1000, 100), nil, Options{})
	if len(p.Blocks) != 2 || len(p.Rows) != 3 {
		t.Errorf("%d blocks of settings, %d rows; want those of the two roles only", len(p.Blocks), len(p.Rows))
	}
	for _, i := range p.Instances {
		if diff := cmp.Diff([]int{0, 1000}, i.Roles[0].Groups[0].Machines); diff != "" || len(i.Roles[0].Groups) != 1 {
			t.Fatalf("the members are not one group: %s", diff)
		}
	}
	small, large := len(written(t, invtest.Fleet(t, 1000, 1), Options{})),
		len(written(t, invtest.Fleet(t, 1000, 100), Options{}))
	if perInstance := (large - small) / 99; perInstance > 500 {
		t.Errorf("%d bytes for each instance of 1000 machines", perInstance)
	}
}

func TestRuns(t *testing.T) {
	var runs []int
	for _, i := range []int{1, 2, 3, 7, 9, 10} {
		runs = addToRuns(runs, i)
	}
	if diff := cmp.Diff([]int{1, 3, 7, 1, 9, 2}, runs); diff != "" {
		t.Error(diff)
	}
}

// A member without settings shows what is written for the setting that fails, and which finding says why.
func TestProblems(t *testing.T) {
	inv := invtest.Fleet(t, 2, 1)
	role := inv.Instances["i000"].Roles["client"]
	for _, m := range role.Machines {
		m.Settings = nil
	}
	findings := []instance.Finding{{Code: codes.Conflict,
		Subject: instance.Subject{Instance: "i000", Role: "client", Machine: "m0", Machines: []string{"m0", "m1"},
			Setting: []string{"port"}}, Severity: instance.SeverityWarning,
		Definitions: []instance.SettingDefinition{{Layer: "role", Value: 1}, {Layer: "tag", Name: "all", Value: 2}}}}
	p := newPage(inv, findings, Options{})
	for _, group := range p.Instances[0].Roles[0].Groups {
		if group.Block < 0 {
			t.Fatal("no settings at all")
		}
		row := p.Rows[p.Blocks[group.Block][0]]
		if row.From != "problem" || row.Path != "port" || len(row.Definitions) != 2 || row.Finding != 0 ||
			row.Value != nil {
			t.Errorf("%+v", row)
		}
	}
}

var (
	theScript = regexp.MustCompile(`(?s)<script>(.*)</script>\n</body>`)
	theStyle  = regexp.MustCompile(`(?s)<style>(.*)</style>`)
	theData   = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)
)

// Nothing that comes from the flake can end the element that it is in, and the policy names exactly the page's own
// code.
func TestNothingBreaksOut(t *testing.T) {
	page := written(t, invtest.HostileFleet(t), Options{})
	data := theData.FindStringSubmatch(page)
	if data == nil {
		t.Fatal("the page has no data")
	}
	if i := strings.IndexAny(data[1], "<>&\u2028\u2029"); i >= 0 {
		t.Errorf("the data have %q", data[1][i])
	}
	var decoded struct{ Machines []struct{ N string } }
	if err := json.Unmarshal([]byte(data[1]), &decoded); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range decoded.Machines {
		names = append(names, m.N)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(invtest.Hostile)), names); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d script elements", n)
	}
	for _, part := range []*regexp.Regexp{theScript, theStyle} {
		sum := sha256.Sum256([]byte(part.FindStringSubmatch(page)[1]))
		hash := "&#39;sha256-" + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;") + "&#39;"
		if !strings.Contains(page, hash) {
			t.Errorf("the policy does not allow %s", part)
		}
	}
}
