package tags_test

import (
	"fmt"

	"github.com/clanctl/clanctl/pkg/tags"
)

func ExampleSelector_Machines() {
	// Of an inventory: its machines' names, and its Tags.
	machines := []string{"laptop", "nas", "web-1", "web-2"}
	carriers := map[string][]string{"backup": {"laptop", "nas"}}

	selector, err := tags.ParseSelector("web-*,@backup,!laptop")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(selector.Machines(machines, carriers))
	// Output: [nas web-1 web-2] <nil>
}
