// Package lsp is a language server for the files of clans: what clanctl knows of a clan, at the place in an editor that
// it is about. It knows the protocol, documents and when to ask; what is asked and how is [Config]'s.
package lsp
