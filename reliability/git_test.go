package reliability

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

var gitFaults = []fault{
	{name: "a checkout that names a program wherever git may run one", with: realNix,
		outcome: "none of them runs, whatever the command", try: func(a *attempt) {
			flake := a.trapped("clan", false)
			a.harmless(flake, [][]string{
				{"eval"}, {"check"}, {"diff"}, {"diff", "HEAD~1"}, {"report", "-o", "report.html"}, {"modules"},
				{"why", "sshd", "server", "attic"}, {"__complete", "diff", ""},
				{"tags", "add", "--new", "web", "attic", "--dry-run"}, {"tags", "add", "--new", "web", "attic"},
				{"roles", "add", "sshd", "server", "studio"},
				{"set", "sshd", "server", "--machine", "studio", `authorizedKeys={}`, "--dry-run"},
				{"instances", "create", "x", "--module", "services#borg", "--role", "client=attic", "--role",
					"server=studio"},
			})
		}},
	{name: "such a checkout that is a partial clone, and a commit that is not all there", with: realNix,
		outcome: "none of them runs, nothing is fetched; what needs the missing files fails and says why",
		try: func(a *attempt) {
			flake := a.trapped("clan", true)
			a.harmless(flake,
				[][]string{{"eval"}, {"tags", "add", "--new", "web", "attic", "--dry-run"}, {"__complete", "diff", ""}})
			for _, args := range [][]string{{"diff", "HEAD~1"}, {"diff", "HEAD~1", "--offline"},
				{"diff", "HEAD~1", "HEAD"}} {
				a.expect(a.run(append(args, "--flake", flake)...), 1,
					"this clone is partial; git fetch --refetch --no-filter gets")
				a.unmarked(args)
			}
		}},
	{name: "--watch in such a checkout", with: realNix, outcome: "none of them runs", try: func(a *attempt) {
		flake := a.trapped("clan", false)
		cmd := a.command("eval", "--watch", "--flake", flake, "--jq", ".machines | keys")
		file, err := os.Create(filepath.Join(a.dir, "shown"))
		a.check(err)
		defer file.Close()
		cmd.Stdout = file
		a.check(cmd.Start())
		shows := func(name string) func() bool {
			return func() bool { text, _ := os.ReadFile(file.Name()); return strings.Contains(string(text), name) }
		}
		a.until("the clan is shown", shows(`"attic"`))
		a.check(os.WriteFile(filepath.Join(flake, "inventory.nix"), []byte("{ machines.new = { }; }"), 0o600))
		a.until("the edited clan is shown", shows(`"new"`))
		a.check(cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait()
		a.unmarked(cmd.Args)
	}},
	{name: "--commit in such a checkout", with: realNix, outcome: "just those run that `git commit` runs",
		try: func(a *attempt) {
			flake := a.trapped("clan", false)
			a.harmless(flake, [][]string{{"tags", "add", "--new", "web", "attic"}})
			other := filepath.Join(a.dir, "other")
			a.check(exec.Command("cp", "-a", flake, other).Run())
			git := exec.Command("git", "-C", flake, "commit", "--quiet", "--only", "--message", "x", "--",
				"inventory.json")
			git.Env = a.env
			a.expect(a.finish(git), 0, "^")
			want := a.marks()
			a.expect(a.run("tags", "add", "--new", "web", "attic", "--commit", "--flake", other), 0, "committed as")
			if got := a.marks(); !slices.Equal(got, want) || !slices.Contains(want, "gpg.program") ||
				!slices.Contains(want, "hook-pre-commit") || !slices.Contains(want, "filter.trap.clean") {
				a.Errorf("git ran %v, clanctl %v", want, got)
			}
		}},
	{name: "a hook that never ends and takes no notice of signals, SIGTERM", with: realNix,
		outcome: "exit code 130; written, but not committed; no lock is left", try: func(a *attempt) {
			a.stuckHook(func(cmd *exec.Cmd) { a.check(cmd.Process.Signal(syscall.SIGTERM)) }, 130)
		}},
	{name: "such a hook, Ctrl-C", with: realNix, outcome: "exit code 130; written, but not committed; no lock is left",
		try: func(a *attempt) {
			a.stuckHook(func(cmd *exec.Cmd) { a.check(syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)) }, 130)
		}},
	{name: "such a hook, --timeout 15s", with: realNix,
		outcome: "exit code 1; written, but not committed; no lock is left", try: func(a *attempt) {
			a.stuckHook(nil, 1, "--timeout", "15s")
		}},
	{name: "git cannot read a commit", with: realNix, outcome: "exit code 1 and git's message, not an answer",
		try: func(a *attempt) {
			flake := a.clan(healthy)
			a.repository(flake)
			tree := strings.TrimSpace(a.git(flake, "rev-parse", "HEAD^{tree}"))
			object := filepath.Join(flake, ".git/objects", tree[:2], tree[2:])
			a.check(errors.Join(os.Remove(object), os.WriteFile(object, []byte("junk"), 0o600)))
			for _, args := range [][]string{{"diff"}, {"diff", "HEAD", "HEAD"}} {
				r := a.run(append(args, "--flake", flake)...)
				a.expect(r, 1, `revision ".*": git ls-tree: exit status 128: .*`)
				if r.stdout != "" {
					a.Errorf("it prints %s", r.stdout)
				}
			}
		}},
}

