package nixeval

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each file and variable that Nix reads its settings from changes the identity, and nothing else does.
func TestIdentity(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	dir := t.TempDir()
	for name, value := range map[string]string{"HOME": dir + "/home", "NIX_CONF_DIR": dir + "/system",
		"XDG_CONFIG_DIRS": dir + "/xdg:" + dir + "/xdg2",
		"NIX_CONFIG_HOME": dir + "/nixhome", "NIX_CONFIG": "include " + dir + "/fromenv.conf\n"} {
		t.Setenv(name, value)
	}
	_ = os.Unsetenv("XDG_CONFIG_HOME")
	_ = os.Unsetenv("NIX_USER_CONF_FILES")
	t.Chdir(dir)
	writeAll(t, map[string]string{dir + "/home/file": ""})
	sum := func() [32]byte {
		t.Helper()
		id, err := e.identify()
		if err != nil {
			t.Fatal(err)
		}
		return id.sum
	}
	seen := map[[32]byte]string{sum(): "nothing"}
	for _, step := range []struct{ file, text string }{
		{"system/nix.conf", "include more.conf # of mine\n!include " + dir + "/absolute.conf\r\n"},
		{"system/more.conf", "cores = 1\n"}, {"system/more.conf", "cores = 2\n!include deep/deeper.conf\n"},
		{"absolute.conf", "cores = 3\n"}, {"system/deep/deeper.conf", "cores = 4\n"},
		{"xdg/nix/nix.conf", "cores = 5\n"}, {"xdg2/nix/nix.conf", "cores = 6\n"}, {"nixhome/nix.conf", "cores = 7\n"},
		{"home/.config/nix/nix.conf", "cores = 8\n"}, {"fromenv.conf", "include relative.conf\n"},
		{"relative.conf", "cores = 9\n"},
	} {
		writeAll(t, map[string]string{filepath.Join(dir, step.file): step.text})
		id := sum()
		if before, known := seen[id]; known {
			t.Errorf("%s %q changed nothing since %s", step.file, step.text, before)
		}
		seen[id] = step.file
	}
	last := sum()
	writeAll(t, map[string]string{dir + "/system/other.conf": "x", dir + "/home/.config/other": "x"})
	if sum() != last {
		t.Error("a file that is not read matters")
	}
	for name, value := range map[string]string{"NIX_CONFIG": "cores = 1", "NIX_CONF_DIR": dir, "HOME": dir,
		"NIX_USER_CONF_FILES": dir + "/x", "XDG_CONFIG_HOME": dir, "LD_LIBRARY_PATH": dir} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if sum() == last {
				t.Errorf("%s does not matter", name)
			}
		})
	}
	for _, text := range []string{"plugin-files = /x.so", "extra-plugin-files = /x.so",
		"allow-unsafe-native-code-during-evaluation = true", "include " + dir + "/circle.conf"} {
		writeAll(t,
			map[string]string{dir + "/circle.conf": "include circle.conf\n", dir + "/system/deep/deeper.conf": text})
		if _, err := e.identify(); err == nil {
			t.Errorf("%q is not refused", text)
		}
	}
	_ = os.Unsetenv("HOME")
	if _, err := e.identify(); err == nil {
		t.Error("without HOME, it is not refused")
	}
}

