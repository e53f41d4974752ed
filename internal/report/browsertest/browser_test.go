// Package browsertest drives the page of clanctl report in a real browser. It is a module of its own, so that what it
// takes is in nobody else's go.mod.
package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/graph"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/report"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
)

// chromium is the browser to test with. Without one the test is skipped, aloud.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("SKIP: the page was not driven in a browser: there is no Chromium in PATH")
	return ""
}

// browser is a page of a clan, open in Chromium.
type browser struct {
	*testing.T
	ctx  context.Context
	url  string
	said *[]string // errors and warnings on the console
}

// open writes the page of an inventory and opens it, as people do: from a file.
func open(t *testing.T, inv *instance.Inventory, findings []instance.Finding, width, height int64) *browser {
	t.Helper()
	return openWith(t, inv, findings, report.Options{}, width, height)
}

func openWith(t *testing.T, inv *instance.Inventory, findings []instance.Finding, options report.Options,
	width, height int64) *browser {
	t.Helper()
	path := chromium(t)
	dir := t.TempDir()
	var page bytes.Buffer
	if err := report.Write(&page, inv, findings, options); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "clan.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return openFile(t, path, file, width, height)
}

func openFile(t *testing.T, chromium, file string, width, height int64) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser, so that its directory can go
		cancel()
	})

	b := &browser{T: t, ctx: ctx, url: "file://" + file, said: &[]string{}}
	var mutex sync.Mutex
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			mutex.Lock()
			*b.said = append(*b.said, fmt.Sprint(m.Type, ": ", m.Text))
			mutex.Unlock()
		}
	}()
	t.Cleanup(func() {
		mutex.Lock()
		defer mutex.Unlock()
		for _, text := range *b.said {
			t.Errorf("the console says %s", text)
		}
	})
	b.do(chromedp.EmulateViewport(width, height))
	b.goTo("")
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// goTo opens the page at an address within it, anew.
func (b *browser) goTo(hash string) {
	b.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(b.url+hash))
}

// js evaluates an expression.
func js[T any](b *browser, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

// eventually waits for an expression to have a value.
func eventually[T comparable](b *browser, expression string, want T) {
	b.Helper()
	var got T
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		// What is not there yet is an error.
		if got, err = chromedp.Run(b.ctx, chromedp.Evaluate[T](expression)); err == nil && got == want {
			return
		}
	}
	b.Fatalf("%s is %v, not %v (%v)", expression, got, want, err)
}

func (b *browser) keys(keys ...string) {
	b.Helper()
	for _, key := range keys {
		b.do(chromedp.KeyEvent(key))
	}
}

// visit leads an open page to an address within it, which it shows when this returns.
func (b *browser) visit(hash string) {
	b.Helper()
	// The page listens for the change, too, and was first.
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`new Promise((shown) => {
		const before = location.hash;
		location.hash = %q;
		if (location.hash === before) shown();
		else addEventListener("hashchange", shown, { once: true });
	})`, hash), chromedp.EvalAwaitPromise))
}

// hasOnlyText checks that no name became more than text, in a page with so many pictures.
func (b *browser) hasOnlyText(address string, pictures int) {
	b.Helper()
	b.do(chromedp.Sleep(30 * time.Millisecond)) // for what should not happen
	if js[bool](b, `"pwned" in window`) {
		b.Fatalf("%s: a name ran as a program", address)
	}
	const strange = `[...document.querySelectorAll("*")].filter(e => ["IMG", "IFRAME", "OBJECT", "EMBED", "BASE"].includes(e.tagName.toUpperCase()) ||
		e.hasAttribute("style") && e.closest(".settings") || [...e.attributes].some(a => a.name.startsWith("on")) || e.tagName.toUpperCase() === "A" && !e.getAttribute("href").startsWith("#")).map(e => e.outerHTML).join("\n")`
	if got := js[string](b, strange); got != "" {
		b.Errorf("%s: %s", address, got)
	}
	if n := js[int](b, `document.querySelectorAll("svg").length`); n != pictures {
		b.Errorf("%s: %d pictures", address, n)
	}
}

// handledKey presses a key that the page handles itself: it types no character, which KeyEvent does not know.
func (b *browser) handledKey(key, code string) {
	b.Helper()
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.DispatchKeyEvent,
			input.DispatchKeyEventParams{Type: "rawKeyDown", Key: key, Code: code})
		return err
	}))
}

