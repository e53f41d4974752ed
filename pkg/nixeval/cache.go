package nixeval

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clanctl/clanctl/internal/filetree"
)

// The cache answers a question without Nix when everything that the answer was computed from is provably the same: the
// question itself, the Nix that would run and its configuration, the flake's source tree, and every local tree that it takes
// as an input. A doubtful case is a miss.

// attempt is one question on its way through the cache. A nil attempt caches nothing.
type attempt struct {
	files  *cacheFiles
	key    string
	began  time.Time
	passed time.Duration
	target *filetree.Tree // nil for a reference that is locked by itself
}

// answer is what is kept: a result, and the local inputs that it depends on.
type answer struct {
	Inputs []localInput    `json:"inputs,omitempty"`
	Events []Event         `json:"events,omitempty"`
	Source string          `json:"source,omitempty"`
	Value  json.RawMessage `json:"-"`
}

// localInput is an input of the flake that lies in a directory outside of it.
type localInput struct {
	Git  bool   `json:"git,omitempty"`
	Root string `json:"root"`
	Sum  []byte `json:"sum"`
}

// begin looks at the flake's tree; nil if this question cannot be cached.
func (e *Evaluator) begin(ctx context.Context, ref Ref, args []string) *attempt {
	if e.CacheDir == "" || e.Impure {
		return nil
	}
	for _, o := range e.Options {
		// The flake may then see files and an environment that nobody watches.
		if o.Name == "pure-eval" || o.Name == "restrict-eval" {
			return nil
		}
	}
	nix, err := e.identity()
	if err != nil {
		return nil
	}
	s, err := openCacheFiles(e.CacheDir)
	if err != nil {
		return nil
	}
	a := &attempt{files: s}
	a.began, a.passed = clock()
	state := ""
	switch {
	case ref.Root != "" && plainQuery(ref.URL):
		if a.target, err = s.observe(ctx, ref.Root, ref.Git); err != nil {
			return nil
		}
		state = fmt.Sprintf("%x", a.target.Sum())
	case ref.Root == "" && locked(ref.URL):
		state = "locked"
	default:
		return nil
	}
	parts := append([]string{nix, state}, args...)
	for _, o := range e.Options {
		if secret(o) { // which args do not show
			parts = append(parts, o.Name, o.Value)
		}
	}
	a.key = strings.Join(parts, "\x00")
	return a
}

// lookUp returns a kept answer that still holds.
func (a *attempt) lookUp(ctx context.Context) (*answer, bool) {
	if a == nil {
		return nil, false
	}
	payload, ok := a.files.get("answer", a.key)
	if !ok {
		return nil, false
	}
	head, value, ok := bytes.Cut(payload, []byte("\n"))
	kept := &answer{Value: json.RawMessage(value)}
	if !ok || json.Unmarshal(head, kept) != nil {
		return nil, false
	}
	for _, input := range kept.Inputs {
		t, err := a.files.observe(ctx, input.Root, input.Git)
		if err != nil || !bytes.Equal(t.Sum(), input.Sum) {
			return nil, false
		}
	}
	return kept, true
}

// keep stores an answer, if nothing that it depends on was touched while Nix ran, and reports whether it did.
func (a *attempt) keep(ctx context.Context, r *run, ref Ref, overrides map[string]string) bool {
	if a == nil || a.clockJumped() {
		return false
	}
	known := ref.URL
	for _, override := range overrides {
		known += "\n" + override
	}
	if a.target != nil {
		after, err := a.files.observe(ctx, ref.Root, ref.Git)
		if err != nil || !after.UnchangedSince(a.target) {
			return false
		}
		known += "\n" + readLock(ref.Dir)
	} else if u, err := url.Parse(ref.URL); err == nil && r.source != "" {
		known += "\n" + readLock(filepath.Join(r.source, u.Query().Get("dir")))
	}
	inputs, ok := localInputs(r.locks, ref, known)
	if !ok {
		return false
	}
	kept := answer{Events: r.events, Source: r.source}
	for _, input := range inputs {
		t, err := a.files.observe(ctx, input.Root, input.Git)
		if err != nil || !t.QuietSince(a.began) {
			return false
		}
		kept.Inputs = append(kept.Inputs, localInput{Git: input.Git, Root: input.Root, Sum: t.Sum()})
	}
	head, err := json.Marshal(kept)
	if err != nil {
		return false
	}
	return a.files.put("answer", a.key, append(append(head, '\n'), r.stdout...)) == nil
}

// clock tells the time of day, and how much time has passed since this program began; tests let the first jump.
var clock = func() (time.Time, time.Duration) {
	now := time.Now()
	return now.Round(0), now.Sub(programBegan)
}

var programBegan = time.Now()

// clockJumped reports whether the time of day went otherwise than the time that passed: the times of files then do not say what was
// changed first.
func (a *attempt) clockJumped() bool {
	now, passed := clock()
	return (now.Sub(a.began) - (passed - a.passed)).Abs() > 25*time.Millisecond
}

// readLock returns a flake's lock file, or nothing.
func readLock(dir string) string {
	text, _ := os.ReadFile(filepath.Join(dir, "flake.lock"))
	return string(text)
}

// observe looks at a tree with the help of what was kept of it.
func (s *cacheFiles) observe(ctx context.Context, root string, git bool) (*filetree.Tree, error) {
	key := fmt.Sprintf("%t %s", git, root)
	var known *filetree.Tree
	if text, ok := s.get("tree", key); ok {
		known, _ = filetree.Unmarshal(text)
	}
	t, changed, err := filetree.Source{Root: root, Git: git}.Observe(ctx, known)
	if err != nil {
		return nil, err
	}
	if changed {
		_ = s.put("tree", key, t.Marshal())
	}
	return t, nil
}

