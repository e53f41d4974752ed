package nearest

import (
	"testing"
)

func TestOf(t *testing.T) {
	known := []string{"borgbackup", "sshd", "syncthing", "borgbackup2", "Sshd"}
	for _, c := range []struct {
		name string
		want []string
	}{
		{"borgbakup", []string{"borgbackup", "borgbackup2"}},
		{"ssdh", []string{"Sshd", "sshd"}}, // two letters swapped are one slip
		{"shsh", nil},                      // two edits in four letters are another word
		{"shd", []string{"Sshd", "sshd"}},
		{"sshd", []string{"Sshd"}}, // never itself
		{"wireguard", nil},
		{"", nil},
	} {
		if got := len(Of(c.name, known)); got != len(c.want) {
			t.Errorf("Of(%q) = %q, want %q", c.name, Of(c.name, known), c.want)
			continue
		}
		for i, got := range Of(c.name, known) {
			if got != c.want[i] {
				t.Errorf("Of(%q) = %q, want %q", c.name, Of(c.name, known), c.want)
			}
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "badc", 2},
		{"ca", "abc", 3}, {"ä", "a", 1},
		{"borgbackup", "borgbakcup", 1}, {"client", "clients", 1}, {"xyz", "abc", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, not %d", c.a, c.b, got, c.want)
		}
	}
}

func TestListIsBounded(t *testing.T) {
	many := make([]string, 30)
	if got, want := List(many), 20; len(got) != want*len(`"", `)+len("...") {
		t.Errorf("List of 30 names = %s", got)
	}
	if got := List([]string{`a"b`, "c"}); got != `"a\"b", "c"` {
		t.Errorf("List = %s", got)
	}
}