const (
	rowNames    = `[...document.querySelectorAll(".matrix tbody th")].map(e => e.querySelector("a, button").textContent).join(" ")`
	columnNames = `[...document.querySelectorAll(".matrix thead th.instance")].sort((a, b) => a.dataset.column - b.dataset.column).map(e => e.querySelector("a").textContent).join(" ")`
	focused     = `document.activeElement.textContent.trim()`
	pageTitle   = `document.querySelector("h1").firstChild.textContent`
)

// homelab is the clan of examples/homelab, loaded once.
func homelab(t *testing.T) *instance.Inventory {
	t.Helper()
	chromium(t)
	inv, err := loadHomelab(nixes.Programs(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

var loadHomelab = func() func(string) (*instance.Inventory, error) {
	var once sync.Once
	var inv *instance.Inventory
	var err error
	return func(nix string) (*instance.Inventory, error) {
		once.Do(func() {
			var dir string
			if dir, err = os.MkdirTemp("", "homelab"); err != nil {
				return
			}
			defer os.RemoveAll(dir)
			// Outside of any repository, so that Nix copies just this.
			if err = os.CopyFS(dir, os.DirFS("../../../examples/homelab")); err != nil {
				return
			}
			inv, err = loaded(nix, dir, instance.NeedOrigins)
		})
		return inv, err
	}
}()

func TestBrowserFindsItsWay(t *testing.T) {
	inv := homelab(t)
	b := open(t, inv, check.All(inv), 1280, 800)
	eventually(b, rowNames, "attic cabin cellar studio travel")
	eventually(b, columnNames, "backup-nightly backup-offsite sshd status")
	eventually(b, `document.title`, "homelab")

	// Search: a machine's own words, a tag, and what runs there.
	search := func(text, want string) {
		t.Helper()
		b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("q").select()`),
			chromedp.SendKeys(chromedp.CSS("#q"), text))
		eventually(b, rowNames, want)
	}
	search("pictures", "studio")
	eventually(b, `document.getElementById("status").textContent`, "1 of 5 machines, 2 instances")
	search("@laptops", "studio travel")
	search("offsite", "attic cabin")
	eventually(b, `document.querySelector(".instance.hit").textContent`, "backup-offsite")
	search("borg laptop", "studio travel")
	search("nothing like it", "")
	// each letter makes the button anew
	eventually(b, `new URLSearchParams(location.hash.slice(3)).get("q")`, "nothing like it")
	b.do(chromedp.Click(chromedp.CSS(".empty button")))
	eventually(b, rowNames, "attic cabin cellar studio travel")

	// Filters, by tag, class and service, and off again.
	choose := func(filter, value string) {
		b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{ const s = document.getElementById(%q); s.value = %q; s.dispatchEvent(new Event("change")); }`,
			filter, value)))
	}
	choose("tag", "laptops")
	eventually(b, rowNames, "studio travel")
	choose("class", "darwin")
	eventually(b, rowNames, "studio")
	eventually(b, `location.hash`, "#/?tag=laptops&class=darwin")
	b.do(chromedp.Click(chromedp.CSS(".filter")))
	eventually(b, `location.hash`, "#/?class=darwin")
	b.do(chromedp.Click(chromedp.CSS(".filter")))
	eventually(b, rowNames, "attic cabin cellar studio travel")
	choose("service", "status-page")
	eventually(b, rowNames, "attic cabin cellar travel")
	eventually(b, columnNames, "status")

	// What is in the address is there again after a reload.
	b.do(chromedp.Reload())
	eventually(b, columnNames, "status")
	b.do(chromedp.Click(chromedp.CSS(".filter")))
	eventually(b, rowNames, "attic cabin cellar studio travel")

	// A machine, the value of a setting there, and where it comes from.
	b.do(chromedp.Click(chromedp.CSS(`.matrix a[href="#/machine/travel"]`)))
	eventually(b, pageTitle, "travel")
	eventually(b, `document.title`, "travel · homelab")
	eventually(b, `document.activeElement.id`, "heading")
	row := func(setting string) string {
		return fmt.Sprintf(`[...document.querySelectorAll(".settings tr")].filter(r => r.firstChild?.textContent === %q).map(r => [...r.children].map(c => c.textContent).join(" | ")).join("\n")`,
			setting)
	}
	eventually(b, row("schedule"), `schedule | "hourly" | tag laptops inventory.nix:55:9`)
	b.do(chromedp.Navigate(b.url + "#/machine/cellar"))
	eventually(b, row("folders"),
		`folders | ["/var/lib","/home"] | machine cellar inventory.nix:57:9["/var/lib"]role inventory.nix:50:9["/home"]`)

	// Back, to where people were.
	b.do(chromedp.NavigateBack())
	eventually(b, pageTitle, "travel")
	b.do(chromedp.NavigateBack())
	eventually(b, rowNames, "attic cabin cellar studio travel")
	eventually(b, focused, "travel")

	// An instance: who is in it and why, and the settings of those who have the same.
	b.do(chromedp.Click(chromedp.CSS(`.matrix a[href="#/instance/backup-nightly"]`)))
	eventually(b, pageTitle, "backup-nightly")
	if text := js[string](b, `document.querySelector("main").innerText`); !strings.Contains(text,
		"Settings of studio, travel") ||
		!strings.Contains(text, "by name inventory.nix:57:9, and by the tag backup inventory.nix:53:9") {
		t.Errorf("the page of the instance says %s", text)
	}
	// Only what is written, here all of it.
	before := js[int](b, `document.querySelectorAll(".settings tbody tr:not(.detail)").length`)
	b.do(chromedp.Click(chromedp.CSS("#written")))
	eventually(b, `location.hash`, "#/instance/backup-nightly?written=1")
	eventually(b, `document.querySelectorAll(".settings tbody tr:not(.detail)").length`, before)
}

