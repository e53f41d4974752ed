// Package policy is about living with findings: which of them count for a clan, by comments that ignore some,
// by the clan's policy file, and by a baseline of those that are known; and about the clan's own rules, which
// find more. It is pure: it is given what stands in files, and reads none.
package policy
