package reliability

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// evil is text that commands a terminal or misleads the eye: escapes of both kinds, backspace, direction
// marks, invisible letters.
const evil = `\u001b]0;title\u0007\u001b[31mred\u009b2J\b\r\u202e\u2066txt\u200b\ufeff\u00ad\u061c\udb40\udc01`

var hostileFaults = []fault{
	{name: "names, values, file names and errors with terminal escapes and format characters", with: realNix,
		outcome: "no command lets one through", try: func(a *attempt) {
			name := "${evil}"
			flake := a.clan(`let evil = builtins.fromJSON ''"` + evil +
				`"''; in rec { inventory.meta.name = evil; inventory.machines.a = { }; inventory.machines.` + name +
				` = { tags = [ evil ]; description = evil; };
			inventory.tags.` + name + ` = [ evil "nobody${evil}" ];
			inventory.instances.` + name + ` = { module.name = evil; roles.` + name + ` = { tags.` + name +
				` = { }; machines.` + name + `.settings = { ` + name + ` = evil; bad = throw evil; }; }; };
			inventory.instances.b = { module.name = "no${evil}"; module.input = evil; }; inventory.instances.c = builtins.trace evil { };
			clan.modules.` + name + ` = { manifest.name = evil; manifest.description = evil; roles.` + name +
				`.description = evil; }; }`)
			var text string
			a.check(json.Unmarshal([]byte(`"`+evil+`"`), &text))
			for _, args := range [][]string{{"eval"}, {"eval", "--jq", "."}, {"machines"}, {"machines", text},
				{"instances"}, {"instances", text}, {"tags"}, {"tags", text}, {"check"},
				{"check", "--format", "sarif"}, {"check", "--format", "github"}, {"graph"},
				{"graph", "--format", "html"}, {"graph", "--format", "dot"}, {"graph", "--format", "mermaid"},
				{"diff", ".", "."}, {"modules", "check"}, {"roles", "add", text, text, text},
				{"set", text, text, text, "1"}, {"why", text, text, "a"}, {"why", text, text, text, text},
				{"machines", "no" + text}, {"eval", "-v"}, {"eval", "--show-trace"}, {"eval", "--" + text}, {text}} {
				r := a.run(append(args, "--flake", flake, "--offline")...)
				a.expect(r, r.code, "^")
				if r.code < 0 || r.stdout+r.stderr == "" {
					a.Errorf("%q: exit code %d and nothing printed", args[0], r.code)
				}
			}
			flake = a.clan(`let evil = builtins.fromJSON ''"` + evil +
				`"''; in { inventory.machines.a = { }; inventory.instances.${evil}.module.name = builtins.abort evil; }`)
			a.expect(a.run("eval", "--show-trace", "--flake", flake, "--offline"), 3, `evaluation aborted`)
		}},
	{name: "names and values that are HTML, XML, Markdown or a picture's language", with: realNix,
		outcome: "they are text in every format", try: func(a *attempt) {
			const markup = `</script><script>alert(1)</script><img src=x onerror=alert(1)>]]>&amp;"'` +
				"`|\n# h\n![x](javascript:x)<!-- "
			flake := a.clan(`let evil = builtins.fromJSON (builtins.readFile ./evil.json); in rec { inventory.meta.name = evil; inventory.machines.${evil} = { tags = [ evil ]; };
			inventory.instances.${evil} = { module.name = evil; roles.${evil}.tags.${evil} = { }; }; clan.modules.${evil} = { manifest.name = evil; roles.${evil} = { }; }; }`)
			text, err := json.Marshal(markup)
			a.check(err)
			a.write("clan/evil.json", string(text))
			for _, format := range []string{"svg", "html", "dot", "mermaid"} {
				r := a.run("graph", "--format", format, "--flake", flake, "--offline")
				a.expect(r, 0, "")
				for _, tag := range []string{"<script>alert", "<img", "<!-- "} {
					if strings.Contains(r.stdout, tag) {
						a.Errorf("%s has %s: %s", format, tag, shorten(r.stdout))
					}
				}
				if format == "svg" {
					for decoder := xml.NewDecoder(strings.NewReader(r.stdout)); ; {
						if _, err := decoder.Token(); err == io.EOF {
							break
						} else if err != nil {
							a.Errorf("svg is no XML: %v", err)
							break
						}
					}
				}
			}
		}},
	{name: "files with NUL and with invalid UTF-8 as settings", with: realNix,
		outcome: "what is printed is UTF-8; a finding, or U+FFFD where Nix itself passes the bytes on (2.8)",
		try: func(a *attempt) {
			a.write("clan/nul", "a\x00b")
			a.write("clan/invalid", "a\xff\xfe\xc0\xafb")
			r := a.run("eval", "--offline", "--flake",
				a.clan(`{ clan.modules.x.roles.peer = { }; inventory.machines.a = { };
			inventory.instances.x.roles.peer.machines.a.settings = { ok = 1; nul = builtins.readFile ./nul; invalid = builtins.readFile ./invalid; }; }`))
			a.expect(r, 0, "")
			if !json.Valid([]byte(r.stdout)) || !strings.Contains(r.stdout, `"ok": 1`) ||
				strings.Contains(r.stdout, `"nul": `) ||
				!strings.Contains(r.stdout, "cannot be represented as a Nix string") {
				a.Errorf("got %s", shorten(r.stdout))
			}
		}},
	{name: "names and values that look like flags, paths and code", with: realNix,
		outcome: "they are shown as they are", try: func(a *attempt) {
			words := []string{"--impure", "--option", "-r", "../../etc/passwd", "/etc/passwd",
				"${builtins.abort \"x\"}", "''${x}", "$(touch x)", "`touch x`", "a;b", "%n", "__toString", "outPath",
				"type"}
			list, _ := json.Marshal(words)
			flake := a.clan("let words = builtins.fromJSON (builtins.readFile ./words.json); in " +
				`{ clan.modules.x.roles.peer = { };
			inventory.machines = builtins.listToAttrs (map (name: { inherit name; value = { }; }) words);
			inventory.instances = builtins.listToAttrs (map (name: { inherit name; value = { module.name = "x"; roles.peer.machines.${name}.settings.word = name; }; }) words); }`)
			a.write("clan/words.json", string(list))
			for _, word := range words {
				r := a.run("eval", "--offline", "--flake", flake, "--jq",
					".instances[].roles.peer.machines[].settings.word", "-r", "--", word)
				a.expect(r, 0, "")
				if r.stdout != word+"\n" {
					a.Errorf("%q came back as %q", word, r.stdout)
				}
			}
			if entries, _ := os.ReadDir(flake); len(entries) != 2 {
				a.Errorf("in the flake are %v", entries)
			}
		}},
	{name: "a flake reference, an input and a Nix that look like flags", with: realNix,
		outcome: "exit code 1: they are taken for what they stand for", try: func(a *attempt) {
			flake := a.clan(`{ inventory.instances = { }; inventory.machines.a.description = builtins.getEnv "HOME"; }`)
			a.expect(a.run("eval", "--offline", "--flake", "--impure"), 1, `--impure`)
			a.expect(a.run("eval", "--offline", "--flake="+flake, "--nix", "--version"), 1,
				`there is no program "--version"`)
			r := a.run("eval", "--offline", "--flake", flake, "--override-input", "--impure", "--impure", "--jq",
				".machines.a.description // \"pure\"", "-r")
			if r.code == 0 && r.stdout != "pure\n" {
				a.Errorf("the evaluation was impure: %s", r.stdout)
			}
		}},
	{name: "nixConfig in the flake, and `accept-flake-config = true` in the user's settings", with: realNix,
		outcome: "it is not read: what it would allow stays forbidden", try: func(a *attempt) {
			a.env = append(a.env, "NIX_CONFIG=accept-flake-config = true\nsandbox = false\nbuild-users-group =")
			a.builds(`nixConfig.allow-import-from-derivation = true; nixConfig.extra-experimental-features = "flakes nix-command"; `)
		}},
	{name: "import from derivation", with: realNix, outcome: "nothing is built; the error says how to allow it",
		try: func(a *attempt) {
			a.env = append(a.env, "NIX_CONFIG=sandbox = false\nbuild-users-group =")
			a.builds("")
		}},
	{name: "inputs that are not locked", with: realNix,
		outcome: "right; no lock file is written, and git sees no change", try: func(a *attempt) {
			a.write("other/flake.nix", `{ outputs = _: { clan.modules.x.roles.peer = { }; }; }`)
			flake := a.clan("{}")
			a.write("clan/flake.nix",
				`{ inputs.other.url = "path:`+filepath.Join(a.dir, "other")+
					`"; outputs = { self, other }: { inventory.machines.a = { };
			inventory.instances.x = { module.input = "other"; roles.peer.machines.a = { }; }; }; }`)
			a.repository(flake)
			later := time.Now().Add(time.Hour) // git would write down that it saw this
			a.check(os.Chtimes(filepath.Join(flake, "flake.nix"), later, later))
			before := a.git(flake, "ls-files", "--stage")
			r := a.run("eval", "--offline", "--flake", flake, "--jq", ".findings | length")
			a.expect(r, 0, "")
			if entries, _ := os.ReadDir(flake); r.stdout != "0\n" || len(entries) != 2 {
				a.Errorf("%s; in the flake are %v", r.stdout, entries)
			}
			if after := a.git(flake, "ls-files", "--stage"); after != before ||
				a.git(flake, "status", "--porcelain") != "" {
				a.Errorf("git sees %s%s", after, a.git(flake, "status"))
			}
		}},
	{name: "a secret in the environment", with: standIn + " that writes down its own", anyNix: true,
		outcome: "Nix does not get it", try: func(a *attempt) {
			for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "GIT_TOKEN", "NIX_GITHUB_TOKEN",
				"SOPS_AGE_KEY", "PASSWORD", "XDG_SECRET", "BASH_FUNC_x%%", "GIT_DIR", "LD_PRELOAD"} {
				a.env = append(a.env, name+"=hunter2")
			}
			a.env = append(a.env, "NIX_CONFIG=keep = me")
			env := a.environmentOf()
			if strings.Contains(env, "hunter2") {
				a.Errorf("Nix gets %s", env)
			}
			if !strings.Contains(env, "NIX_CONFIG=keep = me\n") || !strings.Contains(env, "HOME=") {
				a.Errorf("Nix gets only %s", env)
			}
		}},
	{name: "a token given with --option access-tokens", with: standIn + " that writes down its command line, and Nix",
		outcome: "it is on no command line of Nix, and not shown with -v; Nix gets it all the same",
		try: func(a *attempt) {
			option := []string{"--option", "access-tokens", "example.org=hunter2", "-v"}
			env := a.environmentOf(option...)
			line, err := os.ReadFile(filepath.Join(a.dir, "line"))
			a.check(err)
			if strings.Contains(string(line), "hunter2") || !strings.Contains(string(line), "--json") {
				a.Errorf("the command line is %s", line)
			}
			if !strings.Contains(env, "access-tokens = example.org=hunter2\n") {
				a.Errorf("Nix gets %s", env)
			}
			r := a.run(append(option, "eval", "--offline", "--flake", a.clan(healthy))...)
			a.expect(r, 0, `^\+ `)
			if strings.Contains(r.stderr, "hunter2") {
				a.Errorf("it is shown: %s", r.stderr)
			}
		}},
	{name: "--offline, with an input that is somewhere on the network", with: realNix + " and a web server",
		outcome: "no request; without --offline there is one", try: func(a *attempt) {
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				http.Error(w, "no", http.StatusNotFound)
			}))
			defer server.Close()
			flake := a.clan("{}")
			a.write("clan/flake.nix",
				`{ inputs.far.url = "`+server.URL+
					`/far.tar.gz"; outputs = _: { inventory.instances = { }; inventory.machines = { }; }; }`)
			begin := time.Now()
			r := a.run("eval", "--flake", flake, "--offline")
			if took := time.Since(begin); took > soon {
				a.Errorf("it took %v", took)
			}
			a.expect(r, 1, `hint: something that this flake needs is not at hand`)
			if n := requests.Load(); n != 0 {
				a.Errorf("%d requests with --offline", n)
			}
			a.expect(a.finishQuietly(a.command("eval", "--flake", flake, "--option", "download-attempts", "1")), 1, ".")
			if requests.Load() == 0 {
				a.Errorf("no request without --offline either: this proves nothing")
			}
		}},
	{name: "no network at all, with --offline", with: realNix + " without network interfaces",
		outcome: "the answer is right", try: func(a *attempt) {
			unshare := []string{"unshare", "-n"}
			if os.Geteuid() != 0 {
				unshare = append(unshare, "-r")
			}
			if out, err := exec.Command(unshare[0], append(unshare[1:], "true")...).CombinedOutput(); err != nil {
				a.Skipf("SKIP: the network cannot be taken away here: %s", out)
			}
			a.right(func() ran {
				cmd := exec.Command(unshare[0],
					append(unshare[1:], clanctl, "eval", "--offline", "--nix", a.nix, "--flake",
						filepath.Join(a.dir, "clan"))...)
				cmd.Env = a.env
				return a.finish(cmd)
			}, "")
		}},
	{name: "a cache directory that everybody may write to", with: realNix,
		outcome: "not used, one line says so, the answer is right", try: func(a *attempt) {
			a.right(func() ran {
				a.check(os.Chmod(a.mkdir("home/.cache/clanctl"), 0o777))
				return a.unused()
			}, `^clanctl: unsafe directory: .* is not used: others may write to it\n$`)
		}},
	{name: "a cache directory below one that everybody may write to", with: realNix,
		outcome: "not used, one line says so, the answer is right", try: func(a *attempt) {
			a.right(func() ran {
				a.mkdir("home/.cache/clanctl")
				a.check(os.Chmod(a.mkdir("home/.cache"), 0o777))
				return a.unused()
			}, `^clanctl: unsafe directory: .* is not used: everybody may write to .*/home/.cache\n$`)
		}},
	{name: "a cache directory of somebody else's", with: realNix,
		outcome: "not used, one line says so, the answer is right", try: func(a *attempt) {
			a.right(func() ran {
				if err := os.Chown(a.mkdir("home/.cache/clanctl"), 12345, 12345); err != nil {
					a.Skipf("SKIP: only root can give a directory away: %v", err)
				}
				return a.unused()
			}, `^clanctl: unsafe directory: .* is not used: another user owns it\n$`)
		}},
	{name: "a cache directory that is a link", with: realNix,
		outcome: "not followed, one line says so, the answer is right", try: func(a *attempt) {
			a.right(func() ran {
				a.mkdir("home/.cache")
				a.check(os.RemoveAll(filepath.Join(a.dir, "home/.cache/clanctl")))
				a.check(os.Symlink(a.mkdir("elsewhere"), filepath.Join(a.dir, "home/.cache/clanctl")))
				r := a.unused()
				if entries, _ := os.ReadDir(filepath.Join(a.dir, "elsewhere")); len(entries) > 0 {
					a.Errorf("it was written to: %v", entries)
				}
				return r
			}, `^clanctl: unsafe directory: .* is not used: it is a link\n$`)
		}},
	{name: "a home with spaces in its name, and links on the way to it", with: realNix,
		outcome: "the answer is right, and kept", try: func(a *attempt) {
			a.right(func() ran {
				a.mkdir("a home%20")
				a.check(os.Symlink("a home%20", filepath.Join(a.dir, "linked")))
				a.env = append(a.env, "HOME="+filepath.Join(a.dir, "linked"), "TMPDIR="+a.mkdir("tmp"))
				time.Sleep(100 * time.Millisecond)
				a.finishQuietly(a.command("eval", "--flake", filepath.Join(a.dir, "clan"), "--offline"))
				// -v would show a run of Nix
				return a.run("eval", "--flake", filepath.Join(a.dir, "clan"), "--offline", "-v")
			}, "")
		}},
	{name: "links among the files of the cache", with: realNix, outcome: "not followed, replaced; the answer is right",
		try: func(a *attempt) {
			a.right(func() ran {
				time.Sleep(100 * time.Millisecond)
				args := []string{"eval", "--flake", filepath.Join(a.dir, "clan"), "--offline"}
				a.finishQuietly(a.command(args...))
				files, _ := filepath.Glob(filepath.Join(a.dir, "home/.cache/clanctl/*-*"))
				a.mkdir("moved")
				for _, file := range files {
					moved := filepath.Join(a.dir, "moved", filepath.Base(file))
					a.check(os.Rename(file, moved))
					a.check(os.Symlink(moved, file))
				}
				if r := a.run(append(args, "-v")...); !strings.HasPrefix(r.stderr, "+ ") {
					a.Errorf("an answer was read through a link")
				}
				r := a.run(args...) // -v kept no output
				for _, file := range files {
					if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
						a.Errorf("%s is still a link", file)
					}
				}
				return r
			}, "")
		}},
	{name: "a program directory of somebody else's, with another program in it", with: realNix,
		outcome: "not used, the answer is right", try: func(a *attempt) {
			a.right(func() ran {
				a.finishQuietly(a.command("eval", "--flake", filepath.Join(a.dir, "clan"), "--offline", "--no-cache"))
				programs, _ := filepath.Glob(filepath.Join(a.dir, "home/.cache/clanctl/nix/*/reader.nix"))
				if len(programs) == 0 {
					a.Fatal("there is no program")
				}
				for _, program := range programs {
					a.check(os.WriteFile(program, []byte(`_: _: abort "replaced"`), 0o666))
					a.check(os.Chmod(filepath.Dir(program), 0o777))
				}
				a.check(os.Chmod(filepath.Join(a.dir, "home/.cache/clanctl/nix"), 0o777))
				return a.run("eval", "--flake", filepath.Join(a.dir, "clan"), "--offline", "--no-cache")
			}, "")
		}},
	{name: "a directory with spaces, `?`, `#`, `%`, quotes and other signs in its name", with: realNix,
		outcome: "the answer is right; Nix 2.8 cannot read all of them, and a hint says so", try: func(a *attempt) {
			if strings.HasPrefix(versions([]string{a.nix})[0], "Nix 2.8.") {
				flake := filepath.Join(filepath.Dir(a.clan(healthy)), `a b?c#d`)
				a.check(os.Rename(filepath.Join(a.dir, "clan"), flake))
				a.expect(a.run("eval", "--offline", "--flake", flake), 1,
					`hint: Nix 2.8 cannot read a directory with spaces or special characters in its name`)
				a.git(flake, "init", "-q")
				a.git(flake, "add", "-A")
				a.expect(a.run("eval", "--offline", "--flake", flake), 1,
					`hint: Nix 2.8 cannot read a directory with spaces or special characters in its name`)
				a.git(flake, "commit", "-qm", "x")
				a.expect(a.run("eval", "--offline", "--flake", flake), 0, "")
				return
			}
			a.right(func() ran {
				odd := filepath.Join(a.dir, `a b?c#d%20e'f"g&h=i`)
				a.check(os.Rename(filepath.Join(a.dir, "clan"), odd))
				r := a.run("eval", "--offline", "--flake", odd)
				// The document says where it is from.
				r.stdout = strings.NewReplacer(odd[:len(a.dir)]+`/a b?c#d%20e'f\"g&h=i`, filepath.Join(a.dir, "clan"),
					`a%20b%3Fc%23d%2520e'f%22g&h=i`, "clan").Replace(r.stdout)
				return r
			}, "")
		}},
}

