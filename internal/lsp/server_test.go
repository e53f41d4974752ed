package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.lsp.dev/jsonrpc2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// client talks to a server whose clans are made up.
type client struct {
	*testing.T
	conn  jsonrpc2.Conn
	ended chan error
	news  chan publishDiagnosticsParams
	logs  chan string
}

func start(t *testing.T,
	check func(ctx context.Context, dir string, texts map[string][]byte) (*Answer, error)) *client {
	c := &client{T: t, ended: make(chan error, 1), news: make(chan publishDiagnosticsParams, 100),
		logs: make(chan string, 100)}
	here, there := net.Pipe()
	config := made()
	config.Flake = func(file string) (instance.Ref, bool) {
		dir := filepath.Dir(file)
		_, err := os.Stat(filepath.Join(dir, "flake.nix"))
		return instance.Ref{Root: dir, Dir: dir}, err == nil
	}
	config.Read, config.Check = os.ReadFile, check
	config.Manual = func(code string) string { return "manual#" + code }
	config.Log = func(line string) { c.logs <- line }
	go func() { c.ended <- Serve(t.Context(), there, config) }()
	c.conn = jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(here))
	c.conn.Go(context.Background(), func(_ context.Context, r *jsonrpc2.Request) (any, error) {
		var p publishDiagnosticsParams
		if r.Method() == "textDocument/publishDiagnostics" && json.Unmarshal(r.Params(), &p) == nil {
			c.news <- p
		}
		return nil, nil
	})
	t.Cleanup(func() { _ = c.conn.Close() })
	return c
}

func (c *client) call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := c.conn.Call(ctx, method, params, result)
	return err
}

func (c *client) notify(method string, params any) {
	c.Helper()
	if err := c.conn.Notify(context.Background(), method, params); err != nil {
		c.Fatal(err)
	}
}

func (c *client) initialize(encodings ...string) {
	c.Helper()
	var params initializeParams
	params.Capabilities.General.PositionEncodings = encodings
	if err := c.call("initialize", params, nil); err != nil {
		c.Fatal(err)
	}
	c.notify("initialized", struct{}{})
}

func (c *client) send(method, path, text string, version int) {
	c.Helper()
	var params documentParams
	params.TextDocument.URI, params.TextDocument.Version, params.TextDocument.Text = "file://"+path, version, text
	if method == "textDocument/didChange" {
		params.ContentChanges = append(params.ContentChanges, struct {
			Text string `json:"text"`
		}{text})
	}
	c.notify(method, params)
}

// next are the next diagnostics of a file that are not those of before.
func (c *client) next(path string) publishDiagnosticsParams {
	c.Helper()
	for {
		select {
		case p := <-c.news:
			if p.URI == "file://"+path {
				return p
			}
		case <-time.After(time.Minute):
			c.Fatal("nothing is published")
		}
	}
}

// flake is a directory with a flake.nix, and one file more.
func flake(t *testing.T, text string) (dir, file string) {
	dir = t.TempDir()
	file = filepath.Join(dir, "a.nix")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "flake.nix"), []byte("{ outputs = _: { }; }\n"), 0o600),
		os.WriteFile(file, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

func finding(line, column int) instance.Finding {
	f := instance.NewFinding(codes.UnusedTag, instance.Subject{}, instance.Cause{Tag: "x"})
	f.Position = instance.Position{File: "a.nix", Line: line, Column: column}
	return f
}

// Messages in an order that the protocol forbids, and those that make no sense, are errors and no more.
func TestProtocol(t *testing.T) {
	c := start(t, func(context.Context, string, map[string][]byte) (*Answer, error) { return &Answer{}, nil })
	code := func(err error) int64 {
		var rpc *jsonrpc2.Error
		if !errors.As(err, &rpc) {
			return 0
		}
		return int64(rpc.Code)
	}
	if err := c.call("textDocument/codeAction", struct{}{}, nil); code(err) != -32002 {
		t.Errorf("before initialize: %v", err)
	}
	c.notify("textDocument/didOpen", struct{}{}) // ignored
	var result initializeResult
	if err := c.call("initialize", initializeParams{}, &result); err != nil ||
		result.Capabilities.PositionEncoding != "utf-16" || result.ServerInfo.Name != "clanctl" {
		t.Errorf("%v, %+v", err, result)
	}
	if err := c.call("initialize", initializeParams{}, nil); code(err) != -32600 {
		t.Errorf("initialize again: %v", err)
	}
	if err := c.call("no/such", nil, nil); code(err) != -32601 {
		t.Errorf("unknown method: %v", err)
	}
	if err := c.call("textDocument/codeAction", []int{1}, nil); code(err) != -32602 {
		t.Errorf("wrong parameters: %v", err)
	}
	c.notify("textDocument/didChange", []int{1})
	c.notify("no/such", nil)
	c.notify("$/cancelRequest", map[string]int{"id": 7})
	for _, uri := range []string{"untitled:1", "file://elsewhere/x", "://", "", "file:relative",
		"file:///nowhere/at/all.nix"} {
		c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri}})
		c.notify("textDocument/didSave", map[string]any{"textDocument": map[string]any{"uri": uri}})
		c.notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
	}
	if err := c.call("shutdown", nil, nil); err != nil {
		t.Error(err)
	}
	if err := c.call("textDocument/codeAction", struct{}{}, nil); code(err) != -32600 {
		t.Errorf("after shutdown: %v", err)
	}
	c.notify("exit", nil)
	if err := <-c.ended; err != nil {
		t.Errorf("ends with %v", err)
	}
}

