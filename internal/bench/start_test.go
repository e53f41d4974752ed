package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/clanctl/clanctl/internal/programtest"
)

// What packages allocate to set themselves up every command pays for, whether it uses them or not. Unlike the
// time that it takes, it is the same each time.
func TestStart(t *testing.T) {
	program := filepath.Join(t.TempDir(), "clanctl")
	if err := programtest.Build(program, "../../cmd/clanctl"); err != nil {
		t.Fatal(err)
	}
	allowed := map[string]int{ // in KB; they cannot be asked to wait
		"encoding/xml": 20,
		"github.com/google/jsonschema-go/jsonschema": 90,
		"github.com/itchyny/gojq":                    240,
		"github.com/yuin/goldmark/util":              160,
		"github.com/yuin/goldmark/parser":            130,
		"html/template":                              20,
		"unicode":                                    15,
	}
	cmd := exec.Command(program, "--version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^init (\S+) .* (\d+) bytes`).FindAllStringSubmatch(string(out), -1)
	if len(lines) < 10 {
		t.Fatalf("this Go traces initialisation in another way:\n%s", out)
	}
	for _, line := range lines {
		bytes, _ := strconv.Atoi(line[2])
		limit := max(8, allowed[line[1]])
		if bytes > limit<<10 {
			t.Errorf("%s allocates %d bytes when the program starts, more than %d KB", line[1], bytes, limit)
		}
	}
}
