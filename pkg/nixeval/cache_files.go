package nixeval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/clanctl/clanctl/internal/scratch"
)

// cacheFiles is a directory of small files that may vanish, be damaged or be exchanged at any time: each holds its own key and checksum, is
// written beside and renamed, and what cannot be read is not there.
type cacheFiles struct{ dir string }

// maxCache bounds the room on disk that all files take together, maxFiles their number. Both are looked at now and then, not at each write.
var (
	maxCache int64 = 256 << 20
	maxFiles       = 20_000
)

// DefaultCacheDir is where answers are kept unless told otherwise: "clanctl" in the user's cache directory (XDG_CACHE_HOME).
// It may be deleted at any time.
func DefaultCacheDir() (string, error) {
	parent, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(parent) {
		return "", fmt.Errorf("the user's cache directory is relative: %s", parent) // HOME is: a cache in each working directory
	}
	return filepath.Join(parent, "clanctl"), nil
}

// openCacheFiles makes sure that a directory is ours alone. A directory that others may write to is not used.
func openCacheFiles(dir string) (*cacheFiles, error) {
	if err := ours(dir); err != nil {
		return nil, err
	}
	return &cacheFiles{dir}, nil
}

const cacheMagic = "clanctl-2"

// head begins a file. The checksum tells damaged files: nobody else can write here, so that it need not withstand more than accidents.
func head(name string, payload []byte) string {
	return fmt.Sprintf("%s %s %08x %d", cacheMagic, name, crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli)), len(payload))
}

// name of a file; it is a hash, so that any key will do.
func (s *cacheFiles) name(kind, key string) string {
	sum := sha256.Sum256([]byte(key))
	return kind + "-" + hex.EncodeToString(sum[:])
}

func (s *cacheFiles) path(kind, key string) string { return filepath.Join(s.dir, s.name(kind, key)) }

func (s *cacheFiles) get(kind, key string) ([]byte, bool) {
	path := s.path(kind, key)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, false // a link is nothing that we made
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	first, payload, ok := bytes.Cut(text, []byte("\n"))
	if !ok || string(first) != head(s.name(kind, key), payload) {
		return nil, false
	}
	// The oldest files go first when space is short; an hour is near enough.
	if time.Since(info.ModTime()).Abs() > time.Hour {
		_ = os.Chtimes(path, time.Time{}, time.Now())
	}
	return payload, true
}

func (s *cacheFiles) put(kind, key string, payload []byte) error {
	f, err := scratch.NewFile(s.dir, tempPrefix)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s\n", head(s.name(kind, key), payload))
	if err == nil {
		_, err = f.Write(payload)
	}
	if err == nil {
		err = os.Rename(f.Name(), s.path(kind, key))
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	if len(payload) > largePayload || rand.N(trimEach) == 0 {
		s.trim()
	}
	return nil
}

const (
	tempPrefix   = "tmp-"
	largePayload = 1 << 20
	trimEach     = 32
)

// trim removes the least recently used files until a tenth is free, if there is more than there may be.
func (s *cacheFiles) trim() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var total int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files, total = append(files, info), total+room(info)
		}
	}
	count := len(files)
	if total <= maxCache && count <= maxFiles {
		return
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range files {
		if total <= maxCache/10*9 && count <= maxFiles/10*9 {
			return
		}
		if err := os.Remove(filepath.Join(s.dir, info.Name())); err == nil || errors.Is(err, fs.ErrNotExist) {
			total, count = total-room(info), count-1
		}
	}
}

// room is what a file takes on disk: whole blocks, and something for its name.
func room(info fs.FileInfo) int64 {
	const entry, block = 512, 512
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks*block + entry
	}
	return info.Size() + entry
}
