package nixeval

import (
	"os"
	"os/exec"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// One world after the other, for the environment is all tests'.
func TestEditsOfTheEnvironment(t *testing.T) {
	for _, c := range environmentEdits {
		for i, nix := range nixes.Programs(t) {
			t.Run(c.name+"/"+string(rune('0'+i)), func(t *testing.T) {
				w := newWorld(t, nix)
				link(w, "one", "home")
				w.do(os.Mkdir(w.path("one"), 0o755))
				t.Setenv("HOME", w.path("home"))
				c.try(w)
			})
		}
	}
}

// set sets a variable; DIR in its value is the directory of the world.
func set(name, value string) func(w *world) {
	return func(w *world) { w.Setenv(name, w.text(value)) }
}

// registered is a flake with an input that a registry has. No other registry has anything.
func registered(registry string) func(w *world) {
	return func(w *world) {
		two(w)
		w.write(registry, registryOf("one"))
		w.write("empty.json", `{"version": 2, "flakes": []}`)
		w.e.Options = []string{"flake-registry=" + w.path("empty.json")}
		withInput(w, "other")
	}
}

func registryOf(dir string) string {
	return `{"version": 2, "flakes": [{"from": {"type": "indirect", "id": "other"},
		"to": {"type": "path", "path": "DIR/` + dir + `"}}]}`
}

// wrapped is a Nix in a script that sets a configuration.
func wrapped(w *world, config string) {
	nix, err := exec.LookPath(w.nix)
	w.do(err)
	w.write("bin/nix", "#!/bin/sh\nNIX_USER_CONF_FILES=DIR/"+config+"\nexport NIX_USER_CONF_FILES\nexec "+nix+" \"$@\"\n")
	w.do(os.Chmod(w.path("bin/nix"), 0o755))
}

// environmentEdits are of what is around a flake and not its own.
var environmentEdits = []chosenEdit{
	{name: "NIX_PATH", make: plain, edit: set("NIX_PATH", "x=/"), kept: true, maybe: true},
	{name: "NIX_CONFIG", make: plain, edit: set("NIX_CONFIG", feature), kept: true},
	{name: "another configuration directory (XDG_CONFIG_HOME)", make: func(w *world) {
		plain(w)
		w.write("config/nix/nix.conf", feature)
	}, edit: set("XDG_CONFIG_HOME", "DIR/config"), kept: true},
	{name: "another configuration directory of the system (XDG_CONFIG_DIRS)", make: func(w *world) {
		plain(w)
		w.write("config/nix/nix.conf", feature)
	}, edit: set("XDG_CONFIG_DIRS", "/etc/xdg:DIR/config"), kept: true},
	{name: "a home that is a link and leads elsewhere", make: func(w *world) {
		plain(w)
		w.write("two/.config/nix/nix.conf", feature)
	}, edit: repoint("home"), kept: true},
	{name: "access-tokens in nix.conf", make: func(w *world) {
		plain(w)
		w.write("conf/nix.conf", "access-tokens = github.com=one\n")
		w.Setenv("NIX_CONF_DIR", w.path("conf"))
	}, edit: func(w *world) { w.write("conf/nix.conf", "access-tokens = github.com=two\n") }, kept: true, maybe: true},
	{name: "the file that netrc-file names", make: func(w *world) {
		plain(w)
		w.write("netrc", "machine example.org password one\n")
		w.Setenv("NIX_CONFIG", "netrc-file = "+w.path("netrc"))
	}, edit: func(w *world) { w.write("netrc", "machine example.org password two\n") }, kept: true, still: true},
	{name: "the user's registry", make: registered("home/.config/nix/registry.json"),
		edit:  func(w *world) { w.write("home/.config/nix/registry.json", registryOf("two")) },
		maybe: true}, // Nix 2.26 does not look there for inputs
	{name: "the system's registry", make: func(w *world) {
		registered("conf/registry.json")(w)
		w.Setenv("NIX_CONF_DIR", w.path("conf"))
	}, edit: func(w *world) { w.write("conf/registry.json", registryOf("two")) }, maybe: true},
	{name: "a script in place of Nix, named from another directory", make: func(w *world) {
		plain(w)
		w.write("none.conf", "")
		w.write("more.conf", feature)
		wrapped(w, "none.conf")
		w.e.Dir, w.e.Nix = w.dir, "./bin/nix"
	}, edit: func(w *world) { wrapped(w, "more.conf") }, kept: true},
	{name: "Nix's configuration, named from another directory", make: func(w *world) {
		plain(w)
		w.e.Dir = w.dir
		w.Setenv("NIX_USER_CONF_FILES", "more.conf")
	}, edit: func(w *world) { w.write("more.conf", feature) }, reason: "more.conf is not an absolute path"},
	{name: "git's configuration, named from another directory", make: func(w *world) {
		lineEnds(w)
		w.git("flake", "config", "--unset", "core.autocrlf")
		w.write("flake/git.conf", "[core]\n\tautocrlf = true\n")
		w.Setenv("GIT_CONFIG_GLOBAL", "git.conf")
	}, edit: func(w *world) { w.write("flake/git.conf", "") }, maybe: true, reason: "git.conf is not an absolute path"},
}
