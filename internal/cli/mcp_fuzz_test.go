package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whatever an agent's program sends, the server ends with it, and answers in whole messages.
func FuzzMCP(f *testing.F) {
	const hello = `{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}
{"jsonrpc": "2.0", "method": "notifications/initialized"}
`
	for _, seed := range []string{"", "nonsense\n", "[]\n", "{}\n", hello,
		hello + `{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}` + "\n",
		hello + `{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "explain", "arguments": {"codes": ["unknown-tag"]}}}` + "\n",
		hello + `{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "set", "arguments": {"instance": "a", "role": "b", "settings": ["c=1"], "write": true}}}` + "\n",
		hello + `{"jsonrpc": "2.0", "id": null, "method": "tools/call", "params": {"name": 1}}` + "\n",
		hello + `{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, input []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out bytes.Buffer
		app := newApp(&out, io.Discard)
		app.Reader = bytes.NewReader(input)
		// There is no Nix, so that nothing is evaluated.
		line, err := arrange(app, []string{"clanctl", "mcp", "--flake", dir, "--nix", filepath.Join(dir, "none")})
		if err != nil {
			t.Fatal(err)
		}
		_ = app.RunContext(ctx, line.args())
		if ctx.Err() != nil {
			t.Errorf("it goes on after %q", input)
		}
		for _, answer := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
			if answer != "" && !json.Valid([]byte(answer)) {
				t.Errorf("after %q: %q", input, answer)
			}
		}
	})
}
