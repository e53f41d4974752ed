package nixeval

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/clanctl/clanctl/internal/filetree"
)

// Ref is what can be asked: a flake reference made absolute, by [ResolveRef]; or a [File] or [Expr], of which only Text
// is set.
type Ref struct {
	// Text is the reference as it was given.
	Text string
	// URL is what Nix is given, such as "git+file:///home/ada/clan?dir=fleet".
	URL string
	// Root is the top of the local source tree that Nix copies (the git work tree, or the flake's directory); empty for
	// a reference that is not a local directory.
	Root string
	// Dir is the flake's directory: Root, or a directory below it. Empty where Root is.
	Dir string
	// Git tells that Nix reads the tree through git, and so sees tracked files only.
	Git bool

	kind sourceKind
	file string // of a file, relative to Root
	expr string // an expression
	args string // of a file's or expression's function, in JSON
	err  error  // why it cannot be asked
}

// tree is the source tree of a local flake.
func (r Ref) tree() filetree.Source { return filetree.Source{Root: r.Root, Git: r.Git} }

// ResolveRef completes a flake reference the way Nix's command line does: a path ("", ".", "../x", "/x") is searched
// upward for a flake.nix, as far as the repository or file system reaches, and becomes a git+file: or path: reference;
// anything else is left as it is. It reads the file system only. The error is [ErrNoFlake]; for `x#y`, which is an
// output's, its reason is "bad-reference".
func ResolveRef(ref string) (Ref, error) {
	if ref == "" {
		ref = "."
	}
	resolved, err := resolveRef(ref)
	resolved.Text = ref
	return resolved, err
}

func resolveRef(ref string) (Ref, error) {
	if strings.IndexByte(ref, 0) >= 0 {
		return badRef(ref, "", "")
	}
	if i := strings.IndexByte(ref, '#'); i >= 0 && !(isPath(ref) && exists(ref)) {
		return badRef(ref, ": it names an output", fmt.Sprintf("leave out %q", ref[i:]))
	}
	if isPath(ref) {
		if path, query, _ := strings.Cut(ref, "?"); query != "" && !exists(ref) {
			return pathWithQuery(path, query)
		}
		return searchUpward(ref)
	}
	ref = absoluteRef(ref)
	resolved := Ref{URL: ref}
	// path:/x and git+file:///x are local too: their positions map back to files.
	if u, err := url.Parse(ref); err == nil && (u.Scheme == "path" || u.Scheme == "git+file") {
		dir := u.Path
		if dir == "" {
			dir, _ = url.PathUnescape(u.Opaque)
		}
		if info, err := os.Stat(dir); err == nil && info.IsDir() && filepath.IsAbs(dir) && !namesCommit(u.Query()) {
			resolved.Root, resolved.Dir = dir, filepath.Join(dir, u.Query().Get("dir"))
			resolved.Git = u.Scheme == "git+file"
		}
	}
	return resolved, nil
}

func badRef(ref, why, hint string) (Ref, error) {
	return Ref{}, &Error{Kind: ErrNoFlake, Reason: "bad-reference", Hint: hint,
		Message: fmt.Sprintf("%q is not a flake reference%s", ref, why)}
}

// namesCommit reports whether a reference to a repository is to a commit, or the newest of a branch: not to the work
// tree.
func namesCommit(query url.Values) bool { return query.Has("rev") || query.Has("ref") }

// pathWithQuery is a path with parameters, such as `.?ref=stable` or `./x?dir=y` (the flake in y of the tree around x).
// In a git work tree Nix takes it for git+file: of the repository; elsewhere the parameters are those of path:, and Nix
// judges them.
func pathWithQuery(path, query string) (Ref, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return badRef(path+"?"+query, ": "+err.Error(), "")
	}
	found, err := searchUpward(filepath.Join(path, values.Get("dir")))
	if err != nil {
		return Ref{}, err
	}
	return found.with(values), nil
}

// with adds parameters to the reference of a local directory. Its directory in the tree stays.
func (r Ref) with(query url.Values) Ref {
	base, own, _ := strings.Cut(r.URL, "?")
	values, _ := url.ParseQuery(own) // made by localRef
	for name := range query {
		if name != "dir" {
			values[name] = query[name]
		}
	}
	r.URL = withQuery(base, values)
	if namesCommit(values) {
		return Ref{URL: r.URL}
	}
	return r
}

func isPath(ref string) bool {
	return strings.HasPrefix(ref, ".") || strings.HasPrefix(ref, "/")
}

