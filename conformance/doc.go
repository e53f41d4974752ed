// Package conformance holds clanctl's readings against clan-core's own answers.
//
// Its tests write small clans that use every feature clanctl reads, let a clan-core of the caller's choice
// evaluate them naively, member by member, and compare what instance.Load says about the same flakes with
// that, as whole documents. docs/conformance.md says how to run them.
package conformance
