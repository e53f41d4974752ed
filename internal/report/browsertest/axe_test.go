package browsertest

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Axe finds nothing, in any view, wide or narrow, light or dark. CLANCTL_AXE is the path of its axe.min.js.
func TestBrowserAxe(t *testing.T) {
	file := os.Getenv("CLANCTL_AXE")
	if file == "" {
		t.Skip("SKIP: the pages were not checked for accessibility: CLANCTL_AXE does not name an axe.min.js (scripts/axe)")
	}
	axe, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for fleet, load := range fleets(t) {
		t.Run(fleet, func(t *testing.T) {
			lookAt(t, load(t), func(b *browser, name string) {
				if !js[bool](b, `"axe" in window`) {
					b.do(chromedp.Evaluate[chromedp.Void](string(axe)))
				}
				rules := "{}" // all; in other colours they can differ in contrast only
				if strings.Contains(name, "-dark-") {
					rules = `{ runOnly: ["color-contrast"] }`
				}
				violations, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run(`+rules+`).then((found) => found.violations.map(
					(v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + " " + n.any.concat(n.all).map((c) => c.message)).join("\n\t")))`,
					chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s: %d", name, len(violations))
				for _, v := range violations {
					t.Errorf("%s: %s", name, v)
				}
			})
		})
	}
}
