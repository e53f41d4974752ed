package tags_test

import (
	"fmt"

	"github.com/clanctl/clanctl/pkg/tags"
)

func ExampleIndex_Members() {
	fleet := tags.NewIndex(map[string][]string{
		"laptop": {"all", "mobile"},
		"server": {"all"},
	})
	for _, m := range fleet.Members([]string{"server"}, []string{"mobile"}) {
		fmt.Println(m.Machine, m.Explicit, m.Tags)
	}
	// Output:
	// laptop false [mobile]
	// server true []
}
