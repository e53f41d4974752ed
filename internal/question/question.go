// Package question has what an evaluator's Answer is asked: package nixeval writes it, and nixevaltest reads it.
package question

import "encoding/json"

// Question is described at nixeval.Evaluator.Answer.
type Question struct {
	Flake    string            `json:"flake,omitempty"`
	File     string            `json:"file,omitempty"`
	Expr     string            `json:"expr,omitempty"`
	With     json.RawMessage   `json:"with,omitempty"`
	Path     []string          `json:"path,omitempty"`
	Names    bool              `json:"names,omitempty"`
	System   string            `json:"system,omitempty"`
	Function string            `json:"function,omitempty"`
	Beside   map[string]string `json:"beside,omitempty"`
	Args     json.RawMessage   `json:"args,omitempty"`
}

// Source is the flake, the file or the expression.
func (q Question) Source() string { return q.Flake + q.File + q.Expr }