func TestBrowserByKeyboard(t *testing.T) {
	inv := homelab(t)
	b := open(t, inv, check.All(inv), 1280, 800)
	// The first stop leads past the navigation.
	b.keys(kb.Tab)
	eventually(b, focused, "Skip to the content")
	b.keys(kb.Enter)
	eventually(b, `document.activeElement.id`, "main")

	b.handledKey("/", "Slash")
	eventually(b, `document.activeElement.id`, "q")
	b.keys("t", "r", "a", "v", "e", "l")
	eventually(b, rowNames, "travel")
	b.keys(kb.Escape)
	eventually(b, rowNames, "attic cabin cellar studio travel")

	// The grid is one stop, arrows move in it.
	for range 20 {
		b.keys(kb.Tab)
		if js[bool](b, `!!document.activeElement.closest(".matrix")`) {
			break
		}
	}
	eventually(b, focused, "attic")
	for _, step := range []struct{ key, want string }{
		{kb.ArrowDown, "cabin"}, {kb.ArrowRight, ""}, {kb.ArrowRight, "server"}, {kb.ArrowUp, "client"},
		{kb.ArrowUp, "backup-offsite"},
		{kb.End, "status"}, {kb.ArrowDown, "probe"}, {kb.Home, "attic"}, {kb.PageDown, "travel"},
		{kb.ArrowDown, "travel"}, {kb.ArrowRight, "client"},
	} {
		b.keys(step.key)
		eventually(b, focused, step.want)
	}
	// Enter in a cell leads to just that role of the machine.
	b.handledKey("Enter", "Enter")
	eventually(b, pageTitle, "travel")
	eventually(b, `document.activeElement.tagName + " " + document.activeElement.querySelector("h2").textContent`,
		"SUMMARY backup-nightly client")
	// On to the first setting, and what there is to know of it.
	for range 20 {
		b.keys(kb.Tab)
		if js[bool](b, `document.activeElement.matches(".key")`) {
			break
		}
	}
	eventually(b, focused, "exclude")
	b.keys(kb.Enter)
	eventually(b, `document.activeElement.getAttribute("aria-expanded")`, "true")
	eventually(b, `document.querySelector(".about .command").textContent`,
		"clanctl why backup-nightly client travel exclude")
	b.do(chromedp.NavigateBack())
	eventually(b, focused, "client")
}

