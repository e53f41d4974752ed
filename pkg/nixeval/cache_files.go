package nixeval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// cacheFiles is a directory of small files that may vanish or be damaged at any time: each holds its own checksum, is written beside
// and renamed, and what cannot be read is not there.
type cacheFiles struct{ dir string }

// maxCache bounds the size of all files together.
const maxCache = 256 << 20

// DefaultCacheDir is where answers are kept unless told otherwise: "clanctl" in the user's cache directory (XDG_CACHE_HOME).
// It may be deleted at any time.
func DefaultCacheDir() (string, error) {
	parent, err := os.UserCacheDir()
	if err != nil {
		return "", err
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

const cacheMagic = "clanctl-1 "

// checksum tells damaged files. Nobody else can write here, so that it need not withstand more than accidents.
func checksum(payload []byte) string {
	return fmt.Sprintf("%08x-%d", crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli)), len(payload))
}

// path of a file; the name is a hash, so that any key will do.
func (s *cacheFiles) path(kind, key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(s.dir, kind+"-"+hex.EncodeToString(sum[:16]))
}

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
	head, payload, ok := bytes.Cut(text, []byte("\n"))
	if !ok || string(head) != cacheMagic+checksum(payload) {
		return nil, false
	}
	// The oldest files go first when space is short; an hour is near enough.
	if time.Since(info.ModTime()).Abs() > time.Hour {
		_ = os.Chtimes(path, time.Time{}, time.Now())
	}
	return payload, true
}

func (s *cacheFiles) put(kind, key string, payload []byte) error {
	f, err := os.CreateTemp(s.dir, "tmp-")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s%s\n", cacheMagic, checksum(payload))
	if err == nil {
		_, err = f.Write(payload)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), s.path(kind, key))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	s.trim()
	return nil
}

// trim removes the least recently used files until the rest fits, and what crashed writers left.
func (s *cacheFiles) trim() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if len(e.Name()) > 4 && e.Name()[:4] == "tmp-" && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(s.dir, e.Name()))
			continue
		}
		files, total = append(files, info), total+info.Size()
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range files {
		if total <= maxCache {
			return
		}
		if err := os.Remove(filepath.Join(s.dir, info.Name())); err == nil || errors.Is(err, fs.ErrNotExist) {
			total -= info.Size()
		}
	}
}
