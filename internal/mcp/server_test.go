package mcp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

type greeting struct {
	Name string `json:"name" jsonschema:"who is greeted"`
	Wait bool   `json:"wait,omitempty"`
}

// greeter is a server with a tool that greets, or waits until it is given up. It says on waiting when it waits, and on given up
// when it no longer does.
func greeter() (s *Server, waiting, givenUp chan bool) {
	waiting, givenUp = make(chan bool, 1), make(chan bool, 1)
	s = &Server{Name: "greeter", Version: "1", Instructions: "Be polite."}
	Add(s, Tool{Name: "greet", Description: "Greet somebody."}, func(ctx context.Context, in greeting) *Result {
		if in.Wait {
			waiting <- true
			<-ctx.Done()
			givenUp <- true
		}
		return &Result{Content: []Text{Text("Hello, " + in.Name), "How are you?"}}
	})
	return s, waiting, givenUp
}

type pipe struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipe) Close() error { return p.ReadCloser.Close() }

// serve serves until the client's end of the input is closed; ended then has what Serve returned.
func serve(ctx context.Context, s *Server) (in io.WriteCloser, out io.ReadCloser, ended chan error) {
	ended = make(chan error, 1)
	hisIn, in := io.Pipe()
	out, hisOut := io.Pipe()
	go func() {
		ended <- s.Serve(ctx, pipe{hisIn, hisOut})
		_ = hisOut.Close()
	}()
	return in, out, ended
}

func soon[T any](t *testing.T, c chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("it did not come")
		panic("")
	}
}

// The client of the protocol's own library understands the server, in each version of the protocol.
func TestLibrarysClient(t *testing.T) {
	if want := sdk.SupportedProtocolVersions(); !slices.Equal(versions, want) {
		t.Errorf("the protocol's library has the versions %v", want)
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) { tryClient(t, version) })
	}
}

func tryClient(t *testing.T, version string) {
	s, waiting, givenUp := greeter()
	in, out, ended := serve(t.Context(), s)
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(),
		&sdk.IOTransport{Reader: out, Writer: in}, &sdk.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	if r := session.InitializeResult(); r.Instructions != "Be polite." || r.ServerInfo.Name != "greeter" ||
		r.Capabilities.Tools == nil || r.ProtocolVersion != version {
		t.Errorf("it says of itself: %+v", r)
	}
	if err := session.Ping(t.Context(), nil); err != nil && version != stateless { // which has none
		t.Error(err)
	}
	tools, err := session.ListTools(t.Context(), nil)
	if err != nil || len(tools.Tools) != 1 || !strings.Contains(fmt.Sprint(tools.Tools[0].InputSchema), "who is greeted") {
		t.Errorf("%v: %+v", err, tools)
	}
	for _, test := range []struct {
		args   map[string]any
		failed bool
		want   string
	}{
		{map[string]any{"name": "Anna\n"}, false, "Hello, Anna\n"},
		{map[string]any{"name": 7}, true, "invalid arguments: "},
		{map[string]any{"name": "Anna", "surname": "x"}, true, `unexpected additional properties ["surname"]`},
		{nil, true, `missing properties: ["name"]`},
	} {
		r, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "greet", Arguments: test.args})
		if err != nil || r.IsError != test.failed || !strings.Contains(r.Content[0].(*sdk.TextContent).Text, test.want) {
			t.Errorf("%v: %v, %+v", test.args, err, r)
		}
	}

	// A call that the client gives up is given up here.
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-waiting
		cancel()
	}()
	if _, err := session.CallTool(ctx, &sdk.CallToolParams{Name: "greet", Arguments: greeting{Name: "Anna", Wait: true}}); err == nil {
		t.Error("an answer came to a call that was given up")
	}
	soon(t, givenUp)

	_ = session.Close()
	if err := soon(t, ended); err != nil {
		t.Error(err)
	}
}

const stated = `{"jsonrpc": "2.0", "id": 1, "method": "%s", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "%s"}}}` + "\n"

const hello = `{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "%s"}}` + "\n"

// What still runs when the client goes, or when the server is stopped, is given up, also if nobody reads the answer.
func TestEndGivesUp(t *testing.T) {
	const call = `{"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "greet", "arguments": {"name": "x", "wait": true}}}` + "\n"
	for _, stopped := range []bool{false, true} {
		s, waiting, givenUp := greeter()
		ctx, stop := context.WithCancel(t.Context())
		in, out, ended := serve(ctx, s)
		_, _ = fmt.Fprintf(in, hello, versions[0])
		_, _ = bufio.NewReader(out).ReadString('\n')
		_, _ = io.WriteString(in, call)
		soon(t, waiting)
		if stopped {
			stop()
		} else {
			_ = in.Close()
		}
		soon(t, givenUp)
		if err := soon(t, ended); (err != nil) != stopped {
			t.Errorf("stopped: %v: %v", stopped, err)
		}
		stop()
	}
}

func TestMessages(t *testing.T) {
	for _, test := range []struct{ send, want string }{
		{fmt.Sprintf(hello, "2025-03-26"), `"protocolVersion":"2025-03-26"`},
		{fmt.Sprintf(hello, "1999-01-01"), `"protocolVersion":"` + versions[1] + `"`},
		{fmt.Sprintf(hello, stateless), `"protocolVersion":"` + versions[1] + `"`},
		{`{"jsonrpc": "2.0", "id": 1, "method": "server/discover"}`, "-32601"},
		{fmt.Sprintf(stated, "tools/list", "2027-01-01"), `"code":-32022,"message":"unsupported protocol version","data":{"requested":"2027-01-01","supported":["2026-07-28",`},
		{fmt.Sprintf(stated, "initialize", stateless), "-32601"},
		{fmt.Sprintf(stated, "server/discover", stateless), `"resultType":"complete"`},
		{fmt.Sprintf(stated, "tools/list", stateless), `"io.modelcontextprotocol/serverInfo":{`},
		{`{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": []}`, "-32602"},
		{`{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}`, "the first request is initialize"},
		{`{"jsonrpc": "2.0", "id": 3, "method": "resources/list"}`, "-32601"},
		{fmt.Sprintf(hello, versions[0]) + `{"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "nobody"}}`, `"nobody\"`},
		{`{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}}` + "\n" +
			`{"jsonrpc": "2.0", "id": 5, "method": "ping"}`, `"result":{}`},
	} {
		s, _, _ := greeter()
		in, out, ended := serve(t.Context(), s)
		go func() { _, _ = io.WriteString(in, strings.TrimSuffix(test.send, "\n")+"\n") }()
		reader, got := bufio.NewReader(out), ""
		for range strings.Count(test.send, `"id"`) {
			got, _ = reader.ReadString('\n')
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s\n%s", test.send, got)
		}
		_ = in.Close()
		if err := soon(t, ended); err != nil {
			t.Error(err)
		}
	}
}
