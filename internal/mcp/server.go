// Package mcp serves tools to agents: of the Model Context Protocol, what a server needs that has tools and nothing
// else.
package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.lsp.dev/jsonrpc2"
)

// versions are the protocol's versions that are spoken, the newest first.
var versions = []string{stateless, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}

// stateless is the version from which on there is no first request: each one says which version it is in, and each
// result that it is whole, and who gave it.
const stateless = "2026-07-28"

// Server has tools for agents. Tools are added before it serves.
type Server struct {
	// Name and Version are the program's.
	Name, Version string
	// Instructions are for the agent, about all tools.
	Instructions string

	tools []*tool
}

// Tool describes a tool to agents.
type Tool struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Annotations Hints  `json:"annotations"`
}

// Hints are what an agent's program may go by when it asks its user for leave.
type Hints struct {
	// ReadOnly: it changes nothing.
	ReadOnly bool `json:"readOnlyHint"`
	// OpenWorld: it deals with more than the program has at hand.
	OpenWorld bool `json:"openWorldHint"`
}

type tool struct {
	Tool
	InputSchema *jsonschema.Schema `json:"inputSchema"`
	call        func(context.Context, json.RawMessage) *Result
}

// Result is what a tool answers: texts, in their order.
type Result struct {
	Content []Text
	// IsError: the tool failed, and the texts say why.
	IsError bool
}

// Text is a text of a [Result].
type Text string

// MarshalJSON marks it as a text; the protocol has other content, too.
func (t Text) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"type": "text", "text": string(t)})
}

// Failed is the result of a tool that failed.
func Failed(why string) *Result { return &Result{Content: []Text{Text(why)}, IsError: true} }

// Add adds a tool that takes a struct, whose tags json and jsonschema describe its fields. What does not fit is
// refused, so that the agent reads why.
func Add[In any](s *Server, t Tool, do func(context.Context, In) *Result) {
	schema, err := jsonschema.For[In](nil)
	if err != nil {
		panic(err) // the type is the program's own
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		panic(err)
	}
	s.tools = append(s.tools, &tool{t, schema, func(ctx context.Context, arguments json.RawMessage) *Result {
		if len(arguments) == 0 || string(arguments) == "null" {
			arguments = json.RawMessage("{}")
		}
		var given any
		var in In
		err := json.Unmarshal(arguments, &given)
		if err == nil {
			err = resolved.Validate(given)
		}
		if err == nil {
			err = json.Unmarshal(arguments, &in)
		}
		if err != nil {
			return Failed("invalid arguments: " + strings.TrimPrefix(err.Error(), "validating root: "))
		}
		return do(ctx, in)
	}})
}