// Whatever things are called, it is text.
func TestBrowserTakesNamesForText(t *testing.T) {
	inv := invtest.HostileFleet(t)
	b := open(t, inv, inv.Findings, 1280, 800)
	addresses := []string{"#/", "#/?view=list", "#/services", "#/tags", "#/search?q=pwned", "#/findings",
		"#/nowhere/" + invtest.Hostile[0],
		"#/machine/" + "%E0%A4%A", "#/?q=%3Cscript%3E&tag=%3Cscript%3E&class=__proto__"}
	for i := range invtest.Hostile {
		for _, kind := range []string{"machine", "instance"} {
			addresses = append(addresses,
				js[string](b, fmt.Sprintf(`"#/%s/" + encodeURIComponent(data.machines[%d].n)`, kind, i)))
		}
	}
	for _, address := range addresses {
		b.visit(address)
		b.do(chromedp.Evaluate[chromedp.Void](`openAll(document); document.querySelectorAll("button.key").forEach(k => k.click())`))
		b.hasOnlyText(address, 0)
		if n := js[int](b, `document.scripts.length`); n != 2 {
			t.Errorf("%s: %d scripts", address, n)
		}
	}
	// Each machine and instance is there, under its own name.
	for i := range invtest.Hostile {
		for _, kind := range []string{"machine", "instance"} {
			b.visit(js[string](b, fmt.Sprintf(`"#/%s/" + encodeURIComponent(data.%[1]ss[%d].n)`, kind, i)))
			eventually(b, fmt.Sprintf(pageTitle+` === visible(data.%ss[%d].n)`, kind, i), true)
		}
	}
	eventually(b, `document.querySelector(".brand").textContent`, invtest.Hostile[1])
	// What would be a box, or turn the text around, is written out.
	eventually(b, `h("p", {}, "a\x1b[0m\u202eb\u{e0001}\n\t\x85").textContent`, "a\\x1b[0m\\u202eb\\U000e0001\n\t\\x85")
}

// So it is in the picture, and in the page of clanctl graph.
func TestBrowserPictureTakesNamesForText(t *testing.T) {
	inv := invtest.HostileFleet(t)
	g, err := graph.Of(inv, nil, view.Query{}, inv.Findings)
	if err != nil {
		t.Fatal(err)
	}
	options := report.Options{PictureScript: graph.Script}
	options.Picture, options.PictureStyle = g.Picture()
	b := openWith(t, inv, inv.Findings, options, 1280, 800)
	b.visit("#/picture")
	boxes := func(page string) {
		t.Helper()
		n := js[int](b, `document.querySelectorAll("#picture g[tabindex]").length`)
		if n != len(g.Groups)+len(g.Services) {
			t.Errorf("%s: %d boxes", page, n)
		}
		for i := range n {
			b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
				`document.querySelectorAll("#picture g[tabindex]")[%d].dispatchEvent(new Event("click"))`, i)))
			if !js[bool](b, `document.querySelector(".opened p").textContent !== ""`) {
				t.Errorf("%s: box %d does not open", page, i)
			}
			b.hasOnlyText(page, 1)
		}
	}
	boxes("report")
	b = openFile(t, chromium(t), writtenGraph(t, g), 1280, 800)
	boxes("graph")
}

// writtenGraph is a file with the page of a picture.
func writtenGraph(t *testing.T, g *graph.Graph) string {
	t.Helper()
	var page bytes.Buffer
	if err := g.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "graph.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Machines in roles are memberships, and an input of clan-core's own name needs no other.
func TestBrowserSaysWhatItCounts(t *testing.T) {
	inv := homelab(t)
	inv.Flake.ClanCore = "clan-core"
	b := open(t, inv, nil, 1280, 800)
	eventually(b, `/^\d+ memberships$/.test([...document.querySelectorAll(".tiles li")].at(-2).textContent)`, true)
	eventually(b, `/ with clan-core\./.test(document.getElementById("foot").textContent)`, true)
}

func TestBrowserShowsFindings(t *testing.T) {
	inv := invtest.Fleet(t, 3, 2)
	findings := []instance.Finding{
		{Code: codes.UnknownMachine, Severity: instance.SeverityWarning,
			Position: instance.Position{File: "clan.nix", Line: 12, Column: 5},
			Subject:  instance.Subject{Instance: "i000", Role: "client", Machine: "m1"},
			Cause:    instance.Cause{Near: []string{"m2"}}},
		{Code: codes.Conflict, Severity: instance.SeverityError,
			Position: instance.Position{File: "clan.nix", Line: 20}, Subject: instance.Subject{Instance: "i001"},
			Cause: instance.Cause{Nix: "two lines\nof text"}},
	}
	b := open(t, inv, findings, 1280, 800)
	eventually(b,
		`document.querySelector(".tiles .error").textContent + " " + document.querySelector(".tiles .warning").textContent`,
		"1 error 1 warning")
	eventually(b, `document.querySelectorAll(".matrix td.warning").length`, 1)
	b.do(chromedp.Click(chromedp.CSS(`#views [data-kind=findings]`)))
	eventually(b, `document.querySelectorAll("article.finding").length`, 2)
	text := js[string](b, `document.querySelector("article.finding.warning").innerText`)
	for _, want := range []string{"unknown-machine", "clan.nix:12:5", `Hint: did you mean "m2"?`,
		"inventory.instances.i000.roles.client.machines.m1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the finding does not say %q: %s", want, text)
		}
	}
	// The worst come first.
	eventually(b, `[...document.querySelectorAll(".severity > h2")].map(e => e.textContent).join()`,
		"1 error,1 warning")
	b.do(chromedp.Evaluate[chromedp.Void](`{ const s = document.getElementById("severity"); s.value = "error"; s.dispatchEvent(new Event("change")); }`))
	eventually(b, `document.querySelectorAll("article.finding").length`, 1)
	b.do(chromedp.Click(chromedp.CSS(`article a[href="#/instance/i001"]`)))
	eventually(b, `document.querySelector(".about-it article .message").textContent`, "two lines\nof text")
}

