package export

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// samples are values of all kinds, and what people make of them by mistake.
var samples = strings.Split("yes|no|true|false|Yes|ask|auto|none|any|inet|off|accept-new|confirm|always|force|"+
	"5|05|0|-1|1.5|abc|99999999999|300000000|30s|5m|2h|99w|9999w|1h30m|info|DEBUG3|quiet|md5|unbound|subsystem|"+
	"~/.ssh/id|\"~/my key\"|'~/my key'|it's|\"x|a b|#x|x#y|%h-%p|$X|${X}|$1|a$b|~/.ssh/a ~/.ssh/b|\\|x\\|\\x|"+
	"nc -X 5 -x localhost:9050 %h %p|sh -c \"nc $H\"|aes256-ctr|aes256-ctr,aes128-ctr|+aes256-cbc|AES256-CTR|aes256|"+
	"hmac-sha2-256|+ssh-rsa|-ssh-rsa|^ssh-ed25519|ssh-ed25519,rsa-sha2-512|TERM=x|LANG=a b|cs1|af41|65535|2222|"+
	"curve25519-sha256|+diffie-hellman-group14-sha1|*|+|,", "|")

// What is written ssh reads: with one value that it refuses it reads none of the file.
func TestSSHReadsEveryOption(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("SKIP: no ssh")
	}
	file := filepath.Join(t.TempDir(), "config")
	reads := func(lines ...string) error {
		if err := os.WriteFile(file, []byte("Host h\n  "+strings.Join(lines, "\n  ")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		// Another host's: what a value makes of a connection does not matter.
		out, err := exec.Command(ssh, "-G", "-F", file, "other").CombinedOutput()
		if err != nil {
			t.Logf("%s", out)
		}
		return err
	}
	for name := range options() {
		var lines []string
		for _, value := range samples {
			if line, ok := configLine(name + "=" + value); ok {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			t.Errorf("%s takes no value", name)
		} else if err := reads(lines...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, option := range []string{"ServerAliveInterval=abc", "Compression=5", "Port=x", "Ciphers=aes257-ctr",
		"IdentityFile=a b"} {
		if line, ok := configLine(option); ok {
			t.Errorf("%s is written as %q", option, line)
		}
		if err := reads(option); err == nil {
			t.Errorf("ssh reads %s", option)
		}
	}
}
