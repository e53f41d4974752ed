// Package docs holds the pages of the manual that the program shows.
package docs

import _ "embed"

// Findings is the page on findings, in Markdown.
//
//go:embed findings.md
var Findings string