// Serve answers an agent's program until its input ends, or the context does. Tools that still run then are told by
// their contexts, and Serve waits for them.
func (s *Server) Serve(ctx context.Context, stream io.ReadWriteCloser) error {
	wanted, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &client{Server: s, ctx: wanted, running: map[jsonrpc2.ID]context.CancelFunc{}}
	conn := jsonrpc2.NewConn(jsonrpc2.NewNDJSONStream(untilEnd{stream, cancel}))
	conn.Go(wanted, c.handle)
	select {
	case <-conn.Done():
	case <-wanted.Done():
	}
	cancel()
	c.calls.Wait()
	_ = stream.Close()
	select {
	case <-conn.Done():
	case <-time.After(time.Second): // an answer is being written, and nobody reads it
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := conn.Err(); err != nil {
		return fmt.Errorf("the agent's program does not speak the protocol: %w", err)
	}
	return nil
}

// untilEnd is a stream that tells when there is nothing more to read.
type untilEnd struct {
	io.ReadWriteCloser
	ended func()
}

func (u untilEnd) Read(p []byte) (int, error) {
	n, err := u.ReadWriteCloser.Read(p)
	if err != nil {
		u.ended()
	}
	return n, err
}

// client is the agent's program.
type client struct {
	*Server
	ctx         context.Context
	calls       sync.WaitGroup
	initialized bool // it sent the first request, with one of the versions that have one

	mutex   sync.Mutex
	running map[jsonrpc2.ID]context.CancelFunc
}

// handle is called for each message in turn.
func (c *client) handle(ctx context.Context, r *jsonrpc2.Request) (any, error) {
	if r.Method() == "notifications/cancelled" {
		c.cancel(r.Params())
	}
	if !r.IsCall() {
		return nil, nil // an error would end the connection
	}
	version, err := versionOf(r.Params())
	if err != nil {
		return nil, err
	}
	result, err := c.answer(ctx, r, version)
	if err != nil {
		return nil, err
	}
	if version == stateless {
		result["resultType"] = "complete"
		result["_meta"] = map[string]any{metaPrefix + "serverInfo": c.info()}
	}
	return result, nil
}

const metaPrefix = "io.modelcontextprotocol/"

// unsupportedVersion is the protocol's code for a request in a version that the server does not speak.
const unsupportedVersion = -32022

// versionOf is the version that a request says it is in; empty where it says none, as in versions with a first request.
func versionOf(raw jsonrpc2.RawMessage) (string, error) {
	var params struct {
		Meta map[string]any `json:"_meta"`
	}
	_ = json.Unmarshal(raw, &params) // what is wrong with them the method says
	version, _ := params.Meta[metaPrefix+"protocolVersion"].(string)
	if version < stateless || slices.Contains(versions, version) {
		return version, nil
	}
	refused := jsonrpc2.NewError(unsupportedVersion, "unsupported protocol version")
	refused.Data, _ = json.Marshal(map[string]any{"supported": versions, "requested": version}) // strings
	return "", refused
}

// answer answers a request.
func (c *client) answer(ctx context.Context, r *jsonrpc2.Request, version string) (map[string]any, error) {
	switch method := r.Method(); {
	case method == "server/discover" && version == stateless:
		return map[string]any{"supportedVersions": versions, "capabilities": capabilities,
			"instructions": c.Instructions, "ttlMs": 0, "cacheScope": "public"}, nil
	case method == "initialize" && version != stateless:
		return c.initialize(r.Params())
	case method == "ping" && version != stateless:
		return map[string]any{}, nil
	case method != "tools/list" && method != "tools/call":
		return nil, jsonrpc2.NewError(jsonrpc2.MethodNotFound, "there is no method "+method)
	case !c.initialized && version != stateless:
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidRequest, "the first request is initialize")
	case method == "tools/list":
		return map[string]any{"tools": c.tools, "ttlMs": 0, "cacheScope": "public"}, nil
	}
	return c.call(ctx, r)
}

// capabilities: there are tools, always the same.
var capabilities = map[string]any{"tools": struct{}{}}

func (c *client) info() map[string]string {
	return map[string]string{"name": c.Name, "title": c.Name, "version": c.Version}
}

func (c *client) initialize(raw jsonrpc2.RawMessage) (map[string]any, error) {
	var params struct{ ProtocolVersion string }
	if err := json.Unmarshal(raw, &params); err != nil {
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, err.Error())
	}
	c.initialized = true
	version := params.ProtocolVersion
	if version == stateless || !slices.Contains(versions, version) {
		version = versions[1] // the client ends the session if it does not speak that
	}
	return map[string]any{"protocolVersion": version, "capabilities": capabilities,
		"instructions": c.Instructions, "serverInfo": c.info()}, nil
}

// call calls a tool, and lets other messages be handled meanwhile.
func (c *client) call(ctx context.Context, r *jsonrpc2.Request) (map[string]any, error) {
	var params struct {
		Name      string
		Arguments json.RawMessage
	}
	if err := json.Unmarshal(r.Params(), &params); err != nil {
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, err.Error())
	}
	i := slices.IndexFunc(c.tools, func(t *tool) bool { return t.Name == params.Name })
	if i < 0 {
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, fmt.Sprintf("there is no tool %q", params.Name))
	}
	id := r.ID()
	wanted, cancel := context.WithCancel(c.ctx)
	c.calls.Add(1)
	c.mutex.Lock()
	c.running[id] = cancel
	c.mutex.Unlock()
	defer func() {
		c.mutex.Lock()
		delete(c.running, id)
		c.mutex.Unlock()
		cancel()
		c.calls.Done()
	}()
	jsonrpc2.Async(ctx)
	result := c.tools[i].call(wanted, params.Arguments)
	return map[string]any{"content": result.Content, "isError": result.IsError}, nil
}

// cancel gives up a call. One that it does not know may just have been answered.
func (c *client) cancel(raw jsonrpc2.RawMessage) {
	var params struct{ RequestID any }
	if json.Unmarshal(raw, &params) != nil {
		return
	}
	var id jsonrpc2.ID
	switch given := params.RequestID.(type) {
	case string:
		id = jsonrpc2.NewStringID(given)
	case float64:
		id = jsonrpc2.NewNumberID(int64(given))
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if cancel := c.running[id]; cancel != nil {
		cancel()
	}
}
