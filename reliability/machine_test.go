package reliability

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var machineFaults = []fault{
	{name: "home and cache on a read-only file system", with: realNix + " and a file system of its own",
		outcome: "the answer is right, nothing is said", try: func(a *attempt) {
			a.right(func() ran { return a.mounted("-o ro", "") }, "")
		}},
	{name: "home and cache on a full disk", with: realNix + " and a file system of 64 KiB",
		outcome: "the answer is right, nothing is said", try: func(a *attempt) {
			a.right(func() ran { return a.mounted("-o size=64k", "head -c 100000 /dev/zero > $disk/full 2>/dev/null") },
				"")
		}},
	{name: "home, cache and temporary files on a full disk", with: realNix + " and a file system of 64 KiB",
		outcome: "the answer is right, or an error says that the disk is full", try: func(a *attempt) {
			flake := a.clan(healthy)
			want := a.finishQuietly(a.command("eval", "--flake", flake, "--no-cache", "--offline")).stdout
			r := a.mounted("-o size=64k", "export TMPDIR=$disk; head -c 100000 /dev/zero > $disk/full 2>/dev/null")
			if r.code == 1 {
				a.expect(r, 1, `(?i)no space left on device|is full`)
			} else if a.expect(r, 0, ""); r.stdout != want {
				a.Errorf("the answer is not right: %s", shorten(r.stdout))
			}
		}},
	{name: "a disk that fills up while answers are kept, and has room again",
		with: realNix + " and a file system of 512 KiB", outcome: "the answers are right", try: func(a *attempt) {
			a.right(func() ran {
				// With room for the programs, but not for an answer.
				return a.mounted("-o size=512k",
					`sleep 0.2; "$@" > /dev/null; rm -r $disk/.cache/clanctl/answer* $disk/.cache/clanctl/text*; head -c 1000000 /dev/zero > $disk/full 2>/dev/null
"$@" > /dev/null || exit; "$@" > /dev/null || exit; rm $disk/full; "$@" > /dev/null || exit`)
			}, "")
		}},
	{name: "no HOME and no other variable", with: realNix, outcome: "the answer is right, nothing is said",
		try: func(a *attempt) {
			a.right(func() ran {
				cmd := a.command("eval", "--flake", filepath.Join(a.dir, "clan"), "--offline", "--nix", a.nix)
				cmd.Env = []string{"NIX_REMOTE=" + os.Getenv("NIX_REMOTE")}
				return a.finish(cmd)
			}, "")
		}},
	{name: "a HOME that cannot be made", with: realNix, outcome: "the answer is right, or Nix's own error",
		try: func(a *attempt) {
			flake := a.clan(healthy)
			want := a.finishQuietly(a.command("eval", "--flake", flake, "--no-cache", "--offline")).stdout
			a.env = append(a.env, "HOME=/proc/nobody")
			if r := a.run("eval", "--flake", flake, "--offline"); r.code != 0 {
				a.expect(r, 1, `/proc/nobody`)
			} else if a.expect(r, 0, ""); r.stdout != want {
				a.Errorf("the answer is not right: %s", shorten(r.stdout))
			}
		}},
	{name: "every file of the cache damaged, one bit each", with: realNix,
		outcome: "the answer is right, and kept anew", try: func(a *attempt) {
			a.right(func() ran {
				return a.afterSpoiling(func(text []byte) []byte { text[len(text)*2/3] ^= 4; return text })
			}, "")
		}},
	{name: "every file of the cache cut off, as after a power failure", with: realNix,
		outcome: "the answer is right, and kept anew", try: func(a *attempt) {
			a.right(func() ran { return a.afterSpoiling(func(text []byte) []byte { return text[:len(text)/2] }) }, "")
			a.right(func() ran { return a.afterSpoiling(func([]byte) []byte { return nil }) }, "")
		}},
	{name: "files from the future and from 1970, and edited again", with: realNix,
		outcome: "each answer is that of the files as they are", try: func(a *attempt) {
			for i, when := range []time.Time{time.Now().AddDate(50, 0, 0), time.Unix(0, 0), time.Now().AddDate(0, 0, 1),
				time.Unix(1, 0), time.Now()} {
				file := filepath.Join(a.clan(fmt.Sprintf(`{ inventory.machines.a%d = { }; inventory.instances = { }; }`,
					i)), "flake.nix")
				a.check(os.Chtimes(file, when, when))
				for range 2 {
					r := a.run("eval", "--flake", filepath.Dir(file), "--offline", "--jq", ".machines | keys[]")
					a.expect(r, 0, "")
					if r.stdout != fmt.Sprintf("\"a%d\"\n", i) {
						a.Errorf("got %s after edit %d", r.stdout, i)
					}
				}
			}
		}},
	{name: "a document of 60 MB", with: realNix, outcome: "it is printed whole", try: func(a *attempt) {
		r := a.run("eval", "--offline", "--flake",
			a.clan(`{ clan.modules.x.roles.peer = { }; inventory.machines.a = { };
			inventory.instances.x.roles.peer.machines.a.settings.list = builtins.genList (i: "element number ${toString i} of a very long list") 1000000; }`))
		a.expect(r, 0, "")
		if n := strings.Count(r.stdout, "element number"); n != 1000000 || !strings.HasSuffix(r.stdout, "}\n") {
			a.Errorf("%d elements", n)
		}
	}},
	{name: "settings 3,000 levels deep, and without end", with: realNix,
		outcome: "the rest is shown, a finding says what is not", try: func(a *attempt) {
			r := a.run("eval", "--offline", "--flake",
				a.clan(`{ clan.modules.x.roles.peer = { }; inventory.machines.a = { };
			inventory.instances.x.roles.peer.machines.a.settings = { ok = 1; deep = builtins.foldl' (v: i: { inherit v; }) 1 (builtins.genList (i: i) 3000);
			endless = let e = { inherit e; }; in e; lists = builtins.foldl' (v: i: [ v ]) 1 (builtins.genList (i: i) 3000); }; }`),
				"--jq", ".instances.x.roles.peer.machines.a.settings.ok, ([.findings[].code] | unique[])")
			a.expect(r, 0, "")
			if r.stdout != "1\n\"not-representable\"\n" {
				a.Errorf("got %s", shorten(r.stdout))
			}
		}},
	{name: "3,000 settings that throw", with: realNix,
		outcome: "a finding for each, in a bounded number of Nix processes; the first 100 with Nix's message",
		try: func(a *attempt) {
			r := a.run("eval", "--offline", "--flake",
				a.clan(`{ clan.modules.x.roles.peer = { }; inventory.machines.a = { };
			inventory.instances.x.roles.peer.machines.a.settings = builtins.listToAttrs (map (i: { name = "s${toString i}"; value = throw "message ${toString i}"; }) (builtins.genList (i: i) 3000)); }`),
				"--jq",
				`[(.findings | length), ([.findings[] | select(.message | contains("message"))] | length), ([.findings[] | select(.hint // "" | contains("left out"))] | length)] | tojson`,
				"-r")
			a.expect(r, 0, "")
			if r.stdout != "[3000,100,2900]\n" {
				a.Errorf("got %s", r.stdout)
			}
		}},
	{name: "a recursion without end in one instance", with: realNix,
		outcome: "exit code 3: a finding for the instance, the others are shown", try: func(a *attempt) {
			r := a.run("eval", "--offline", "--flake",
				a.clan(`{ clan.modules.x.roles.peer = { }; inventory.machines.a = { };
			inventory.instances.good = { module.name = "x"; roles.peer.machines.a = { }; };
			inventory.instances.bad = { module.name = let f = n: 1 + f (n + 1); in f 0; }; }`))
			a.expect(r, 3, `stack overflow|max-call-depth`)
			if !strings.Contains(r.stdout, `"good": {`) {
				a.Errorf("got %s", shorten(r.stdout))
			}
		}},
}

