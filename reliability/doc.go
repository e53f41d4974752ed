// Package reliability holds the suite that provokes faults: Nix processes that misbehave, many readers at
// once, disks that are full, flakes that mean harm. Each fault is tried with the clanctl program and,
// wherever it can be made to fail, with real Nix.
//
// `make reliability` tries each several times and writes the table of docs/reliability.md; `go test` tries each once.
package reliability
