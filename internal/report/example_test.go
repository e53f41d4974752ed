package report_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/internal/report"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// A web service would write the page to its response.
func ExampleWrite() {
	ref, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		log.Fatal(err)
	}
	// Origins are where each value comes from, which the page tells.
	config := instance.Config{Evaluator: nixeval.Evaluator{Offline: true}, Need: instance.NeedOrigins}
	inv, err := instance.Load(context.Background(), ref, config)
	if err != nil {
		log.Fatal(err)
	}
	var page bytes.Buffer
	if err := report.Write(&page, inv, check.All(inv), report.Options{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Contains(page.Bytes(), []byte("<title>homelab</title>")))
	// Output:
	// true
}
