package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"

	"go.lsp.dev/jsonrpc2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Config is what a server gets its answers from.
type Config struct {
	// Version is that of the program.
	Version string
	// Flake resolves the flake in a local directory that a file belongs to; false if it is in none.
	Flake func(file string) (instance.Ref, bool)
	// Read returns what is in a regular file of a user's.
	Read func(path string) ([]byte, error)
	// Check reads the clan of the flake in a directory, with the texts of an editor instead of some files, by their
	// paths relative to the top of the flake's source tree. It may be called for several flakes at once, but for each
	// only once at a time.
	Check func(ctx context.Context, dir string, texts map[string][]byte) (*Answer, error)
	// Modules looks at the service modules that the flake and its inputs offer, as they are on disk. It is called like
	// Check.
	Modules func(ctx context.Context, dir string) (*facts.Modules, error)
	// Affected finds out whom the changes since the last commit touch; nil where there is none. It is called like
	// Check.
	Affected func(ctx context.Context, dir string, inv *instance.Inventory) (*Affected, error)
	// State stands for all files that a clan is read from: the same state is the same clan. It is empty where that
	// cannot be told.
	State func(ctx context.Context, ref instance.Ref) string
	// Watch calls changed when files of a flake may have changed, until the context ends or they cannot be watched.
	Watch func(ctx context.Context, ref instance.Ref, changed func()) error
	// Manual is the address of the page about a code.
	Manual func(code string) string
	// Log takes a line that is for nobody but who looks for a fault. It may be called from several goroutines.
	Log func(line string)
}

// ErrNoShutdown: the client ended without the request that it has to send before.
var ErrNoShutdown = errors.New("the client ended without a shutdown request")

// Serve answers a client until it ends, or the context does. What was begun for it is over when Serve returns.
func Serve(ctx context.Context, stream io.ReadWriteCloser, config Config) error {
	asked := ctx
	ctx, cancel := context.WithCancel(asked)
	s := &server{config: config, ctx: ctx, conn: jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(whileWanted{stream, ctx})),
		documents: map[string]*openDocument{}, clans: map[string]*clan{}, encoding: utf16Units}
	s.conn.Go(ctx, s.handle)
	select {
	case <-s.conn.Done():
	case <-ctx.Done():
	}
	cancel()
	s.running.Wait()
	_ = stream.Close()
	_ = s.conn.Close()
	switch {
	case s.isShutDown():
		return nil
	case asked.Err() != nil:
		return asked.Err()
	case s.conn.Err() != nil:
		return s.conn.Err()
	}
	return ErrNoShutdown
}

// whileWanted is a stream that stops waiting for a client that does not read, when the context is done.
type whileWanted struct {
	io.ReadWriteCloser
	ctx context.Context
}

func (w whileWanted) Write(text []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	text = bytes.Clone(text) // it may still be waiting to be written later
	done := make(chan error, 1)
	go func() {
		_, err := w.ReadWriteCloser.Write(text)
		done <- err
	}()
	select {
	case err := <-done:
		return len(text), err
	case <-w.ctx.Done():
		return 0, w.ctx.Err()
	}
}

type server struct {
	config  Config
	ctx     context.Context
	conn    jsonrpc2.Conn
	running sync.WaitGroup

	mutex    sync.Mutex
	state    state
	encoding encoding
	// refreshesLenses: the client takes a word that lenses changed.
	refreshesLenses bool
	// takesVersions, createsFiles: the client takes edits of versions of documents, and creates files.
	takesVersions, createsFiles bool
	documents                   map[string]*openDocument // by URI
	clans                       map[string]*clan         // by the flake's directory
}

type state int

const (
	starting state = iota
	ready
	shutDown
)

func (s *server) isShutDown() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.state == shutDown
}

// method handles a request or a notification. The server is locked.
type method func(s *server, params jsonrpc2.RawMessage) (any, error)

