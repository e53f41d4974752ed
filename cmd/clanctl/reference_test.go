package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReference compares docs/reference.md with what the code says of commands and flags; UPDATE=1 writes it anew.
func TestReference(t *testing.T) {
	const page = "../../docs/reference.md"
	text, err := newApp(io.Discard, io.Discard).ToMarkdown()
	if err != nil {
		t.Fatal(err)
	}
	text = "<!-- Generated from the code: UPDATE=1 go test -run TestReference ./cmd/clanctl -->\n\n" + strings.TrimRight(text, "\n") + "\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(got)); diff != "" {
		t.Errorf("docs/reference.md is not what the code says (UPDATE=1 writes it anew): %s", diff)
	}
}

func TestManPage(t *testing.T) {
	var page strings.Builder
	if code := run(t.Context(), []string{"clanctl", "man"}, &page, io.Discard); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	for _, want := range []string{".TH clanctl 1", "print the clan as one JSON document", `clanctl why [FLAG...] INSTANCE ROLE MACHINE [SETTING.PATH]`} {
		if !strings.Contains(strings.ReplaceAll(page.String(), `\fB`, ""), want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	man, err := exec.LookPath("man")
	if err != nil {
		t.Log("there is no man here to read it with")
		return
	}
	cmd := exec.Command(man, "--warnings", "-l", "-")
	cmd.Stdin = strings.NewReader(page.String())
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "COMMANDS") {
		t.Errorf("man: %v\n%.500s", err, out)
	}
}
