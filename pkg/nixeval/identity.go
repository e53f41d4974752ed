package nixeval

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/clanctl/clanctl/internal/cachedir"
	"github.com/clanctl/clanctl/internal/filetree"
)

// nixIdentity stands for the Nix that would run and what configures it: the program, the environment and the
// configuration files.
type nixIdentity struct {
	sum [sha256.Size]byte
	// looked are the files that this hangs on.
	looked filetree.Looks
	hash   io.Writer
}

// identify looks at the Nix that would run. The error says why nothing can be known of it.
func (e *Evaluator) identify() (*nixIdentity, error) {
	hash := sha256.New()
	id := &nixIdentity{hash: hash}
	dir, err := filepath.Abs(e.Dir)
	if err != nil {
		return nil, err
	}
	name := e.nix()
	if strings.Contains(name, "/") && !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	programs, err := id.program(path, 0)
	if err != nil {
		return nil, err
	}
	environ := environment(os.Environ())
	slices.Sort(environ) // its order says nothing, and shells change it
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "NIX_") || strings.HasPrefix(name, "GIT_") ||
			strings.HasPrefix(name, "XDG_CONFIG") || name == "HOME" || name == "LD_LIBRARY_PATH" {
			fmt.Fprintf(hash, "%d %s\n", len(entry), entry)
		}
	}
	for _, option := range e.settings() {
		if err := checkSetting(option.name, option.value, true); err != nil {
			return nil, err
		}
	}
	files, err := configFiles(programs)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		switch {
		case file == "":
			continue
		case !filepath.IsAbs(file):
			return nil, fmt.Errorf("the configuration file %s is not an absolute path", file)
		}
		if err := id.config(file, 0); err != nil {
			return nil, err
		}
	}
	if err := id.configText(os.Getenv("NIX_CONFIG"), dir, 0); err != nil {
		return nil, err
	}
	hash.Sum(id.sum[:0])
	return id, nil
}

// unchangedSince reports whether nothing was changed since an earlier look, not even there and back: the files have the
// stamps that they had then, which were not so new that another change could have had the same.
func (id *nixIdentity) unchangedSince(before *nixIdentity, began time.Time) bool {
	return id.sum == before.sum && slices.Equal(id.looked, before.looked) && id.looked.QuietSince(began)
}

// program adds a program, and returns it and those that it stands for. What lies in Nix's store never changes.
func (id *nixIdentity) program(path string, depth int) ([]string, error) {
	if depth > maxWrappers {
		return nil, fmt.Errorf("%s is a script that calls a script, and so on", path)
	}
	text, err := readProgram(path)
	if err != nil {
		return nil, err
	}
	if err := id.file(path); err != nil {
		return nil, err
	}
	if text == "" {
		return []string{path}, nil
	}
	wrapper, err := parseWrapper(text)
	if err != nil {
		return nil, fmt.Errorf("%s is a script: %w", path, err)
	}
	fmt.Fprintf(id.hash, "%d %s\n", len(text), text)
	for _, named := range wrapper.paths {
		if err := id.file(named); err != nil {
			return nil, err
		}
	}
	real, err := filepath.EvalSymlinks(wrapper.program)
	if err != nil {
		return nil, err
	}
	programs, err := id.program(real, depth+1)
	return append(programs, path), err
}

const maxWrappers = 5

// file adds a file by its stamp, or a directory by those of the files in it. What is not there is added, too.
func (id *nixIdentity) file(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	fmt.Fprintf(id.hash, "%d %s %d %s ", len(path), path, len(real), real)
	if isStoreObject(real) {
		return nil
	}
	now, err := id.looked.Note(real)
	if err != nil {
		fmt.Fprintln(id.hash, "none")
		return nil
	}
	fmt.Fprintln(id.hash, now)
	if !now.IsDir() {
		return nil
	}
	stamps, err := filetree.Stamps(real, maxNamed)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(id.hash, "%d ", len(stamps))
	_, err = id.hash.Write(stamps)
	return err
}

// maxNamed is how many files in a directory are looked at; there are some hundred libraries in one that has all that
// Nix needs.
const maxNamed = 1000

// config adds a configuration file and those that it includes.
func (id *nixIdentity) config(file string, depth int) error {
	if depth > maxIncludes {
		return fmt.Errorf("%s: too many configuration files include each other", file)
	}
	text, err := id.looked.Read(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fmt.Fprintf(id.hash, "%s %d %s\n", file, len(text), text)
	return id.configText(string(text), filepath.Dir(file), depth)
}

// configText adds the files that a configuration includes.
func (id *nixIdentity) configText(text, dir string, depth int) error {
	for line := range strings.Lines(text) {
		line, _, _ := strings.Cut(line, "#")
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) })
		switch {
		case len(words) == 2 && (words[0] == "include" || words[0] == "!include"):
			included := words[1]
			if !filepath.IsAbs(included) {
				included = filepath.Join(dir, included)
			}
			if err := id.config(included, depth+1); err != nil {
				return err
			}
		case len(words) > 2 && words[1] == "=":
			if err := checkSetting(words[0], strings.Join(words[2:], " "), false); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxIncludes ends files that include each other; Nix does not read such.
const maxIncludes = 10

// checkSetting refuses settings that let a flake see what nobody watches. Those that `nix eval` itself sets count only
// on its command line.
func checkSetting(name, value string, given bool) error {
	on := value != "false" && value != ""
	switch strings.TrimPrefix(name, "extra-") {
	case "plugin-files", "allow-unsafe-native-code-during-evaluation":
		if on {
			return fmt.Errorf("the setting %s runs other programs during evaluation", name)
		}
	case "pure-eval", "restrict-eval":
		if given {
			return fmt.Errorf("the setting %s is given", name)
		}
	case "allow-import-from-derivation":
		if given && on {
			return errors.New("import from derivation is allowed")
		}
	}
	return nil
}

// configFiles are the files that Nix reads its settings from: all that some version may read, in any order.
func configFiles(programs []string) ([]string, error) {
	system := []string{os.Getenv("NIX_CONF_DIR")}
	if system[0] == "" {
		// Where it is depends on how Nix was built.
		system = []string{"/etc/nix", "/usr/local/etc/nix"}
		for _, program := range programs {
			if prefix := filepath.Dir(filepath.Dir(program)); !isStoreObject(program) {
				system = append(system, filepath.Join(prefix, "etc", "nix"))
			}
		}
	}
	var files []string
	for _, dir := range system {
		files = append(files, filepath.Join(dir, "nix.conf"))
	}
	if user, set := os.LookupEnv("NIX_USER_CONF_FILES"); set {
		files = append(files, strings.Split(user, ":")...)
		return files, nil
	}
	dirs, set := os.LookupEnv("XDG_CONFIG_DIRS")
	if !set {
		dirs = "/etc/xdg"
	}
	for _, dir := range strings.Split(dirs, ":") {
		files = append(files, filepath.Join(dir, "nix", "nix.conf"))
	}
	if home, set := os.LookupEnv("NIX_CONFIG_HOME"); set {
		files = append(files, filepath.Join(home, "nix.conf"))
	}
	if config, set := os.LookupEnv("XDG_CONFIG_HOME"); set {
		return append(files, filepath.Join(config, "nix", "nix.conf")), nil
	}
	home, set := os.LookupEnv("HOME")
	if info, err := os.Stat(home); !set || err == nil && !cachedir.OwnedByUs(info) {
		// then Nix looks for the user's home elsewhere
		return nil, errors.New("HOME is not set, or owned by another user")
	}
	return append(files, filepath.Join(home, ".config", "nix", "nix.conf")), nil
}
