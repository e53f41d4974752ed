package lsp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"time"

	"go.lsp.dev/jsonrpc2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// made is a configuration without files and Nix: every clan has a tag where it is written first in a.nix.
func made() Config {
	return Config{
		Version: "1",
		Flake:   func(string) (instance.Ref, bool) { return instance.Ref{Root: "/f", Dir: "/f"}, true },
		Read:    func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		Check: func(context.Context, string, map[string][]byte) (*Answer, error) {
			inv := &instance.Inventory{Tags: map[string][]string{"x": nil}}
			facts.Of(inv).Places = &facts.Place{Below: map[string]*facts.Place{"tags": {Below: map[string]*facts.Place{
				"x": {Position: &instance.Position{File: "a.nix", Line: 1, Column: 3}}}}}}
			f := instance.NewFinding(codes.UnusedTag, instance.Subject{}, instance.Cause{Tag: "x"})
			f.Position = instance.Position{File: "a.nix", Line: 1, Column: 3}
			return &Answer{Inventory: inv, Findings: []instance.Finding{f}}, nil
		},
		Modules:  func(context.Context, string) (*facts.Modules, error) { return nil, nil },
		Affected: func(context.Context, string, *instance.Inventory) (*Affected, error) { return nil, nil },
		State:    func(context.Context, instance.Ref) string { return "" },
		Watch: func(ctx context.Context, _ instance.Ref, _ func()) error {
			<-ctx.Done()
			return ctx.Err()
		},
		Manual: func(string) string { return "" },
		Log:    func(string) {},
	}
}

type stream struct {
	io.Reader
	io.Writer
}

func (stream) Close() error { return nil }

func framed(messages ...string) []byte {
	var all bytes.Buffer
	for _, m := range messages {
		fmt.Fprintf(&all, "Content-Length: %d\r\n\r\n%s", len(m), m)
	}
	return all.Bytes()
}

const hello = `{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}`

// Whatever a client sends, the server ends with it.
func FuzzServe(f *testing.F) {
	f.Add(framed(hello, `{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///f/a.nix", "version": 1, "text": "{ tags.x = [ ]; }"}}}`,
		`{"jsonrpc": "2.0", "id": 2, "method": "textDocument/completion", "params": {"textDocument": {"uri": "file:///f/a.nix"}, "position": {"line": 0, "character": 3}}}`,
		`{"jsonrpc": "2.0", "id": 3, "method": "shutdown"}`, `{"jsonrpc": "2.0", "method": "exit"}`))
	f.Add([]byte("Content-Length: 99999999999999999999\r\n\r\n{}"))
	f.Add([]byte("Content-Length: -1\r\n\r\n{}"))
	f.Add([]byte("Content-Length: 4\r\nContent-Length: 2\r\n\r\n[{}]"))
	f.Add([]byte("\r\n\r\n"))
	f.Add(framed(`[]`, `{"jsonrpc": "2.0", "id": null, "result": 1}`, hello, `{"id": {}, "method": 1}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_ = Serve(ctx, stream{bytes.NewReader(input), io.Discard}, made())
		if ctx.Err() != nil {
			t.Errorf("it goes on after %q", input)
		}
	})
}

// Whatever a document is and whatever is asked about it, there is an answer.
func FuzzRequests(f *testing.F) {
	f.Add("{ tags.x = [ ]; }", "{ tags.x = [ \"", uint8(0), 0, 13)
	f.Add("{ tags.x = [ ]; }", "{\r\n tags.x = 1; ä😀", uint8(3), 1, 2)
	f.Add("", "", uint8(5), -1, -1)
	names := []string{"textDocument/completion", "textDocument/hover", "textDocument/definition", "textDocument/references",
		"textDocument/documentSymbol", "textDocument/codeLens", "textDocument/codeAction"}
	f.Fuzz(func(t *testing.T, before, now string, which uint8, line, character int) {
		s := &server{config: made(), ctx: t.Context(), state: ready, documents: map[string]*openDocument{}, clans: map[string]*clan{},
			encoding: utf16Units, conn: jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(stream{bytes.NewReader(nil), io.Discard}))}
		d := &openDocument{uri: "file:///f/a.nix", path: "/f/a.nix", document: newDocument([]byte(before))}
		d.version = &version{}
		d.clan = &clan{s: s, ref: instance.Ref{Root: "/f", Dir: "/f"}, shown: map[string]bool{}}
		s.documents[d.uri] = d
		d.clan.read(t.Context())
		d.document = d.edited([]byte(now))
		params := fmt.Sprintf(`{"textDocument": {"uri": "file:///f/a.nix"}, "position": {"line": %d, "character": %d}, "context": {"includeDeclaration": true},
			"range": {"start": {"line": %[1]d, "character": %[2]d}, "end": {"line": %[1]d, "character": %[2]d}}}`, line, character)
		name := names[int(which)%len(names)]
		if _, err := methods[name](s, jsonrpc2.RawMessage(params)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}
