package nixeval

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/filetree"
)

const (
	oneCommit = "1111111111111111111111111111111111111111"
	oneHash   = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

// A flake with pinned inputs of every kind, as inputs.nix tells of it.
var lockedInputs = func() string {
	lock := `{"version": 7, "root": "root", "nodes": {
		"root": {"inputs": {"hub": "hub", "tar": "tar", "dir": "dir", "reg": "reg", "repo": "repo", "mine": ["hub", "below"]}},
		"hub": {"inputs": {"below": "below", "tar": ["tar"]},
			"original": {"type": "github", "owner": "o", "repo": "r"}, "locked": {"type": "github", "owner": "o", "repo": "r", "rev": "COMMIT", "narHash": "HASH"}},
		"below": {"original": {"type": "indirect", "id": "below"}, "locked": {"type": "github", "rev": "COMMIT", "narHash": "HASH"}},
		"tar": {"original": {"type": "tarball", "url": "https://example.org/x.tar.gz"}, "locked": {"type": "tarball", "url": "https://example.org/x.tar.gz", "narHash": "HASH"}},
		"dir": {"original": {"type": "path", "path": "/srv/dir"}, "locked": {"type": "path", "path": "/srv/dir", "narHash": "HASH"}},
		"reg": {"original": {"type": "indirect", "id": "reg"}, "locked": {"type": "github", "rev": "COMMIT", "narHash": "HASH"}},
		"repo": {"original": {"type": "git", "url": "file:///srv/repo", "ref": "stable"}, "locked": {"type": "git", "url": "file:///srv/repo", "ref": "stable", "rev": "COMMIT", "narHash": "HASH"}}}}`
	lock = strings.NewReplacer("COMMIT", oneCommit, "HASH", oneHash).Replace(lock)
	text, _ := json.Marshal(lock)
	return `{"dir": "", "kind": "regular", "formals": ["reg"], "children": {}, "lock": ` + string(text) + `, "inputs": {
		"hub": {"url": "github:o/r", "inputs": {"tar": {"follows": "tar"}}}, "tar": {"url": "https://example.org/x.tar.gz"}, "mine": {"follows": "hub/below"},
		"dir": {"url": "path:/srv/dir"}, "repo": {"type": "git", "url": "file:///srv/repo", "ref": "stable"}}}`
}()

func TestPinning(t *testing.T) {
	child := `{"dir": "", "kind": "", "lock": "", "formals": [], "inputs": {}, "children": {}}`
	for name, c := range map[string]struct {
		replace   []string
		overrides map[string]string
		updated   []string
		trees     []filetree.Source
		unknown   string
	}{
		"all pinned": {},
		"another URL": {replace: []string{`"github:o/r"`, `"github:o/other"`},
			unknown: "input hub: flake.lock is out of date"},
		"another branch": {replace: []string{`"github:o/r"`, `"github:o/r/stable"`},
			unknown: "input hub: flake.lock is out of date"},
		"another branch, in attributes": {replace: []string{`"ref": "stable"}}`, `"ref": "main"}}`},
			unknown: "input repo: flake.lock is out of date"},
		"an input that no lock has": {replace: []string{`"mine": {"follows": "hub/below"}`,
			`"new": {"url": "github:o/new"}`}, unknown: "input new: github:o/new names no commit"},
		"an argument that no lock has": {replace: []string{`["reg"]`, `["reg", "other"]`},
			unknown: "input other: other names no commit"},
		"a URL with an escape": {replace: []string{`"path:/srv/dir"`, `"path:/srv/%64ir"`},
			unknown: "form of URL"},
		"no commit": {replace: []string{`\"rev\": \"` + oneCommit + `\", `, ``},
			unknown: "no commit or hash"},
		"no hash": {replace: []string{`\"path\": \"/srv/dir\", \"narHash\": \"` + oneHash +
			`\"`, `\"path\": \"/srv/dir\"`}, unknown: "input dir: flake.lock has no commit or hash"},
		"a lock in circles": {replace: []string{`\"below\": {\"original\"`,
			`\"below\": {\"inputs\": {\"a\": \"below\", \"b\": \"below\"}, \"original\"`}, unknown: "too many"},
		"an older lock": {replace: []string{`\"version\": 7`, `\"version\": 4`},
			unknown: "version 4"},
		"a lock that is a link": {replace: []string{`"kind": "regular"`, `"kind": "symlink"`},
			unknown: "not a regular file"},
		"a follows that is gone": {replace: []string{`, "inputs": {"tar": {"follows": "tar"}}`, ``},
			unknown: "input hub/tar: it follows another input"},
		"another URL of an input's input": {replace: []string{`"inputs": {"tar": {"follows": "tar"}}`,
			`"inputs": {"tar": {"follows": "tar"}, "below": {"url": "github:x/y"}}`},
			unknown: "input hub/below: its URL is set"},
		"self": {replace: []string{`"inputs": {` + "\n",
			`"inputs": {"self": {"submodules": true}, `}, unknown: "inputs.self"},
		"a type that is not known": {replace: []string{`"url": "path:/srv/dir"`, `"url": {"": "path"}`},
			unknown: "input dir"},
		"updated":                {updated: []string{"repo"}, unknown: "input repo: "},
		"updated below an input": {updated: []string{"hub/below"}, unknown: "input hub/below: overridden or updated"},
		"overridden by a directory": {replace: []string{`"children": {}, "lock"`,
			`"children": {"tar": ` + child + `}, "lock"`},
			overrides: map[string]string{"tar": "path:/home/me/tar"}, trees: []filetree.Source{{Root: "/home/me/tar"}}},
		"overridden by a directory that has a branch as input": {
			replace: []string{`"children": {}, "lock"`,
				`"children": {"tar": ` +
					strings.Replace(child, `"inputs": {}`, `"inputs": {"b": {"url": "git+file:///b?ref=stable"}}`, 1) +
					`}, "lock"`},
			overrides: map[string]string{"tar": "path:/home/me/tar"}, trees: []filetree.Source{{Root: "/home/me/tar"}},
			unknown: "input tar/b: git+file:///b?ref=stable names"},
		"overridden by a directory of unknown inputs": {overrides: map[string]string{"tar": "path:/home/me/tar"},
			trees: []filetree.Source{{Root: "/home/me/tar"}}, unknown: "input tar: its own inputs"},
		"overridden by a branch": {overrides: map[string]string{"tar": "git+file:///home/me/tar?ref=stable"},
			unknown: "input tar: git+file:///home/me/tar?ref=stable names"},
		"overridden by what the registry says": {overrides: map[string]string{"tar": "nixpkgs"},
			unknown: "input tar: nixpkgs names"},
		"an input's input overridden": {overrides: map[string]string{"hub/below": "path:/home/me/below"},
			unknown: "input hub/below: overridden"},
		"an override of nothing": {overrides: map[string]string{"none": "github:a/b"}},
		"a directory that no lock has": {replace: []string{`"mine": {"follows": "hub/below"}`,
			`"new": {"url": "path:/nix/store/../../home/me/x", "flake": false}`},
			trees: []filetree.Source{{Root: "/home/me/x"}}},
		"a directory below": {replace: []string{`"mine": {"follows": "hub/below"}`,
			`"new": {"url": "path:./x", "flake": false}`}},
		"a directory beside": {replace: []string{`"mine": {"follows": "hub/below"}`,
			`"new": {"url": "path:../x", "flake": false}`}, unknown: "input new: path:../x names"},
	} {
		text := lockedInputs
		if len(c.replace) > 0 {
			if text = strings.Replace(text, c.replace[0], c.replace[1], 1); text == lockedInputs {
				t.Fatalf("%s: there is no %s", name, c.replace[0])
			}
		}
		inputs, err := parseInputs(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := pinningOf(inputs, c.overrides, c.updated)
		if !slices.Equal(c.trees, p.trees) {
			t.Errorf("%s: %v", name, p.trees)
		}
		if (p.unknown == "") != (c.unknown == "") || !strings.Contains(p.unknown, c.unknown) {
			t.Errorf("%s: %q, want %q", name, p.unknown, c.unknown)
		}
	}
}

func TestParseRef(t *testing.T) {
	for ref, want := range map[string]refAttrs{
		"nixpkgs":                          {"type": "indirect", "id": "nixpkgs"},
		"flake:nixpkgs/unstable":           {"type": "indirect", "id": "nixpkgs", "ref": "unstable"},
		"github:a/b":                       {"type": "github", "owner": "a", "repo": "b"},
		"github:a/b/" + oneCommit:          {"type": "github", "owner": "a", "repo": "b", "rev": oneCommit},
		"gitlab:a/b/main?dir=x":            {"type": "gitlab", "owner": "a", "repo": "b", "ref": "main", "dir": "x"},
		"git+https://h/a?ref=x&shallow=1":  {"type": "git", "url": "https://h/a", "ref": "x", "shallow": true},
		"https://h/a.tar.gz":               {"type": "tarball", "url": "https://h/a.tar.gz"},
		"path:/a":                          {"type": "path", "path": "/a"},
		"path:./a":                         {"type": "path", "path": "./a"},
		"git+https://h/a?dir=x":            nil, // whether dir is in url hangs on the version
		"https://h/a":                      nil,
		"https://h/a.tar.gz?x=y":           nil,
		"git+https://h/a?ref=x&ref=y":      nil,
		"github:a/b/x/y":                   nil,
		"/a":                               nil,
		"./a":                              nil,
		"git@github.com:a/b":               nil,
		"path:/a%20b":                      nil,
		"hg+https://h/a":                   nil,
		"github:a/b?narHash=" + oneHash:    nil,
		"github:a/b/main?ref=x":            nil,
		"git+https://h/a?submodules=false": nil,
	} {
		got, ok := parseRef(ref)
		if ok != (want != nil) || ok && !want.equal(got) {
			t.Errorf("parseRef(%s) = %v, %v", ref, got, ok)
		}
	}
}

func TestIsFixedRef(t *testing.T) {
	for ref, want := range map[string]bool{
		"github:a/b/" + oneCommit:                                       true,
		"github:a/b/" + oneCommit + "?dir=x":                            true,
		"git+https://h/a?rev=" + oneCommit:                              true,
		"https://h/a.tar.gz?narHash=" + oneHash:                         true,
		"path:/a?lastModified=1&narHash=" + oneHash:                     true,
		"github:a/" + oneCommit:                                         false,
		"github:a/b":                                                    false,
		"github:a/b/main":                                               false,
		"nixpkgs":                                                       false,
		"git+https://h/a?ref=x":                                         false,
		"git+https://h/a?rev=abc":                                       false,
		"https://h/a.tar.gz":                                            false,
		"path:/a?rev=" + oneCommit:                                      false, // it only says so
		"path:/nix/store/../../home/a":                                  false,
		"path:/nix/store/" + strings.Repeat("0", 32) + "-none":          false,
		fmt.Sprintf("git+https://h/a?rev=%s&verifyCommit=1", oneCommit): false,
		fmt.Sprintf("git+https://h/a?rev=%s&rev=%[1]s", oneCommit):      false,
	} {
		if got := isFixedRef(ref); got != want {
			t.Errorf("isFixedRef(%s) = %v", ref, got)
		}
	}
}