// What is written leads to where it is written, codes to the manual; what an address must not be it is not.
func TestBrowserLinks(t *testing.T) {
	inv := invtest.Fleet(t, 1, 1)
	findings := []instance.Finding{{Code: codes.UnknownMachine, Severity: instance.SeverityWarning,
		Position: instance.Position{File: "a b.nix", Line: 12, Column: 5}}}
	link := "https://git.example.org/a%20b.nix#L{line}C{column}"
	options := report.Options{Manual: "https://manual.example.org/#", Link: func(string) string { return link }}
	b := openWith(t, inv, findings, options, 1280, 800)
	b.goTo("#/findings")
	const links = `[...document.querySelectorAll("article.finding a.to")].map(a => a.href + " " + a.rel).join("\n")`
	eventually(b, links, "https://manual.example.org/#unknown-machine noreferrer noopener\n"+
		"https://git.example.org/a%20b.nix#L12C5 noreferrer noopener")
	link = "javascript:alert({line})"
	b = openWith(t, inv, findings, options, 1280, 800)
	b.goTo("#/findings")
	eventually(b, links, "https://manual.example.org/#unknown-machine noreferrer noopener\n ")
}

// A page says what it was made from, and that it is old.
func TestBrowserTellsItsAge(t *testing.T) {
	inv := invtest.Fleet(t, 1, 1)
	options := report.Options{Made: time.Now(), Source: report.Source{Revision: strings.Repeat("ab", 20),
		Time: time.Unix(1700000000, 0), Changed: true}}
	b := openWith(t, inv, nil, options, 1280, 800)
	eventually(b, `document.querySelector(".made").textContent.replace(/on .* from/, "on DAY from")`,
		"Made on DAY from revision abababababab of 2023-11-14 22:13 UTC with changes that are not committed.")
	eventually(b, `document.getElementById("stale").hidden`, true)
	options.Made = time.Now().Add(-12*24*time.Hour - time.Minute)
	b = openWith(t, inv, nil, options, 1280, 800)
	eventually(b, `document.getElementById("stale").textContent`,
		"This page is 12 days old: the clan may have changed since.")
}

