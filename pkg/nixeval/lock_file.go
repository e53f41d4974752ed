package nixeval

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
)

// lockFile is a flake.lock.
type lockFile struct {
	nodes map[string]*lockNode
	root  *lockNode
}

// lockNode is one of its nodes. An input is another node, or follows an input elsewhere.
type lockNode struct {
	Inputs   map[string]lockInput `json:"inputs"`
	Locked   refAttrs             `json:"locked"`
	Original refAttrs             `json:"original"`
	// Parent is the path of the flake that a relative path is relative to, in locks of Nix 2.26 and later.
	Parent *[]string `json:"parent"`
}

// lockInput is the name of a node, or the path of an input.
type lockInput struct {
	Node    string
	Follows []string
}

func (i *lockInput) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &i.Node); err == nil {
		return nil
	}
	i.Node = ""
	return json.Unmarshal(text, &i.Follows)
}

// parseLockFile reads a flake.lock of a version whose meaning is known; an empty text is a lock file without nodes.
func parseLockFile(text string) (*lockFile, error) {
	if text == "" {
		return &lockFile{root: &lockNode{}}, nil
	}
	var file struct {
		Nodes   map[string]*lockNode `json:"nodes"`
		Root    string               `json:"root"`
		Version int                  `json:"version"`
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return nil, err
	}
	if !slices.Contains([]int{5, 6, 7}, file.Version) {
		return nil, fmt.Errorf("flake.lock has version %d", file.Version)
	}
	lock := &lockFile{nodes: file.Nodes, root: file.Nodes[file.Root]}
	if lock.root == nil {
		return nil, fmt.Errorf("flake.lock has no node %q", file.Root)
	}
	for name, node := range file.Nodes {
		if node == nil {
			return nil, fmt.Errorf("flake.lock has no node %q", name)
		}
		for _, input := range node.Inputs {
			if input.Node != "" && file.Nodes[input.Node] == nil {
				return nil, fmt.Errorf("flake.lock has no node %q", input.Node)
			}
		}
	}
	return lock, nil
}

// pin returns the node that pins an input of n, or nil.
func (l *lockFile) pin(n *lockNode, input string) *lockNode {
	if i, ok := n.Inputs[input]; ok && i.Node != "" {
		return l.nodes[i.Node]
	}
	return nil
}

// isFixed reports whether what a node is locked at can only ever be one tree: it has a hash of the content, and a
// fetcher that honours the hash or the commit. A relative path is as fixed as the flake that it belongs to, of which
// Nix does not let it lead out.
func (n *lockNode) isFixed() bool {
	a := n.Locked
	if a.text("type") == "path" && !filepath.IsAbs(a.text("path")) {
		return true
	}
	if a.text("narHash") == "" {
		return false
	}
	switch a.text("type") {
	case "github", "gitlab", "sourcehut", "git":
		return fullCommit.MatchString(a.text("rev"))
	case "tarball", "file", "path":
		return true
	}
	return false
}
