// Package api holds the test that compares the public API of the packages under pkg/ with docs/api.txt, so
// that no change of it goes unnoticed.
package api