// builds evaluates a clan that must build something to be evaluated.
func (a *attempt) builds(more string) {
	a.Helper()
	flake := a.clan("{}")
	built := filepath.Join(a.dir, "built")
	a.write("clan/flake.nix", `{ `+more+`outputs = _: { inventory.instances = { };
		inventory.machines = import (derivation { name = "machines-`+filepath.Base(filepath.Dir(a.dir))+
		`"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo '{ a = { }; }' > $out; echo > `+built+
		`" ]; }); }; }`)
	r := a.run("eval", "--offline", "--flake", flake)
	a.expect(r, 3,
		`hint: this clan builds something in order to be evaluated; allow it with --option allow-import-from-derivation true`)
	if _, err := os.Stat(built); err == nil {
		a.Errorf("it was built")
	}
}

// environmentOf runs clanctl with a Nix that writes down its environment and, in the file "line", its command line.
func (a *attempt) environmentOf(args ...string) string {
	a.Helper()
	nix := a.script("nix",
		fmt.Sprintf("env > %[1]s/environment; tr '\\0' '\\n' < /proc/$$/cmdline > %[1]s/line; echo '{}'", a.dir))
	a.run(append([]string{"eval", "--nix", nix, "--flake", a.clan(healthy)}, args...)...)
	text, err := os.ReadFile(filepath.Join(a.dir, "environment"))
	a.check(err)
	return string(text)
}

// unused runs clanctl twice, and looks that nothing was kept.
func (a *attempt) unused() ran {
	a.Helper()
	args := []string{"eval", "--flake", filepath.Join(a.dir, "clan"), "--offline"}
	r := a.run(args...)
	if files, _ := filepath.Glob(filepath.Join(a.dir, "home/.cache/clanctl/*-*")); len(files) > 0 {
		a.Errorf("it was used: %v", files)
	}
	return r
}

// repository makes a git repository of a directory, with everything in it.
func (a *attempt) repository(dir string) {
	a.Helper()
	a.git(dir, "init", "-q")
	a.git(dir, "add", "-A")
	a.git(dir, "commit", "-qm", "x")
}

func (a *attempt) git(dir string, args ...string) string {
	a.Helper()
	cmd := exec.Command("git",
		append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	cmd.Env = a.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.Fatalf("git %v: %v: %s", args, err, out)
	}
	return string(out)
}
