package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// alternatives measures what a user would do without clanctl.
func (s *session) alternatives(b *strings.Builder, runs int, measured bounds) error {
	const everyMember = `services: builtins.mapAttrs (_: s: builtins.mapAttrs (_: i: builtins.mapAttrs (_: r: builtins.mapAttrs (_: m: m.finalSettings.config) r.machines) i.roles) s.instances) services`
	nix := strings.Join(append([]string{s.nix}, s.bareArgs()[1:3]...), " ") +
		" --extra-experimental-features 'nix-command flakes' --offline --no-write-lock-file "
	all := []struct {
		what, shell string
		args        []string
		bare, warm  samples
		cold        samples
	}{
		{what: "the machines' names", shell: nix + ".#clan.inventory.machines | jq -r 'keys[]'",
			args: []string{"machines", "--names"}},
		{what: "the machines in each instance, as they are written",
			shell: nix + ".#clan.inventory.instances | jq 'map_values(.roles)'",
			args:  []string{"eval", "--jq", ".instances | map_values(.roles | map_values(.machines | keys))"}},
		{what: "final settings, member by member",
			shell: nix + ".#clan._services.allServices --apply '" + everyMember + "' | jq .", args: []string{"eval"}},
	}
	fmt.Fprintf(b,
		"\n### Instead of clanctl\n\nOn %s.\n\n| | with Nix and jq | clanctl, warm | ratio | cold | ratio |\n|---|---:|---:|---:|---:|---:|\n",
		s.name)
	for _, a := range all {
		for i := range runs + 1 {
			err := s.round(i == 0, [][]string{{"sh", "-c", a.shell}, s.argv(a.args...),
				append(s.argv(a.args...), "--no-cache")}, &a.bare, &a.warm, &a.cold)
			if err != nil {
				return err
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %.2f | %s | %.2f |\n", a.what, ms(a.bare), ms(a.warm), median(a.warm.ratio),
			ms(a.cold), median(a.cold.ratio))
		if a.args[0] == "eval" && len(a.args) == 1 {
			measured["member by member"] = map[string]bound{"eval": {round(median(a.warm.ratio)),
				round(median(a.cold.ratio))}}
		}
	}
	return nil
}

// watch measures eval --watch: what it costs while nothing happens, and how long an edit takes to be seen.
func (s *session) watch(b *strings.Builder, runs int) error {
	cmd := exec.Command(s.clanctl, s.argv("eval", "--watch", "--jq", ".machines | length")[1:]...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	before := processorTime(cmd.Process.Pid)
	time.Sleep(3 * time.Second)
	idle := processorTime(cmd.Process.Pid) - before
	file := filepath.Join(s.dir, "clan.nix")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	defer func() { _ = os.WriteFile(file, text, 0o644) }()
	var took, cold []time.Duration
	for i := range runs {
		var once samples
		edited := fmt.Sprintf("{ imports = [ (%s) ]; inventory.machines.watched%d = { }; }\n",
			strings.TrimSpace(string(text)), i)
		begin := time.Now()
		if err := os.WriteFile(file, []byte(edited), 0o644); err != nil {
			return err
		}
		if _, err := lines.ReadString('\n'); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
		if err := once.run(s.dir, s.env, append(s.argv("eval"), "--no-cache")); err != nil {
			return err
		}
		cold = append(cold, once.wall...)
	}
	fmt.Fprintf(b,
		"\n### --watch\n\nOn %s, by the clock: from an edit to the answer %d ms, of which a cold `eval` is %d ms. Processor time in 3 s in which nothing happens: %d ms.\n",
		s.name, median(took).Milliseconds(), median(cold).Milliseconds(), idle.Milliseconds())
	return nil
}

// processorTime is that of a process so far, where /proc tells, in hundredths of a second.
func processorTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	var user, system int64
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) > 12 {
		_, _ = fmt.Sscan(fields[11], &user)
		_, _ = fmt.Sscan(fields[12], &system)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
