package nixeval

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// run is what one process left behind.
type run struct {
	argv   []string
	stdout []byte
	events []Event
	source string
	// locks is Nix's account of all inputs.
	locks string
	tail  []byte
	// err is what ended it badly: an *exec.ExitError, the context's cause, or that it could not be started.
	err error
}

func (r *run) stderr() string { return string(r.tail) }

const defaultGrace = 2 * time.Second

// run starts Nix in a process group of its own and waits for its end. Whatever happens, no process of the group is left.
func (e *Evaluator) run(ctx context.Context, args []string) (*run, error) {
	r := &run{argv: append([]string{e.nix()}, args...)}
	if err := ctx.Err(); err != nil {
		r.err = err
		return r, err
	}
	cmd := exec.CommandContext(ctx, r.argv[0], args...)
	cmd.Env = environment(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout bytes.Buffer
	log := &logReader{onEvent: e.OnEvent}
	cmd.Stdout, cmd.Stderr = &stdout, log

	grace := e.Grace
	if grace == 0 {
		grace = defaultGrace
	}
	// Interrupt the group, and kill what is still there after the grace; children that hold our pipes included.
	var killer atomic.Pointer[time.Timer]
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		killer.Store(time.AfterFunc(grace, func() { _ = syscall.Kill(group, syscall.SIGKILL) }))
		return syscall.Kill(group, syscall.SIGINT)
	}
	cmd.WaitDelay = grace + time.Second

	if e.OnCommand != nil {
		e.OnCommand(r.argv)
	}
	if err := cmd.Start(); err != nil {
		r.err = err
		return r, err
	}
	err := cmd.Wait()
	// The leader is gone; nobody of its group may stay behind.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if timer := killer.Load(); timer != nil {
		timer.Stop()
	}
	log.flush()
	r.stdout, r.events, r.source, r.locks, r.tail = stdout.Bytes(), log.events, log.source, log.locks, log.tail
	r.err = err
	return r, err
}

// environment passes on what Nix and the fetchers below it need, and nothing else of the user's.
func environment(environ []string) []string {
	keep := environ[:0:0]
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if needed(name) {
			keep = append(keep, entry)
		}
	}
	return keep
}

func needed(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "LANG", "TZ", "LD_LIBRARY_PATH", "LOCALE_ARCHIVE",
		"NETRC", "SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "TERM", "DBUS_SESSION_BUS_ADDRESS",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
		"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
		"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY":
		return true
	}
	for _, prefix := range []string{"NIX_", "XDG_", "LC_", "GIT_", "GC_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
