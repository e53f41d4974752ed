package filetree

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's names for content
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/clanctl/clanctl/internal/git"
)

// inGit is what a file has to do with git's index. Git takes a file for unchanged if it is what it was when git last
// looked at it (size, times and more), and for changed if it has another size, whatever is in it; only else it looks at
// the content, after the conversion of line ends and without filters. So what is in the file and in the index does not
// always tell.
type inGit struct {
	// content is the beginning of git's name for what is in the file, blob that for what is in the index.
	content, blob uint64
	// returns: there are carriage returns in it, so that it may be converted.
	returns bool
	looked  git.Looked
}

// isDoubtful reports whether it hangs on more than content what git takes a file for.
func (e *entry) isDoubtful() bool {
	sameSize := uint32(e.stamp.size) == e.looked.Size //nolint:gosec // as git does
	switch {
	case !e.stamp.isRegular():
		return false
	case e.content == e.blob:
		return e.returns || !sameSize && e.looked.Size != 0
	default:
		return e.returns || sameSize && e.stamp.mtime/1e9 == e.looked.Mtime
	}
}

// shortName is the beginning of the name of a blob.
func shortName(blob string) uint64 {
	var name [8]byte
	_, _ = hex.Decode(name[:], []byte(blob[:min(len(blob), 2*len(name))]))
	return binary.BigEndian.Uint64(name[:])
}

// blob finds out what git calls a content that is written to it.
type blob struct {
	hash    hash.Hash
	returns bool
}

func newBlob(size int64) *blob {
	b := &blob{hash: sha1.New()} //nolint:gosec // as git does
	fmt.Fprintf(b.hash, "blob %d\x00", size)
	return b
}

func (b *blob) Write(p []byte) (int, error) {
	b.returns = b.returns || bytes.IndexByte(p, '\r') >= 0
	return b.hash.Write(p)
}

func (b *blob) shortName() uint64 { return binary.BigEndian.Uint64(b.hash.Sum(nil)) }