// Everything is found, settings and their values included; and what people chose stays when they go elsewhere.
func TestBrowserSearchesEverything(t *testing.T) {
	inv := homelab(t)
	b := open(t, inv, check.All(inv), 1280, 800)
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "hourly"))
	eventually(b, rowNames, "studio travel") // where the setting has this value
	eventually(b, `document.querySelector(".elsewhere").textContent`, "Also found: 1 setting")
	// each letter makes the link anew
	eventually(b, `new URLSearchParams(location.hash.slice(3)).get("q")`, "hourly")
	b.do(chromedp.Click(chromedp.CSS(".elsewhere a")))
	eventually(b, pageTitle, "Search")
	eventually(b,
		`[...document.querySelectorAll(".results section")].map(e => e.innerText.replace(/\s+/g, " ")).join()`,
		`Settings 1 Settings Setting Value Of schedule "hourly" tag laptops inventory.nix:55:9 backup-nightly client studio travel`)
	b.do(chromedp.Click(chromedp.CSS(`#views [data-kind=""]`)))
	eventually(b, rowNames, "studio travel")
	eventually(b, `document.getElementById("q").value`, "hourly")
	b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("q").focus()`))
	b.keys(kb.Escape)
	eventually(b, rowNames, "attic cabin cellar studio travel")

	// A filter, a view: to a machine, to the tags, and back.
	b.do(chromedp.Navigate(b.url + "#/?tag=laptops&view=list"))
	eventually(b, `document.querySelectorAll("table.list tbody tr").length`, 2)
	b.do(chromedp.Click(chromedp.CSS(`table.list a[href="#/machine/travel"]`)))
	eventually(b, pageTitle, "travel")
	b.do(chromedp.Click(chromedp.CSS(`#views [data-kind=tags]`)))
	eventually(b, pageTitle, "Tags")
	eventually(b, `document.querySelector(".filter").textContent`, "tag: laptops ×")
	eventually(b,
		`[...document.querySelectorAll("table.list tbody tr")].map(e => e.innerText.replace(/\s+/g, " ")).slice(0, 2).join("; ")`,
		"backup 2 machines studio travel backup-nightly client inventory.nix:53:9; "+
			"laptops 2 machines studio travel backup-nightly client inventory.nix:54:9")
	b.do(chromedp.Click(chromedp.CSS(`#views [data-kind=services]`)))
	eventually(b, `document.querySelectorAll("table.list tbody tr").length`, 3)
	b.do(chromedp.Click(chromedp.CSS(`#views [data-kind=""]`)))
	eventually(b, `document.querySelectorAll("table.list tbody tr").length`, 2)
	// Going back is going back: there was no filter.
	b.do(chromedp.Click(chromedp.CSS(".filter")))
	eventually(b, `document.querySelectorAll("table.list tbody tr").length`, 5)
}

// The picture is inside: it is filtered with the fleet, grows, and its boxes open; and the page of clanctl graph has
// the same.
func TestBrowserPicture(t *testing.T) {
	inv := homelab(t)
	g, err := graph.Of(inv, nil, view.Query{}, check.All(inv))
	if err != nil {
		t.Fatal(err)
	}
	options := report.Options{PictureScript: graph.Script}
	options.Picture, options.PictureStyle = g.Picture()
	b := openWith(t, inv, check.All(inv), options, 390, 844)
	b.do(chromedp.Click(chromedp.CSS(`#views [data-kind=picture]`)))
	eventually(b, pageTitle, "Picture")
	eventually(b, `document.documentElement.scrollWidth`, 390)
	eventually(b, `document.querySelectorAll("#picture .line").length`, len(g.Links))
	const faded = `document.querySelectorAll("#picture g.faded").length > 0`
	eventually(b, faded, false)
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "cabin"))
	eventually(b, faded, true)
	b.keys(kb.Escape)
	eventually(b, faded, false)
	width := js[float64](b, `document.querySelector("#picture svg").getBoundingClientRect().width`)
	b.do(chromedp.Click(chromedp.CSS(`#picture [aria-label=Larger]`)))
	eventually(b, fmt.Sprintf(`document.querySelector("#picture svg").getBoundingClientRect().width > %f`, width), true)
	eventually(b, `document.documentElement.scrollWidth`, 390)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#clan-g0").focus()`))
	b.handledKey("Enter", "Enter")
	eventually(b, `document.querySelector("#clan-g0").getAttribute("aria-expanded")`, "true")
	eventually(b,
		`document.querySelector(".opened p").textContent === document.querySelector("#clan-g0 > title").textContent`,
		true)

	b = openFile(t, chromium(t), writtenGraph(t, g), 390, 844)
	b.do(chromedp.SendKeys(chromedp.CSS("input[type=search]"), "cabin"))
	eventually(b, faded, true)
	eventually(b, `document.documentElement.scrollWidth`, 390)
}

// What is code in a description is shown as such.
func TestBrowserShowsCode(t *testing.T) {
	inv := invtest.Fleet(t, 1, 1)
	inv.Machines["m0"].Description = "has `a<b>`, ``c`d``, `e' and `f's g`"
	b := open(t, inv, nil, 1280, 800)
	b.goTo("#/machine/m0")
	eventually(b, `document.querySelector(".lead").innerHTML`,
		"has <code>a&lt;b&gt;</code>, <code>c`d</code>, <code>e</code> and <code>f's g</code>")
}

