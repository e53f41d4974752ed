package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// measure runs a command once and returns how long it took, the processor time that it and its children took (which says more
// than that on a busy machine), and the most memory that it had itself, in bytes: what its children had (for clanctl, Nix)
// does not count. Where the system has no /proc the memory is 0.
func measure(dir string, row *command) (took, cpu time.Duration, memory int64, err error) {
	cmd := exec.Command(row.argv[0], row.argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), row.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, 0, err
	}
	done := make(chan struct{})
	peak := make(chan int64)
	go func() {
		var most int64
		for {
			most = max(most, highWater(cmd.Process.Pid))
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	err = cmd.Wait()
	elapsed := time.Since(begin)
	close(done)
	most := <-peak
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return elapsed, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), most, err
}

func highWater(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}
