// Package report makes one HTML page of a clan: what runs where, with which settings, where each value comes from, and
// what is wrong. The page needs nothing but itself: no network, no other file.
//
// The page is a program (page/*.js) over data that Go puts in: everything that comes from the flake is data there, and
// reaches the document as text only. [Write] is pure: the same inventory and options make the same bytes.
package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/clanctl/clanctl/internal/palette"
	"github.com/clanctl/clanctl/pkg/instance"
)

//go:embed page
var files embed.FS

// Options say what else the page should have.
type Options struct {
	// Live makes an open page look every few seconds whether its file was written anew, and offer to show that.
	Live bool
	// Follow makes it show that by itself, but for somebody who is typing.
	Follow bool
	// Made is when the page is made; without, it does not tell its age.
	Made time.Time
	// Source is what the clan was read from, as far as that is known.
	Source Source
	// Link returns the URL of a file of the flake, with {line} and {column} where these go; empty for none.
	Link func(file string) string
	// Picture is the fleet as SVG, PictureStyle its style, and PictureScript the program that defines pictureTools.
	Picture, PictureStyle, PictureScript string
	// Manual is the URL, but for the code, of what the manual says of a finding.
	Manual string
}

// Source is a revision of the repository that a clan lies in.
type Source struct {
	// Revision is its full hash; Time is when it was committed.
	Revision string
	Time     time.Time
	// Changed: the files are not those of the revision.
	Changed bool
}

// Write writes the page of an inventory. The findings are those to show; usually [check.All].
//
// An inventory that was loaded with [instance.NeedOrigins] makes a page that tells where each value comes from and what
// the options are; without, it says that it does not know.
//
// [check.All]: https://pkg.go.dev/github.com/clanctl/clanctl/pkg/check#All
func Write(w io.Writer, inv *instance.Inventory, findings []instance.Finding, options Options) error {
	data, err := json.Marshal(newPage(inv, findings, options)) // escapes <, >, & and U+2028
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	script, err := joined("dom.js", "data.js", "filter.js", "settings.js", "findings.js", "matrix.js", "list.js",
		"machine.js", "instance.js", "exports.js", "tags.js", "search.js", "picture.js", "age.js", "live.js", "main.js")
	if err != nil {
		return err
	}
	style, err := joined("page.css")
	if err != nil {
		return err
	}
	style = options.PictureStyle + style + palette.CSS()
	script = options.PictureScript + script
	made := ""
	if !options.Made.IsZero() {
		made = options.Made.UTC().Format(time.RFC3339)
	}
	page, err := template.ParseFS(files, "page/page.html")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	return page.Execute(w, map[string]any{
		"Title":       title(inv),
		"Machines":    len(inv.Machines),
		"Instances":   len(inv.InstanceNames()),
		"Findings":    len(findings),
		"Script":      template.JS(script),
		"ScriptHash":  hash(script),
		"Style":       template.CSS(style),
		"StyleHash":   hash(style),
		"Data":        template.JS(data),
		"Fingerprint": fmt.Sprintf("%x", sum[:8]),
		"Live":        options.Live || options.Follow,
		"Follow":      options.Follow,
		"Made":        made,
		"Picture":     template.HTML(options.Picture),
	})
}

// title is what the page is called: the clan's name, if it has one.
func title(inv *instance.Inventory) string {
	if name, _ := inv.Meta["name"].(string); name != "" {
		return name
	}
	return "Clan"
}

// joined are files of the page, one after the other.
func joined(names ...string) (string, error) {
	var all bytes.Buffer
	for _, name := range names {
		text, err := files.ReadFile("page/" + name)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// hash is how a content security policy names the one script or style that it allows.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
