package diff

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/invtest"
)

// On a terminal without room for a table, what changed stands below its place, and nothing of it is cut but long lists.
func TestTextByPlace(t *testing.T) {
	clan := func(tag, value string) invtest.Clan {
		machines := map[string][]string{}
		for n := range 12 {
			machines[fmt.Sprintf("a-machine-with-a-long-name-%d", n)] = []string{"a-tag-with-a-long-name"}
		}
		return invtest.Clan{Machines: machines, Instances: map[string]invtest.Instance{
			"an-instance-with-a-long-name": {Roles: map[string]invtest.Role{"client": {Tags: []string{tag},
				Settings: map[string]map[string]any{"role": {"startAt": value}}}}}}}
	}
	d := Of(clan("a-tag-with-a-long-name", "daily").Inventory(), clan("all", "weekly").Inventory())
	for width, byPlace := range map[int]bool{80: true, 1000: false, 0: false} {
		var b bytes.Buffer
		if err := d.WriteText(&b, TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if got := strings.Contains(text, "\nan-instance-with-a-long-name client\n  added    tags: all\n"); got != byPlace {
			t.Errorf("on %d columns:\n%s", width, text)
		}
		if strings.Contains(text, "CHANGE ") == byPlace {
			t.Errorf("on %d columns a table:\n%s", width, text)
		}
		for line := range strings.Lines(text) {
			if w := displaywidth.String(strings.TrimSuffix(line, "\n")); width > 0 && w > width {
				t.Errorf("a line of %d on %d columns: %s", w, width, line)
			}
		}
	}
}
