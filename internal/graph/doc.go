// Package graph makes a picture of a fleet: machines on one side, instances of services with their roles on
// the other, and a line for each role that machines have.
//
// Machines with the same roles are one box, and so are instances with the same machines in the same roles; a
// role that every machine has is marked and has no lines. That keeps a fleet of hundreds of machines legible.
// The picture can be written for Graphviz and Mermaid, and as SVG or HTML, for which no other program is
// needed.
package graph