// A client that goes away without a word is no reason to stay.
func TestGone(t *testing.T) {
	_, file := flake(t, "")
	began := make(chan bool)
	c := start(t, func(ctx context.Context, _ string, _ map[string][]byte) (*Answer, error) {
		began <- true
		<-ctx.Done()
		return nil, ctx.Err()
	})
	c.initialize()
	c.send("textDocument/didOpen", file, "", 1)
	<-began
	_ = c.conn.Close()
	if err := <-c.ended; !errors.Is(err, ErrNoShutdown) {
		t.Errorf("ends with %v", err)
	}
}

// Places are counted as the client counts them: Nix counts bytes.
func TestPositions(t *testing.T) {
	text := "# ä\r\n{ \"😀ä\" = \"x\"; tag = 1; }\r\n"
	_, file := flake(t, text)
	at := strings.Index(text, "tag") - strings.Index(text, "{") + 1
	for encoding, want := range map[string]Range{
		"utf-8":  {Position{1, 18}, Position{1, 21}},
		"utf-16": {Position{1, 15}, Position{1, 18}},
	} {
		c := start(t, func(context.Context, string, map[string][]byte) (*Answer, error) {
			return &Answer{Findings: []instance.Finding{finding(2, at)}}, nil
		})
		c.initialize(encoding)
		c.send("textDocument/didOpen", file, text, 1)
		if p := c.next(file); len(p.Diagnostics) != 1 || p.Diagnostics[0].Range != want {
			t.Errorf("%s: %+v", encoding, p)
		}
		var actions []codeAction
		var params codeActionParams
		params.TextDocument.URI, params.Range = "file://"+file, want
		if err := c.call("textDocument/codeAction", params, &actions); err != nil || len(actions) != 1 ||
			actions[0].Edit.Changes["file://"+file][0].Range != (Range{Position{1, 0}, Position{1, 0}}) {
			t.Errorf("%v, %+v", err, actions)
		}
	}
	d := newDocument([]byte(text))
	for _, units := range []encoding{utf8Units, utf16Units} {
		for i := range text {
			if p := d.position(i, units); d.offset(p, units) != i && text[i] != '\n' {
				t.Errorf("%s: %d is at %v, which is %d", units, i, p, d.offset(p, units))
			}
		}
	}
	for p, want := range map[Position]int{{-1, 0}: 0, {0, 99}: 4, {9, 9}: len(text), {1, -1}: 6} {
		if got := d.offset(p, utf16Units); got != want {
			t.Errorf("%v is %d, want %d", p, got, want)
		}
	}
}

