// Package packaging holds tests of what people install: the flake and the hashes of the modules it is built from.
package packaging