// The system's own directory counts where XDG_CONFIG_DIRS is not set.
func TestConfigFilesOfTheSystem(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"XDG_CONFIG_DIRS", "NIX_CONF_DIR", "NIX_USER_CONF_FILES"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	files, err := configFiles([]string{"/opt/nix/bin/nix", "/nix/store/" + strings.Repeat("0", 32) + "-nix/bin/nix"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/etc/nix/nix.conf", "/etc/xdg/nix/nix.conf", "/opt/nix/etc/nix/nix.conf"} {
		if !strings.Contains(strings.Join(files, "\n")+"\n", want+"\n") {
			t.Errorf("%s is not among %v", want, files)
		}
	}
}

// A setting that is changed and changed back while Nix runs, and one changed just before: the answer is not kept.
func TestConfigurationDuringTheRun(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	home, conf := clan(t), t.TempDir()
	t.Setenv("NIX_CONF_DIR", conf)
	set := func(cores string) {
		writeAll(t, map[string]string{filepath.Join(conf, "nix.conf"): "cores = " + cores + "\n"})
	}
	ask := func(what, want string) {
		t.Helper()
		reason := ""
		e.OnNotCached = func(r string) { reason = r }
		if _, err := e.Apply(t.Context(), at(home), identity, what); err != nil || reason != want {
			t.Errorf("%s: %v, not kept because %q", what, err, reason)
		}
	}
	const changed = "Nix or its configuration changed during the run"
	set("1")
	ask("just before", changed)
	settle()
	ask("quiet", "")
	e.OnCommand = func([]string) { set("2"); set("1") }
	ask("there and back", changed)
	settle()
	e.OnCommand = func([]string) { set("2") }
	ask("there", changed)
	settle()
	e.OnCommand = func([]string) { _ = os.Remove(filepath.Join(conf, "nix.conf")); set("2") }
	ask("removed and made again", changed)
	settle()
	e.OnCommand = nil
	_ = os.Remove(filepath.Join(conf, "nix.conf"))
	settle()
	e.OnCommand = func([]string) { set("2"); _ = os.Remove(filepath.Join(conf, "nix.conf")) }
	ask("made and removed", changed)
}

func TestParseWrapper(t *testing.T) {
	for text, want := range map[string]*wrapper{
		"#!/bin/sh\nroot=/opt/nix\nexec \"$root/lib64/ld.so\" --library-path \"$root/lib\" \"${root}/bin/nix\" \"$@\"\n": {
			program: "/opt/nix/lib64/ld.so",
			paths:   []string{"/opt/nix", "/opt/nix/lib64/ld.so", "/opt/nix/lib", "/opt/nix/bin/nix"}},
		"#! /nix/store/x-bash/bin/bash -e\n# a comment\nset -e\nexport NIX_CONFIG='cores = 1'\nexport PATH=/a:/b\nA=/x:/y\nexport A\nexec -a nix /z \"$@\"": {
			program: "/z", paths: []string{"/x", "/y", "/z"}},
		"#!/usr/bin/env bash\nexec /nix \"$@\"\n": {program: "/nix", paths: []string{"/nix"}},
	} {
		got, err := parseWrapper(text)
		if diff := differ(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{
		"exec /nix \"$@\"", "exec nix \"$@\"", "exec /nix $@", "exec /nix", "exec /nix \"$@\" more",
		"exec \"$HOME/nix\" \"$@\"", ". /etc/profile\nexec /nix \"$@\"",
		"A=$(cat /x)\nexec /nix \"$@\"", "A=`x`\nexec /nix \"$@\"", "A=\"$(x)\"\nexec /nix \"$@\"",
		"exec /nix \"$@\"; x", "exec /nix* \"$@\"", "exec ~/nix \"$@\"",
		"exec /nix \"$@\"\nx", "A=1 B=2\nexec /nix \"$@\"", "if true; then\nexec /nix \"$@\"\nfi",
		"exec /nix \"$@\" >/x", "exec '/nix \"$@\"", "exec \"/nix $1\" \"$@\"", "A='a b'\nexec $A \"$@\"",
		"read A < /x\nexec /nix \"$@\"", "exec /nix\\\n \"$@\"", "",
	} {
		if text != "exec /nix \"$@\"" {
			text = "#!/bin/sh\n" + text + "\n"
		}
		if got, err := parseWrapper(text); err == nil {
			t.Errorf("%q is understood as %+v", text, got)
		}
	}
}

// A wrapper is known by what it says and by the files that it names; any other script is not known.
func TestIdentityOfWrapper(t *testing.T) {
	nix, err := filepath.EvalSymlinks("/bin/sh") // any binary
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	script := filepath.Join(dir, "bin", "nix")
	writeAll(t, map[string]string{dir + "/lib/a.so": "a", dir + "/settings": "x", script: ""})
	seen := map[[32]byte]bool{}
	e := &Evaluator{Nix: script}
	for i, edit := range []func() error{
		func() error {
			return errors.Join(os.WriteFile(script,
				[]byte("#!/bin/sh\nNIX_USER_CONF_FILES="+dir+"/settings\nexec "+nix+" --library-path "+dir+
					"/lib \"$@\"\n"), 0o755), os.Chmod(script, 0o755))
		},
		func() error { return os.WriteFile(dir+"/lib/a.so", []byte("b"), 0o600) },
		func() error { return os.WriteFile(dir+"/lib/b.so", []byte("b"), 0o600) },
		func() error { return os.WriteFile(dir+"/settings", []byte("y"), 0o600) },
		func() error {
			return os.WriteFile(script,
				[]byte("#!/bin/sh\nNIX_USER_CONF_FILES="+dir+"/settings\nexec "+nix+" --library-path "+dir+
					"/lib  \"$@\"\n"), 0o755)
		},
	} {
		settle() // stamps tell edits apart that are not within one tick
		if err := edit(); err != nil {
			t.Fatal(err)
		}
		id, err := e.identify()
		if err != nil {
			t.Fatal(err)
		}
		if seen[id.sum] {
			t.Errorf("edit %d changed nothing", i)
		}
		seen[id.sum] = true
	}
	if _, err := fake(t, "cat /etc/hostname").identify(); err == nil {
		t.Error("a script of which nothing is known has an identity")
	}
}
