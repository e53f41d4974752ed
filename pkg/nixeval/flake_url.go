package nixeval

import (
	"net/url"
	"path"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// refAttrs is a flake reference in the form of flake.lock: type, and what belongs to it.
type refAttrs map[string]any

func (a refAttrs) text(name string) string {
	s, _ := a[name].(string)
	return s
}

func (a refAttrs) equal(b refAttrs) bool { return len(a) > 0 && reflect.DeepEqual(a, b) }

var (
	fullCommit = lazyregexp.New(`^[0-9a-f]{40}$`)
	flakeName  = lazyregexp.New(`^[a-zA-Z][a-zA-Z0-9_-]*$`)
	branchName = lazyregexp.New(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)
	tarballURL = lazyregexp.New(`^https?://[^?#%]+\.(?:zip|tar|tgz|tar\.(?:gz|xz|bz2|zst))$`)
)

// parseRef takes a flake reference apart as every version of Nix does. It reports false for any form of which that is
// not known: escapes, parameters, shorthands and URLs whose type hangs on the version.
func parseRef(ref string) (refAttrs, bool) {
	if strings.ContainsAny(ref, "%#") {
		return nil, false
	}
	if tarballURL.MatchString(ref) {
		return refAttrs{"type": "tarball", "url": ref}, true
	}
	u, err := url.Parse(ref)
	if err != nil {
		return nil, false
	}
	query := u.Query()
	attrs := refAttrs{}
	move := func(names ...string) {
		for _, name := range names {
			if query.Has(name) && len(query[name]) == 1 && query.Get(name) != "" {
				attrs[name] = query.Get(name)
				query.Del(name)
			}
		}
	}
	rest, _, _ := strings.Cut(ref, "?")
	switch scheme := u.Scheme; scheme {
	case "", "flake":
		rest = strings.TrimPrefix(rest, "flake:")
		attrs["type"] = "indirect"
		name, branch, more := strings.Cut(rest, "/")
		if attrs["id"] = name; !flakeName.MatchString(name) || more && !attrs.setBranch(branch) {
			return nil, false
		}
	case "github", "gitlab", "sourcehut":
		parts := strings.Split(strings.TrimPrefix(rest, scheme+":"), "/")
		if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" || len(parts) == 3 &&
			!attrs.setBranch(parts[2]) {
			return nil, false
		}
		attrs["type"], attrs["owner"], attrs["repo"] = scheme, parts[0], parts[1]
		move("dir", "host")
		if len(parts) == 2 {
			move("ref", "rev")
		}
	case "git+https", "git+http", "git+ssh", "git+file":
		attrs["type"], attrs["url"] = "git", strings.TrimPrefix(rest, "git+")
		move("ref", "rev")
		for _, name := range []string{"shallow", "submodules"} {
			if query.Get(name) == "1" {
				attrs[name] = true
				query.Del(name)
			}
		}
	case "path":
		attrs["type"], attrs["path"] = "path", strings.TrimPrefix(rest, "path:")
	default:
		return nil, false
	}
	return attrs, len(query) == 0
}

// setBranch adds a branch, or a commit; it reports false for what may be neither.
func (a refAttrs) setBranch(name string) bool {
	if fullCommit.MatchString(name) {
		a["rev"] = name
	} else {
		a["ref"] = name
	}
	return branchName.MatchString(name)
}

// isFixedRef reports whether a reference can only ever mean one tree: it names a commit, or the hash of its content.
func isFixedRef(ref string) bool {
	u, err := url.Parse(ref)
	if err != nil || strings.Contains(ref, "#") {
		return false
	}
	query := u.Query()
	for name, values := range query {
		switch name {
		case "dir", "host", "ref", "rev", "shallow", "submodules", "lfs", "allRefs", "narHash", "lastModified",
			"revCount":
		default:
			return false
		}
		if len(values) != 1 {
			return false
		}
	}
	hash := strings.HasPrefix(query.Get("narHash"), "sha256-")
	switch u.Scheme {
	case "github", "gitlab", "sourcehut":
		parts := strings.Split(u.Opaque, "/")
		return len(parts) == 3 && fullCommit.MatchString(parts[2]) || len(parts) == 2 &&
			fullCommit.MatchString(query.Get("rev"))
	case "git", "git+https", "git+http", "git+ssh", "git+file":
		return fullCommit.MatchString(query.Get("rev"))
	case "http", "https":
		return hash
	case "path":
		return hash && query.Has("lastModified") || isStorePath(u.Path)
	}
	return false
}

// isStoreObject reports whether a path is that of something in Nix's store, which never changes.
func isStoreObject(path string) bool {
	return strings.HasPrefix(path, "/nix/store/") && storeObject.MatchString(path)
}

var storeObject = lazyregexp.New(`^/nix/store/[0-9a-df-np-sv-z]{32}-[^/]+`)

// isStorePath reports whether a path lies in Nix's store, wherever its links and dots lead.
func isStorePath(name string) bool {
	real, err := filepath.EvalSymlinks(name)
	return err == nil && path.Clean(name) == name && real == name && isStoreObject(name)
}
