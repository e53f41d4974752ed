package browsertest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/clanctl/clanctl/internal/graph"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/report"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// fleets are the clans whose pages are looked at: the example, made ones, and those of real clan-core that CLANCTL_CLANS
// names. They are loaded when they are due.
func fleets(t *testing.T) map[string]func(*testing.T) *instance.Inventory {
	t.Helper()
	made := func(machines, instances int) func(*testing.T) *instance.Inventory {
		return func(t *testing.T) *instance.Inventory { return invtest.Fleet(t, machines, instances) }
	}
	all := map[string]func(*testing.T) *instance.Inventory{"homelab": homelab, "fleet-4": made(4, 3),
		"fleet-1000": made(1000, 100)}
	for _, dir := range filepath.SplitList(os.Getenv("CLANCTL_CLANS")) {
		all[filepath.Base(dir)] = func(t *testing.T) *instance.Inventory {
			inv, err := loaded(nixes.Programs(t)[0], dir, instance.NeedOrigins|instance.NeedExports)
			if inv == nil {
				t.Fatal(err) // parts that do not evaluate are findings
			}
			return inv
		}
	}
	return all
}

// loaded is the clan in a directory.
func loaded(nix, dir string, need instance.Need) (*instance.Inventory, error) {
	ref, err := nixeval.ResolveRef(dir)
	if err != nil {
		return nil, err
	}
	return instance.Load(context.Background(), ref,
		instance.Config{Evaluator: nixeval.Evaluator{Nix: nix, Offline: true}, Need: need})
}

// lookAt shows every view of a clan's page, and the page of its picture, on wide and narrow screens, light and dark.
func lookAt(t *testing.T, inv *instance.Inventory, look func(b *browser, name string)) {
	t.Helper()
	findings := check.All(inv)
	g, err := graph.Of(inv, nil, view.Query{}, findings)
	if err != nil {
		t.Fatal(err)
	}
	options := report.Options{PictureScript: graph.Script, Made: time.Now(), Manual: "https://manual.example.org/#"}
	options.Picture, options.PictureStyle = g.Picture()
	var picture bytes.Buffer
	if err := g.WriteHTML(&picture); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "graph.html")
	if err := os.WriteFile(file, picture.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int64{{1280, 900}, {390, 844}} {
		b := openWith(t, inv, findings, options, size[0], size[1])
		name := func(id string) string {
			return js[string](b, fmt.Sprintf(`data.%s.length ? encodeURIComponent(data.%[1]s[0].n) : ""`, id))
		}
		addresses := []string{"", "?view=matrix", "?view=list", "picture", "services", "tags", "findings", "search?q=serv",
			"machine/" + name("machines"), "instance/" + name("instances")}
		see := func(word string) {
			for _, scheme := range []string{"light", "dark"} {
				b.prefers(scheme)
				look(b, fmt.Sprintf("%d-%s-%s", size[0], scheme, word))
			}
		}
		for _, address := range addresses {
			b.goTo("#/" + address)
			eventually(b, `!!document.querySelector("h1")`, true)
			word, _, _ := strings.Cut(strings.NewReplacer("?view=", "", "?q=serv", "").Replace(address), "/")
			see(cmp.Or(word, "fleet"))
		}
		b.url = "file://" + file
		b.goTo("")
		see("graph")
	}
}

// Screenshots are for people: CLANCTL_TEST_SCREENSHOTS names a directory for them.
func TestBrowserScreenshots(t *testing.T) {
	dir := os.Getenv("CLANCTL_TEST_SCREENSHOTS")
	if dir == "" {
		t.Skip("CLANCTL_TEST_SCREENSHOTS names no directory")
	}
	for fleet, load := range fleets(t) {
		t.Run(fleet, func(t *testing.T) {
			lookAt(t, load(t), func(b *browser, name string) {
				b.screenshot(filepath.Join(dir, fleet+"-"+name+".png"))
			})
		})
	}
}

// prefers sets the colour scheme.
func (b *browser) prefers(scheme string) {
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme",
				Value: scheme}}})
		return err
	}))
}

// tallest is how many pixels a screenshot has from top to bottom, at most.
const tallest = 4000

func (b *browser) screenshot(file string) {
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		size := js[[]float64](b,
			`[document.documentElement.scrollWidth, Math.max(innerHeight, document.documentElement.scrollHeight)]`)
		shot, err := cdp.Call(ctx, target, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "png",
			CaptureBeyondViewport: new(true),
			Clip:                  &page.Viewport{Width: size[0], Height: min(size[1], tallest), Scale: 1}})
		if err != nil {
			return err
		}
		return os.WriteFile(file, shot.Data, 0o644)
	}))
}
