package nixeval

import (
	"crypto/sha256"
	"fmt"
)

// Derived returns what was kept with KeepDerived under a name for an answer of this very value; false if there is nothing, or
// no cache.
func (r *Result[T]) Derived(name string) ([]byte, bool) {
	if r.attempt == nil || r.attempt.uncached != "" {
		return nil, false
	}
	return r.attempt.files.get("derived", r.derivedKey(name))
}

// KeepDerived keeps a text that was made from this answer and nothing else, for as long as the answer itself holds: to be had
// from Derived of an equal answer, by another process, too. Without a cache nothing happens.
func (r *Result[T]) KeepDerived(name string, text []byte) {
	if r.attempt != nil && r.attempt.uncached == "" {
		_ = r.attempt.files.put("derived", r.derivedKey(name), text)
	}
}

func (r *Result[T]) derivedKey(name string) string {
	return fmt.Sprintf("%d %s %x %s", len(name), name, sha256.Sum256(r.raw), r.attempt.key)
}