// stuckHook has clanctl commit in a repository whose hook does not end, and ends clanctl.
func (a *attempt) stuckHook(end func(*exec.Cmd), code int, args ...string) {
	a.Helper()
	flake := filepath.Join(a.dir, "clan")
	a.check(os.CopyFS(flake, os.DirFS("../examples/homelab")))
	a.repository(flake)
	a.git(flake, "config", "user.name", "t")
	a.git(flake, "config", "user.email", "t@example.org")
	begun := filepath.Join(a.dir, "begun")
	a.check(os.Rename(a.script("hook", "trap '' TERM INT HUP\n> "+begun+"\nwhile :; do sleep 1; done # "+a.dir),
		filepath.Join(flake, ".git/hooks/pre-commit")))
	cmd := a.command(append([]string{"tags", "add", "--new", "web", "attic", "--commit", "--flake", flake}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does
	wait := a.start(cmd)
	a.until("the hook runs", func() bool { _, err := os.Stat(begun); return err == nil })
	if end != nil {
		end(cmd)
		begin := time.Now()
		defer func() {
			if a.took = time.Since(begin); a.took > 5*time.Second {
				a.Errorf("it took %v to end", a.took)
			}
		}()
	}
	a.expect(wait(), code, "inventory.json was written, but not committed")
	locks, _ := filepath.Glob(filepath.Join(flake, ".git/*.lock"))
	if len(locks) > 0 {
		a.Errorf("left behind: %v", locks)
	}
	if changed := a.git(flake, "status", "--porcelain"); changed != " A inventory.json\n" {
		a.Errorf("git sees %q", changed)
	}
}

// traps are the settings of git that name a program, and what that does besides leaving a mark.
var traps = []struct{ setting, does string }{
	{"core.fsmonitor", ""}, {"core.pager", "cat"}, {"core.editor", ""}, {"sequence.editor", ""}, {"core.askPass", ""},
	{"core.gitProxy", ""}, {"core.sshCommand", "exit 1"},
	{"core.alternateRefsCommand", ""}, {"credential.helper", ""}, {"diff.external", ""}, {"diff.trap.command", ""},
	{"diff.trap.textconv", `cat "$1"`}, {"merge.trap.driver", ""},
	{"filter.trap.clean", "cat"}, {"filter.trap.smudge", "cat"}, {"filter.info.process", "exit 1"},
	{"interactive.diffFilter", "cat"},
	{"gpg.program", `cat >/dev/null; printf '\n[GNUPG:] SIG_CREATED \n' >&2; echo signature`},
	{"gpg.ssh.program", "exit 1"}, {"gpg.ssh.defaultKeyCommand", ""},
	{"remote.origin.uploadpack", "exit 1"}, {"remote.origin.receivepack", "exit 1"},
	{"uploadpack.packObjectsHook", "exit 1"}, {"gc.recentObjectsHook", ""},
	{"tar.tar.command", "cat"}, {"hook.trap.command", ""}, {"submodule.trap.update", ""}, {"trailer.trap.command", ""},
	{"pager.log", "cat"},
	{"alias.ls-files", ""}, {"alias.ls-tree", ""}, {"alias.rev-parse", ""}, {"alias.diff", ""}, {"alias.archive", ""},
	{"alias.commit", ""},
}

var hooks = []string{"applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit",
	"prepare-commit-msg", "commit-msg", "post-commit", "pre-rebase", "post-checkout",
	"post-merge", "pre-push", "reference-transaction", "push-to-checkout", "pre-auto-gc", "post-rewrite",
	"fsmonitor-watchman", "post-index-change", "update", "pre-receive"}

// trapped makes a checkout of the example, with two commits, in whose configuration a program that leaves a
// mark stands wherever git knows a place for one. Where it is partial, git lacks files of the first commit,
// and a transport has a program, too.
func (a *attempt) trapped(name string, partial bool) string {
	a.Helper()
	origin, flake := filepath.Join(a.dir, name+"-origin"), filepath.Join(a.dir, name)
	a.check(os.CopyFS(origin, os.DirFS("../examples/homelab")))
	a.check(os.WriteFile(filepath.Join(origin, ".gitattributes"), []byte("* filter=trap diff=trap merge=trap\n"),
		0o600))
	edit := func(text string) {
		a.check(os.WriteFile(filepath.Join(origin, "inventory.nix"),
			[]byte("{ machines.attic.tags = [ ]; machines.studio = { }; # "+text+`
			instances.sshd = { module.input = "services"; roles.server.tags.all = { }; roles.client.tags.all = { }; }; }`),
			0o600))
	}
	edit("first")
	a.repository(origin)
	a.git(origin, "tag", "old")
	edit("second")
	a.git(origin, "commit", "-qam", "y")
	a.git(origin, "config", "uploadpack.allowFilter", "true")
	clone := []string{"clone", "-q", "file://" + origin, flake}
	if partial {
		clone = append(clone, "--filter=blob:none")
	}
	a.git(a.dir, clone...)
	a.git(flake, "config", "user.name", "t")
	a.git(flake, "config", "user.email", "t@example.org")
	for _, trap := range traps {
		program := a.trap(trap.setting, trap.does)
		if strings.HasPrefix(trap.setting, "alias.") || strings.HasPrefix(trap.setting, "submodule.") {
			program = "!" + program
		}
		a.git(flake, "config", trap.setting, program)
	}
	for _, hook := range hooks {
		a.check(os.Rename(a.trap("hook-"+hook, ""), filepath.Join(flake, ".git/hooks", hook)))
	}
	for _, setting := range [][2]string{{"commit.gpgSign", "true"}, {"tag.gpgSign", "true"},
		{"log.showSignature", "true"}, {"diff.trustExitCode", "true"}, {"diff.trap.trustExitCode", "true"},
		{"filter.trap.required", "true"}, {"filter.info.required", "true"}, {"protocol.allow", "always"},
		{"protocol.ext.allow", "always"}, {"hook.trap.event", "post-index-change"}} {
		a.git(flake, "config", setting[0], setting[1])
	}
	if partial {
		a.git(flake, "config", "remote.origin.url", "ext::"+a.trap("ext", "exit 1"))
	}
	a.check(os.MkdirAll(filepath.Join(flake, ".git/info"), 0o700))
	a.check(os.WriteFile(filepath.Join(flake, ".git/info/attributes"), []byte("*.md filter=info\n"), 0o600))
	// What looks edited git looks at.
	a.check(filepath.WalkDir(flake, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == ".git" {
			return fs.SkipDir
		}
		later := time.Now().Add(time.Hour)
		return os.Chtimes(path, later, later)
	}))
	a.marks()
	return flake
}

// trap makes a program that leaves a mark.
func (a *attempt) trap(name, does string) string {
	a.Helper()
	return a.script("traps/"+name,
		fmt.Sprintf("mkdir -p %[1]s; echo \"$*\" >> %[1]s/%[2]s\n%[3]s", filepath.Join(a.dir, "marks"), name, does))
}

// marks are the names of the programs that ran since it was asked last.
func (a *attempt) marks() []string {
	a.Helper()
	dir := filepath.Join(a.dir, "marks")
	entries, _ := os.ReadDir(dir)
	a.check(os.RemoveAll(dir))
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func (a *attempt) unmarked(args []string) {
	a.Helper()
	if names := a.marks(); len(names) > 0 {
		a.Errorf("clanctl %s ran %v", strings.Join(args, " "), names)
	}
}

// harmless runs commands on a flake and looks that none leaves a mark.
func (a *attempt) harmless(flake string, commands [][]string) {
	a.Helper()
	for _, args := range commands {
		if !slices.Contains(args, "--flake") {
			args = append(args, "--flake", flake)
		}
		cmd := a.command(args...)
		r := a.finish(cmd)
		if r.code != 0 && r.code != 3 {
			a.Errorf("clanctl %s: exit code %d: %s", strings.Join(args, " "), r.code, shorten(r.stderr))
		}
		a.unmarked(args)
	}
}