// A clan is read once at a time, as the editor shows it; what is out of date is given up.
func TestOneReading(t *testing.T) {
	_, file := flake(t, "old")
	var mutex sync.Mutex
	running, most := 0, 0
	texts := make(chan string, 10)
	c := start(t, func(ctx context.Context, _ string, unsaved map[string][]byte) (*Answer, error) {
		mutex.Lock()
		running++
		most = max(most, running)
		mutex.Unlock()
		defer func() { mutex.Lock(); running--; mutex.Unlock() }()
		texts <- string(unsaved["a.nix"])
		if string(unsaved["a.nix"]) == "slow" {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return &Answer{}, nil
	})
	c.initialize()
	c.send("textDocument/didOpen", file, "old", 1)
	if got := <-texts; got != "" {
		t.Errorf("what is on disk is unsaved: %q", got)
	}
	c.send("textDocument/didChange", file, "slow", 2)
	if got := <-texts; got != "slow" {
		t.Errorf("got %q", got)
	}
	c.send("textDocument/didChange", file, "new", 3)
	if got := <-texts; got != "new" {
		t.Errorf("got %q", got)
	}
	for {
		if p := c.next(file); *p.Version == 3 {
			break
		} else if *p.Version == 2 {
			t.Error("a reading that was given up is published")
		}
	}
	if most != 1 {
		t.Errorf("%d at once", most)
	}
}

// While a flake does not evaluate, what was found before is still shown, until it is read again; a closed clan shows
// nothing.
func TestBrokenFlake(t *testing.T) {
	_, file := flake(t, "{ x = 1; y = 2; }")
	answers := make(chan *Answer, 1)
	c := start(t, func(context.Context, string, map[string][]byte) (*Answer, error) { return <-answers, nil })
	c.initialize()
	answers <- &Answer{Inventory: &instance.Inventory{}, Findings: []instance.Finding{finding(1, 3)}}
	c.send("textDocument/didOpen", file, "{ x = 1; y = 2; }", 1)
	if p := c.next(file); len(p.Diagnostics) != 1 || p.Diagnostics[0].CodeDescription.Href != "manual#unused-tag" {
		t.Errorf("%+v", p)
	}
	broken := instance.Finding{Code: codes.FlakeFailed, Severity: instance.SeverityError,
		Position: instance.Position{File: "a.nix", Line: 1, Column: 10}}
	answers <- &Answer{Findings: []instance.Finding{broken}}
	c.send("textDocument/didChange", file, "{ x = 1; y 2; }", 2)
	if p := c.next(file); len(p.Diagnostics) != 2 || p.Diagnostics[0].Code != "flake-failed" {
		t.Errorf("%+v", p)
	}
	answers <- &Answer{Inventory: &instance.Inventory{}}
	c.send("textDocument/didChange", file, "{ x = 1; y = 2; }", 3)
	if p := c.next(file); len(p.Diagnostics) != 0 {
		t.Errorf("%+v", p)
	}
	answers <- &Answer{Inventory: &instance.Inventory{}, Findings: []instance.Finding{finding(1, 3)}}
	c.send("textDocument/didSave", file, "", 3)
	c.next(file)
	c.send("textDocument/didClose", file, "", 0)
	if p := c.next(file); len(p.Diagnostics) != 0 {
		t.Errorf("after closing: %+v", p)
	}
}

// A text that does not parse may take only a part of the clan with it. What was known of that is in use until it is whole again.
func TestHalfWritten(t *testing.T) {
	_, file := flake(t, "{ tags.x = [ ]; }")
	answers := make(chan *Answer, 1)
	c := start(t, func(context.Context, string, map[string][]byte) (*Answer, error) { return <-answers, nil })
	c.initialize()
	names := func() int {
		t.Helper()
		var symbols []documentSymbol
		var params fileParams
		params.TextDocument.URI = "file://" + file
		if err := c.call("textDocument/documentSymbol", params, &symbols); err != nil {
			t.Fatal(err)
		}
		return len(symbols)
	}
	partial := func() *instance.Inventory {
		return &instance.Inventory{Findings: []instance.Finding{instance.NewFinding(codes.InstanceFailed,
			instance.Subject{Instance: "i"}, instance.Cause{})}}
	}
	good := &instance.Inventory{}
	facts.Of(good).Places = &facts.Place{Below: map[string]*facts.Place{"tags": {Below: map[string]*facts.Place{
		"x": {Position: &instance.Position{File: "a.nix", Line: 1, Column: 3}}}}}}
	for i, test := range []struct {
		text  string
		inv   *instance.Inventory
		names int
	}{
		{"{ tags.x = [ ]; }", good, 1},
		{"{ tags.x = [ ]; y = ", partial(), 1},
		{"{ z = 1; tags.x = [ ]; y = ", partial(), 1},
		{"{ z = 1; tags.x = [ ]; y = 2; }", partial(), 0},
	} {
		answers <- &Answer{Inventory: test.inv}
		method := "textDocument/didChange"
		if i == 0 {
			method = "textDocument/didOpen"
		}
		c.send(method, file, test.text, i+1)
		c.next(file)
		if got := names(); got != test.names {
			t.Errorf("%s: %d names, not %d", test.text, got, test.names)
		}
	}
}

// What was shown of a clan is taken away when its last file is closed, not when the reading that is given up has ended:
// it may be open again by then.
func TestReopened(t *testing.T) {
	_, file := flake(t, "{ x = 1; }")
	readings := make(chan int, 10)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for n := range 3 {
		readings <- n
	}
	began := make(chan struct{}, 10)
	c := start(t, func(context.Context, string, map[string][]byte) (*Answer, error) {
		if n := <-readings; n == 1 { // Nix may take its time to end
			began <- struct{}{}
			<-release
		}
		return &Answer{Inventory: &instance.Inventory{}, Findings: []instance.Finding{finding(1, 3)}}, nil
	})
	c.initialize()
	for _, step := range []struct {
		method string
		want   int
	}{{"textDocument/didOpen", 1}, {"textDocument/didSave", -1}, {"textDocument/didClose", 0}, {"textDocument/didOpen", 1}} {
		c.send(step.method, file, "{ x = 1; }", 1)
		if step.want < 0 {
			<-began
		} else if p := c.next(file); len(p.Diagnostics) != step.want {
			t.Fatalf("after %s: %+v", step.method, p)
		}
	}
}

// What is found elsewhere than in files of the flake is shown at the top of the flake's own, with where it is.
func TestElsewhere(t *testing.T) {
	dir, file := flake(t, "")
	f := finding(3, 1)
	f.File = "<clan-core>/x.nix"
	c := start(t, func(context.Context, string, map[string][]byte) (*Answer, error) {
		return &Answer{Findings: []instance.Finding{f}}, nil
	})
	c.initialize()
	c.send("textDocument/didOpen", file, "", 1)
	p := c.next(filepath.Join(dir, "flake.nix"))
	if len(p.Diagnostics) != 1 || p.Diagnostics[0].Range.Start != (Position{}) ||
		!strings.Contains(p.Diagnostics[0].Message, "(in <clan-core>/x.nix:3:1)") {
		t.Errorf("%+v", p)
	}
}

// unread is a stream of a client that sends, and reads nothing from the first diagnostics on.
type unread struct {
	io.Reader
	io.Closer
	stuck chan struct{}
}

func (u unread) Write(text []byte) (int, error) {
	if strings.Contains(string(text), "publishDiagnostics") {
		u.stuck <- struct{}{}
		select {}
	}
	return len(text), nil
}

// A client that does not read keeps nothing from ending.
func TestUnread(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	dir, file := flake(t, "x\n")
	var messages strings.Builder
	for _, text := range []string{
		`{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}`,
		`{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file://` + file +
			`", "version": 1, "text": "x"}}}`,
	} {
		fmt.Fprintf(&messages, "Content-Length: %d\r\n\r\n%s", len(text), text)
	}
	more, _ := net.Pipe()
	stream := unread{io.MultiReader(strings.NewReader(messages.String()), more), more, make(chan struct{}, 1)}
	ended := make(chan error, 1)
	config := made()
	config.Read = os.ReadFile
	config.Flake = func(string) (instance.Ref, bool) { return instance.Ref{Root: dir, Dir: dir}, true }
	config.Check = func(context.Context, string, map[string][]byte) (*Answer, error) {
		return &Answer{Findings: []instance.Finding{finding(1, 1)}}, nil
	}
	go func() { ended <- Serve(ctx, stream, config) }()
	select {
	case <-stream.stuck:
	case <-time.After(time.Minute):
		t.Fatal("it says nothing")
	}
	stop()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it waits for the client")
	}
}