// identity stands for the Nix that would run and what configures it: the program file (store paths never change, other files
// by their stamp), configuration files and the environment.
func (e *Evaluator) identity() (string, error) {
	path, err := exec.LookPath(e.nix())
	if err != nil {
		return "", err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	st, err := filetree.Lstat(path)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %v\n", path, st)
	environ := environment(os.Environ())
	slices.Sort(environ) // its order says nothing, and shells change it
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "NIX_") || strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "XDG_CONFIG") || name == "HOME" {
			fmt.Fprintf(hash, "%d %s\n", len(entry), entry)
		}
	}
	for _, file := range configFiles() {
		hashConfig(hash, file, 0)
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}

// hashConfig adds a configuration file and those that it includes.
func hashConfig(hash io.Writer, file string, depth int) {
	text, _ := os.ReadFile(file)
	fmt.Fprintf(hash, "%s %d %s\n", file, len(text), text)
	if depth == maxIncludes {
		return
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) == 2 && (words[0] == "include" || words[0] == "!include") {
			included := words[1]
			if !filepath.IsAbs(included) {
				included = filepath.Join(filepath.Dir(file), included)
			}
			hashConfig(hash, included, depth+1)
		}
	}
}

// maxIncludes ends files that include each other; Nix does not read such.
const maxIncludes = 10

// configFiles are the files that Nix reads its settings from, as its manual lists them.
func configFiles() []string {
	system := os.Getenv("NIX_CONF_DIR")
	if system == "" {
		system = "/etc/nix"
	}
	files := []string{filepath.Join(system, "nix.conf")}
	if user := os.Getenv("NIX_USER_CONF_FILES"); user != "" {
		return append(files, filepath.SplitList(user)...)
	}
	dirs := filepath.SplitList(os.Getenv("XDG_CONFIG_DIRS"))
	if home := os.Getenv("XDG_CONFIG_HOME"); home != "" {
		dirs = append(dirs, home)
	} else if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".config"))
	}
	for _, dir := range dirs {
		files = append(files, filepath.Join(dir, "nix", "nix.conf"))
	}
	return files
}

// plainQuery reports whether a local reference asks for nothing that a tree does not tell (submodules, large files).
func plainQuery(ref string) bool {
	u, err := url.Parse(ref)
	if err != nil {
		return false
	}
	for name := range u.Query() {
		if name != "dir" && name != "shallow" {
			return false
		}
	}
	return true
}

var commit = regexp.MustCompile(`(?:^|[^0-9a-f])([0-9a-f]{40})(?:[^0-9a-f]|$)`)

// locked reports whether a remote reference can only ever mean one tree.
func locked(ref string) bool {
	u, err := url.Parse(ref)
	if err != nil {
		return false
	}
	if u.Query().Has("narHash") || commit.MatchString(u.Query().Get("rev")) {
		return true
	}
	switch u.Scheme {
	case "github", "gitlab", "sourcehut":
		return commit.MatchString(u.Opaque)
	}
	return false
}

var lockLine = regexp.MustCompile(`(?m)^• (?:Added|Updated) input '([^']*)':\n(?:    '[^']*'[^\n]*\n  → )? *(?:follows )?'([^']*)'`)

// localInputs reads from Nix's own account of the inputs that it took (`• Added input ...`, all of them, because the program
// flake has no lock file) which lie in local directories. It reports false when the account is not understood, or some input
// is pinned by nothing that is known to be the same next time: known holds the lock file and the references given.
func localInputs(account string, ref Ref, known string) ([]Ref, bool) {
	if !strings.Contains(account, "'"+targetInput+"'") {
		return nil, false
	}
	var found []Ref
	matches := lockLine.FindAllStringSubmatch(account, -1)
	if len(matches) != strings.Count(account, "\n• ") {
		return nil, false
	}
	for _, match := range matches {
		name, url := match[1], match[2]
		if name == targetInput || strings.Contains(match[0], "follows '") {
			continue
		}
		input, local, ok := localTree(url, ref)
		switch {
		case !ok:
			return nil, false
		case local:
			if input.Root != "" && !slices.Contains(found, input) {
				found = append(found, input)
			}
		case !pinned(url, known):
			return nil, false
		}
	}
	return found, true
}

// localTree tells whether an input lies in a local directory, and in which; none if that is inside the flake's own tree.
func localTree(input string, ref Ref) (tree Ref, local, ok bool) {
	u, err := url.Parse(input)
	if err != nil {
		return Ref{}, false, false
	}
	dir := u.Path
	if dir == "" {
		dir = u.Opaque
	}
	switch {
	case u.Scheme == "path" && !filepath.IsAbs(dir):
		// Relative to a flake that is looked at anyway.
		return Ref{}, true, true
	case u.Scheme == "path":
		if strings.HasPrefix(dir, "/nix/store/") {
			return Ref{}, true, true
		}
		return Ref{Root: dir}, true, true
	case u.Scheme == "git+file":
		for name := range u.Query() {
			if name == "submodules" || name == "lfs" {
				return Ref{}, true, false
			}
		}
		return Ref{Root: dir, Git: true}, true, true
	case u.Scheme == "file" || strings.HasSuffix(u.Scheme, "+file"):
		return Ref{}, true, false
	}
	return Ref{}, false, true
}

// pinned reports whether the commit or hash that an input was taken at is one that the flake's lock file, or a reference that
// was given, holds.
func pinned(input, known string) bool {
	u, err := url.Parse(input)
	if err != nil {
		return false
	}
	if rev := commit.FindStringSubmatch(u.Opaque + u.Path + " " + u.Query().Get("rev")); rev != nil {
		return strings.Contains(known, rev[1])
	}
	hash := u.Query().Get("narHash")
	return hash != "" && strings.Contains(known, hash)
}