// within is a reference with its relative path, if it has one, in the evaluator's directory.
func (e *Evaluator) within(ref string) string {
	if e.Dir == "" {
		return ref
	}
	dir, err := filepath.Abs(e.Dir)
	if err != nil {
		return ref
	}
	if ref == "" {
		return dir
	}
	if strings.HasPrefix(ref, ".") {
		return filepath.Join(dir, ref)
	}
	for _, scheme := range []string{"path:", "git+file:"} {
		if path, ok := strings.CutPrefix(ref, scheme); ok && strings.HasPrefix(path, ".") {
			return scheme + filepath.Join(dir, path)
		}
	}
	return ref
}

// override is what a reference that is given for an input means.
func (e *Evaluator) override(given string) string { return absoluteRef(e.within(given)) }

// absoluteRef makes the relative paths absolute that would otherwise be taken relative to the program flake.
func absoluteRef(ref string) string {
	if isPath(ref) {
		return overrideRef(ref)
	}
	for _, scheme := range []string{"path:", "git+file:"} {
		path, ok := strings.CutPrefix(ref, scheme)
		if !ok || strings.HasPrefix(path, "//") {
			continue
		}
		path, query, hasQuery := strings.Cut(path, "?")
		if unescaped, err := url.PathUnescape(path); err == nil {
			path = unescaped
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return ref
		}
		out := scheme + escapePath(abs)
		if scheme == "git+file:" {
			out = "git+file://" + escapePath(abs)
		}
		if hasQuery {
			out += "?" + query
		}
		return out
	}
	return ref
}

// overrideRef completes a path that is given for an input. Unlike the flake's own it is not searched upward for a
// flake.nix: what is not a flake may be an input, too.
func overrideRef(ref string) string {
	path, query := ref, ""
	if !exists(ref) {
		path, query, _ = strings.Cut(ref, "?")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return ref
	}
	// A link to a checkout: Nix would copy the link.
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	found := localRef(abs)
	if values, err := url.ParseQuery(query); err == nil && query != "" {
		if dir := values.Get("dir"); dir != "" {
			found = localRef(filepath.Join(abs, dir))
		}
		found = found.with(values)
	}
	return found.URL
}

func searchUpward(start string) (Ref, error) {
	start, err := filepath.Abs(start)
	if err != nil {
		return Ref{}, err
	}
	info, err := os.Stat(start)
	if err != nil {
		return Ref{}, &Error{Kind: ErrNoFlake, Message: fmt.Sprintf("%s: no such directory", start)}
	}
	// A link to a checkout: Nix would copy the link.
	if real, err := filepath.EvalSymlinks(start); err == nil {
		start = real
	}
	if !info.IsDir() {
		if filepath.Base(start) != "flake.nix" {
			return Ref{},
				&Error{Kind: ErrNoFlake, Message: start + " is not a directory",
					Hint: "name the directory that holds flake.nix"}
		}
		start = filepath.Dir(start)
	}
	device := deviceOf(start)
	dir := start
	for {
		if exists(filepath.Join(dir, "flake.nix")) {
			return localRef(dir), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir || deviceOf(parent) != device || exists(filepath.Join(dir, ".git")) {
			break
		}
		dir = parent
	}
	where := start
	if dir != start {
		where = fmt.Sprintf("%s, nor in its parents up to %s", start, dir)
	}
	return Ref{}, &Error{Kind: ErrNoFlake, Message: "there is no flake.nix in " + where}
}

func localRef(dir string) Ref {
	for top := dir; ; top = filepath.Dir(top) {
		if exists(filepath.Join(top, ".git")) {
			query := url.Values{}
			if top != dir {
				sub, _ := filepath.Rel(top, dir)
				query.Set("dir", sub)
			}
			if exists(filepath.Join(top, ".git", "shallow")) {
				query.Set("shallow", "1")
			}
			return Ref{URL: withQuery("git+file://"+escapePath(top), query), Root: top, Dir: dir, Git: true}
		}
		if top == filepath.Dir(top) {
			return Ref{URL: "path:" + escapePath(dir), Root: dir, Dir: dir}
		}
	}
}

func withQuery(base string, query url.Values) string {
	if len(query) == 0 {
		return base
	}
	return base + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// escapePath percent-encodes a path for a URL, slashes kept, and no more than must be: Nix 2.8 does not decode what it
// need not.
func escapePath(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.IndexByte("/-._~+@&=$,;!*'():", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func deviceOf(path string) uint64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Dev) //nolint:unconvert // int32 on darwin
	}
	return 0
}
