package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// samples are what the runs of one command took.
type samples struct {
	wall, cpu []time.Duration
	// ratio is the processor time, to that of bare Nix in the same round.
	ratio []float64
	// peak is the most memory that the process had, or one that it waited for, in bytes.
	peak int64
}

// run runs a command once. Its processor time, which says more than the clock on a busy machine, has that of
// the processes that it waited for in it.
func (s *samples) run(dir string, env, argv []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	begin := time.Now()
	// partial: a clan of which some does not evaluate
	if err := cmd.Run(); err != nil && (cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 3) {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, stderr.String())
	}
	s.wall = append(s.wall, time.Since(begin))
	s.cpu = append(s.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak := usage.Maxrss
		if runtime.GOOS != "darwin" { // which has bytes
			peak <<= 10
		}
		s.peak = max(s.peak, peak)
	}
	return nil
}

// round runs commands in turn, of which the first is bare Nix, and notes what they took; fill only fills caches: Nix's
// store, ours, the kernel's.
func (s *session) round(fill bool, argvs [][]string, into ...*samples) error {
	for i, argv := range argvs {
		to := into[i]
		if fill {
			to = &samples{}
		}
		if err := to.run(s.dir, s.env, argv); err != nil {
			return err
		}
		if !fill {
			to.against(into[0])
		}
	}
	return nil
}

// against adds the ratio of the last run to one of bare Nix.
func (s *samples) against(bare *samples) {
	last := len(s.cpu) - 1
	s.ratio = append(s.ratio, float64(s.cpu[last])/float64(bare.cpu[len(bare.cpu)-1]))
}

func median[T time.Duration | float64](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
