package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestReplaceKilled kills processes that write as fast as they can: what is there is always a whole text.
func TestReplaceKilled(t *testing.T) {
	const kills = 200
	if path := os.Getenv("CLANCTL_TEST_REPLACE"); path != "" {
		for n := 0; ; n++ {
			if err := replace(path, wholeText(n), func() error { return nil }); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "inventory.json")
	if err := os.WriteFile(path, wholeText(0), 0o640); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	beside := 0
	seen := map[string]bool{}
	for range kills {
		writer := exec.Command(os.Args[0], "-test.run=^TestReplaceKilled$")
		writer.Env = append(os.Environ(), "CLANCTL_TEST_REPLACE="+path)
		var said bytes.Buffer
		writer.Stdout = &said
		last, _ := os.Stat(path)
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		// Not before it writes; then anywhere in a text, however long a disk takes for one.
		began := time.Now()
		deadline := began.Add(10 * time.Second)
		for texts := 1 + random.IntN(2); texts > 0 && time.Now().Before(deadline); time.Sleep(100 * time.Microsecond) {
			if now, err := os.Stat(path); err == nil && !os.SameFile(last, now) {
				last = now
				texts--
			}
		}
		time.Sleep(time.Duration(random.Int64N(int64(time.Since(began)))))
		_ = writer.Process.Kill()
		_ = writer.Wait()
		if said.Len() > 0 {
			t.Fatal(said.String())
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if _, err := fmt.Sscanf(string(text), "{\"n\": %d,", &n); err != nil || !bytes.Equal(text, wholeText(n)) {
			t.Fatalf("it is %d bytes: %.60q", len(text), text)
		}
		seen[fmt.Sprint(n)] = true
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
			t.Fatalf("its mode is %v", info.Mode())
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), temporary)); err == nil {
			beside++
		}
	}
	t.Logf("%d kills, of which %d left a file beside; %d different texts", kills, beside, len(seen))
	if beside == 0 || beside == kills || len(seen) < 2 {
		t.Error("the kills were all of one kind")
	}
}

func wholeText(n int) []byte {
	return fmt.Appendf(nil, "{\"n\": %d, \"long\": \"%s\"}\n", n,
		bytes.Repeat([]byte{byte('a' + n%26)}, 100_000+n%1000))
}