// with decodes the parameters.
func with[P any](do func(*server, P) (any, error)) method {
	return func(s *server, raw jsonrpc2.RawMessage) (any, error) {
		var params P
		if err := json.Unmarshal(raw, &params); len(raw) > 0 && err != nil {
			return nil, jsonrpc2.NewError(jsonrpc2.InvalidParams, err.Error())
		}
		return do(s, params)
	}
}

// told is for notifications, which have no answer.
func told[P any](do func(*server, P)) method {
	return with(func(s *server, params P) (any, error) {
		do(s, params)
		return nil, nil
	})
}

var methods = map[string]method{
	"initialize":                  with((*server).initialize),
	"shutdown":                    with((*server).shutdown),
	"textDocument/didOpen":        told((*server).didOpen),
	"textDocument/didChange":      told((*server).didChange),
	"textDocument/didSave":        told((*server).didSave),
	"textDocument/didClose":       told((*server).didClose),
	"textDocument/codeAction":     with((*server).codeAction),
	"textDocument/completion":     with((*server).completion),
	"textDocument/hover":          with((*server).hover),
	"textDocument/definition":     with((*server).definition),
	"textDocument/references":     with((*server).references),
	"textDocument/documentSymbol": with((*server).symbols),
	"textDocument/codeLens":       with((*server).lenses),
}

// serverNotInitialized is the protocol's code for what comes before the first request.
const serverNotInitialized = -32002

// handle is called for each message in turn. Answers come from what is known already, so that there is none to cancel.
func (s *server) handle(_ context.Context, r *jsonrpc2.Request) (any, error) {
	name := r.Method()
	if name == "exit" {
		go s.conn.Close() // it cannot wait for this handler here
		return nil, nil
	}
	result, err := s.do(name, r.Params())
	if !r.IsCall() {
		// what begins with a dollar sign may be ignored
		if err != nil && name != "initialized" && name[:min(1, len(name))] != "$" {
			s.config.Log(name + ": " + err.Error())
		}
		return nil, nil // an error would end the connection
	}
	return result, err
}

// do calls a method, for which the server is locked.
func (s *server) do(name string, params jsonrpc2.RawMessage) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	do := methods[name]
	switch {
	case s.state == starting && name != "initialize":
		return nil, jsonrpc2.NewError(serverNotInitialized, "the first request is initialize")
	case s.state == shutDown, s.state == ready && name == "initialize":
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidRequest, "not now")
	case do == nil:
		return nil, jsonrpc2.NewError(jsonrpc2.MethodNotFound, "there is no method "+name)
	}
	return do(s, params)
}

func (s *server) initialize(params initializeParams) (any, error) {
	s.state = ready
	if slices.Contains(params.Capabilities.General.PositionEncodings, string(utf8Units)) {
		s.encoding = utf8Units
	}
	s.refreshesLenses = params.Capabilities.Workspace.CodeLens.RefreshSupport
	takes := params.Capabilities.Workspace.WorkspaceEdit
	s.createsFiles = slices.Contains(takes.ResourceOperations, createFile)
	s.takesVersions = takes.DocumentChanges || s.createsFiles // which is one of these edits
	return initializeResult{
		Capabilities: serverCapabilities{
			PositionEncoding:   string(s.encoding),
			TextDocumentSync:   syncOptions{OpenClose: true, Change: 1, Save: true},
			CodeActionProvider: codeActionOptions{CodeActionKinds: []string{quickFix}},
			HoverProvider:      true, DefinitionProvider: true, ReferencesProvider: true, DocumentSymbolProvider: true,
			CompletionProvider: completionOptions{TriggerCharacters: []string{".", "\""}},
		},
		ServerInfo: serverInfo{"clanctl", s.config.Version},
	}, nil
}

func (s *server) shutdown(struct{}) (any, error) {
	s.state = shutDown
	for _, c := range s.clans {
		c.end()
	}
	return nil, nil
}