// Of a thousand machines in a hundred instances only what is in sight is in the document; all of it on paper.
func TestBrowserLarge(t *testing.T) {
	inv := invtest.Fleet(t, 1000, 100)
	b := open(t, inv, nil, 1280, 800)
	eventually(b, `document.getElementById("shown").textContent`, "1,000 machines in 2 rows, 100 instances")
	start := time.Now()
	b.do(chromedp.Click(chromedp.CSS("#group")))
	eventually(b, `document.querySelector(".matrix").getAttribute("aria-rowcount")`, "1002")
	t.Logf("ungrouped after %v", time.Since(start))
	if n := js[int](b, `document.querySelectorAll(".matrix tbody tr").length`); n < 20 || n > 150 {
		t.Errorf("%d rows in the document", n)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".matrix [tabindex='0']").focus()`))
	b.do(chromedp.KeyEvent(kb.End, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	eventually(b, `document.activeElement.closest("tr").getAttribute("aria-rowindex")`, "1002")
	eventually(b, `document.activeElement.dataset.column`, "100")
	if !js[bool](b,
		`{ const c = document.activeElement.getBoundingClientRect(), s = document.querySelector(".scroller").getBoundingClientRect(); c.bottom <= s.bottom + 1 && c.right <= s.right + 1 && c.top >= s.top }`) {
		t.Error("the cell that has the focus is not in sight")
	}
	start = time.Now()
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "m99"))
	eventually(b, rowNames, "m99 m990 m991 m992 m993 m994 m995 m996 m997 m998 m999")
	t.Logf("found after %v, the typing included", time.Since(start))
	b.keys(kb.Escape)
	b.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("beforeprint"))`))
	// so many columns do not fit on paper
	eventually(b, `document.querySelectorAll("table.list tbody tr").length`, 1000)
	b.do(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("afterprint"))`))
	eventually(b, `document.querySelectorAll("table.list").length`, 0)
}

// On a phone nothing is wider than the screen.
func TestBrowserNarrow(t *testing.T) {
	inv := invtest.HostileFleet(t)
	b := open(t, inv, inv.Findings, 390, 844)
	for _, address := range []string{"", "#/?view=matrix", "#/services", "#/tags", "#/search?q=pwned", "#/findings",
		"#/machine/__proto__",
		"#/instance/__proto__"} {
		b.goTo(address)
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => { d.open = true })`),
			chromedp.Sleep(50*time.Millisecond))
		if width := js[int](b, `document.documentElement.scrollWidth`); width > 390 {
			wide := js[string](b,
				`[...document.querySelectorAll("main *, header *")].filter(e => e.getBoundingClientRect().right > 391 && !e.closest(".scroller")).slice(0, 5).map(e => e.outerHTML.slice(0, 150)).join("\n")`)
			t.Errorf("%s is %d wide:\n%s", address, width, wide)
		}
	}
	b.goTo("")
	if n := js[int](b, `document.querySelectorAll("table.list").length`); n != 1 {
		t.Error("a narrow screen shows no list")
	}
}

// Text stands out from what is behind it, light and dark, as WCAG AA wants it.
func TestBrowserContrast(t *testing.T) {
	inv := homelab(t)
	findings := []instance.Finding{
		{Code: codes.Conflict, Severity: instance.SeverityError, Position: instance.Position{File: "f", Line: 1},
			Subject: instance.Subject{Instance: "sshd"}},
		{Code: codes.UnusedTag, Severity: instance.SeverityWarning, Subject: instance.Subject{Machine: "attic"}}}
	b := open(t, inv, findings, 1280, 800)
	const weak = `(() => {
		const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length === 3 ? [...m, 1] : m; };
		const lum = ([r, g, b]) => { const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
		const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255]; };
		const bad = new Set();
		for (const e of document.querySelectorAll("body *")) {
			if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.closest(".hidden, .skip, script, noscript, option") || !e.checkVisibility()) continue;
			const a = lum(parse(getComputedStyle(e).color)), b = lum(behind(e));
			const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
			if (ratio < 4.5) bad.add(e.tagName + "." + e.className + " " + e.textContent.slice(0, 20) + " " + ratio.toFixed(2));
		}
		return [...bad];
	})()`
	for _, scheme := range []string{"light", "dark"} {
		b.prefers(scheme)
		for _, address := range []string{"", "#/?view=list&tag=laptops", "#/services", "#/tags", "#/search?q=hourly",
			"#/findings", "#/machine/cellar",
			"#/instance/sshd"} {
			b.goTo(address)
			b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("button.key").forEach(k => k.click())`))
			if diff := gocmp.Diff([]string{}, slices.Clip(js[[]string](b, weak))); diff != "" {
				t.Errorf("%s, %q: %s", scheme, address, diff)
			}
		}
	}
}

// writeFleet puts the page of a fleet in the place of another.
func writeFleet(t *testing.T, file string, machines int, options report.Options) {
	t.Helper()
	var page bytes.Buffer
	if err := report.Write(&page, invtest.Fleet(t, machines, 1), nil, options); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+"~", page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
}

// A page that follows edits shows what is new by itself, as people chose to see it; while they type it waits.
func TestBrowserFollowsEdits(t *testing.T) {
	path := chromium(t)
	file := filepath.Join(t.TempDir(), "clan.html")
	write := func(machines int) { writeFleet(t, file, machines, report.Options{Follow: true}) }
	write(2)
	b := openFile(t, path, file, 1280, 800)
	b.goTo("#/?tag=all&view=matrix")
	eventually(b, rowNames, "m0 m1")
	write(3)
	eventually(b, rowNames, "m0 m1 m2")
	eventually(b, `location.hash`, "#/?tag=all&view=matrix")
	b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("q").focus()`))
	write(4)
	eventually(b, `!!document.getElementById("changed")`, true)
	eventually(b, rowNames, "m0 m1 m2")
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	eventually(b, rowNames, "m0 m1 m2 m3")
}