// mounted runs clanctl with its home on a file system of its own; before is a shell script that prepares it
// and has clanctl as "$@".
func (a *attempt) mounted(options, before string) ran {
	a.Helper()
	unshare := []string{"unshare", "-m"}
	if os.Geteuid() != 0 {
		unshare = append(unshare, "-r")
	}
	if out, err := exec.Command(unshare[0],
		append(unshare[1:], "mount", "-t", "tmpfs", "tmpfs", a.mkdir("disk"))...).CombinedOutput(); err != nil {
		a.Skipf("SKIP: no file system can be mounted here: %s", out)
	}
	script := "disk=" + a.mkdir("disk") + "\nmount -t tmpfs " + options +
		" tmpfs $disk || exit 99\nexport HOME=$disk\n" + before + "\nexec \"$@\""
	args := append(unshare[1:], "sh", "-c", script, "sh", clanctl, "eval", "--flake", filepath.Join(a.dir, "clan"),
		"--offline", "--nix", a.nix)
	cmd := exec.Command(unshare[0], args...)
	cmd.Env = a.env
	return a.finish(cmd)
}

// afterSpoiling fills the cache, changes what every file in it holds, and asks again, twice.
func (a *attempt) afterSpoiling(change func([]byte) []byte) ran {
	a.Helper()
	args := []string{"eval", "--flake", filepath.Join(a.dir, "clan"), "--offline"}
	time.Sleep(100 * time.Millisecond) // what was only just written is not kept
	a.finishQuietly(a.command(args...))
	files, _ := filepath.Glob(filepath.Join(a.dir, "home/.cache/clanctl/*-*"))
	if len(files) < 3 {
		a.Fatalf("the cache holds %v", files)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		a.check(err)
		a.check(os.WriteFile(file, change(text), 0o600))
	}
	r := a.run(args...)
	if again := a.run(append(args, "-v")...); again.stdout != r.stdout || again.stderr != "" {
		a.Errorf("the answer was not kept anew: %s", shorten(again.stderr))
	}
	return r
}
