package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/pkg/instance"
)

// TestLargeSettings holds what is written token by token against what is written in one piece.
func TestLargeSettings(t *testing.T) {
	settings := map[string]any{"empty": []any{}, "set": map[string]any{}, "number": json.Number("1e400"), "text": "<\u2028>\n"}
	for n := range 3 {
		settings[strings.Repeat("long", n+1)] = strings.Repeat("0123456789abcdef", n<<19)
	}
	s, err := instance.NewSettings(settings)
	if err != nil {
		t.Fatal(err)
	}
	var whole, tokens bytes.Buffer
	if err := writeJSON(&whole, settings); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(&tokens, map[string]any{"settings": s}); err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"settings\": " + strings.ReplaceAll(strings.TrimSpace(whole.String()), "\n", "\n  ") + "\n}\n"
	if len(s.JSON()) < largeSettings || tokens.String() != want {
		t.Errorf("%d bytes become %d, and not %d", len(s.JSON()), tokens.Len(), len(want))
	}
}