// A page that stays open says when its file was written anew, though it may fetch nothing.
func TestBrowserNoticesAChange(t *testing.T) {
	path := chromium(t)
	file := filepath.Join(t.TempDir(), "clan.html")
	write := func(machines int) { writeFleet(t, file, machines, report.Options{Live: true}) }
	write(2)
	b := openFile(t, path, file, 1280, 800)
	b.do(chromedp.Evaluate[chromedp.Void](`lookNow()`), chromedp.Sleep(500*time.Millisecond))
	if js[bool](b, `!!document.getElementById("changed")`) {
		t.Fatal("it says that it changed, and it did not")
	}
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "m"))
	write(3)
	b.do(chromedp.Evaluate[chromedp.Void](`lookNow()`))
	eventually(b, `!!document.getElementById("changed")`, true)
	eventually(b, `document.activeElement.id`, "q") // people are not interrupted
	b.do(chromedp.Click(chromedp.CSS("#changed button")))
	eventually(b, rowNames, "m0 m1 m2")
	eventually(b, `document.getElementById("q").value`, "m")
}

// Of an inventory with exports the pages tell the ways to a machine, and what an instance offers.
func TestBrowserShowsExports(t *testing.T) {
	inv := invtest.Fleet(t, 2, 1)
	inv.Exports = map[string]*instance.Export{
		"s:i000::": {Scope: instance.Scope{Service: "s", Instance: "i000"},
			Networking: &instance.Networking{Priority: 7, Module: "m"}},
		"s:i000:client:m0": {Scope: instance.Scope{Service: "s", Instance: "i000", Role: "client", Machine: "m0"},
			Peer: &instance.Peer{Port: 22,
				Hosts: []instance.Host{{Address: "192.0.2.1"}, {Missing: codes.HostFailed}}}},
	}
	b := open(t, inv, nil, 900, 700)
	b.goTo("#/machine/m0")
	eventually(b, `[...document.querySelectorAll("main section.card tbody tr")].map((r) => r.innerText).join("|")`,
		"i000\tssh root@192.0.2.1\tcomputed by s|i000\tthe address does not evaluate\tcomputed by s")
	b.goTo("#/machine/m1")
	eventually(b, `document.querySelector("main section.card").innerText.includes("Neither")`, true)
	b.goTo("#/instance/i000")
	eventually(b, `document.querySelector("main section.card tbody").innerText`,
		"networking\tall\tpriority 7, m\tcomputed by s\npeer\tclient m0\t192.0.2.1, (does not evaluate)\tcomputed by s")

	// In the picture a network is a box of its instance, too.
	g, err := graph.Of(inv, nil, view.Query{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	options := report.Options{PictureScript: graph.Script}
	options.Picture, options.PictureStyle = g.Picture()
	b = openWith(t, inv, nil, options, 900, 700)
	b.goTo("#/picture?service=" + inv.Instances["i000"].Module.Name)
	eventually(b, `document.querySelector("#clan-s0 > title").textContent`, "i000 (service0, network 7)")
	eventually(b, `document.getElementById("shown").textContent`, "3 boxes")
}
