package nixeval

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/clanctl/clanctl/internal/cachedir"
	"github.com/clanctl/clanctl/internal/scratch"
)

// cacheFiles is a directory of small files that may vanish, be damaged or be exchanged at any time: each holds its own
// key and checksum, is written beside and renamed, and what cannot be read is not there.
type cacheFiles struct{ dir string }

// maxCache bounds the room on disk that all files take together, maxFiles their number. Both are looked at now and
// then, not at each write.
var (
	maxCache int64 = 256 << 20
	maxFiles       = 20_000
)

// openCacheFiles makes sure that a directory is ours alone. A directory that others may write to is not used.
func openCacheFiles(dir string) (*cacheFiles, error) {
	if err := cachedir.Check(dir); err != nil {
		return nil, err
	}
	return &cacheFiles{dir}, nil
}

const cacheMagic = "nixeval-6"

// head begins a file; behind it stands the file's ID, which no other has. The checksum tells damaged files: nobody else
// can write here, so that it need not withstand more than accidents. (Go sets up that of Castagnoli in a fifth of a
// millisecond, and this one in none.)
func head(name string, payload ...[]byte) string {
	sum, size := crc32.NewIEEE(), 0
	for _, part := range payload {
		_, _ = sum.Write(part)
		size += len(part)
	}
	return fmt.Sprintf("%s %s %08x %d", cacheMagic, name, sum.Sum32(), size)
}

// name of a file; it is a hash, so that any key will do.
func (s *cacheFiles) name(kind, key string) string {
	sum := sha256.Sum256([]byte(key))
	return kind + "-" + hex.EncodeToString(sum[:])
}

func (s *cacheFiles) path(kind, key string) string { return filepath.Join(s.dir, s.name(kind, key)) }

func (s *cacheFiles) get(kind, key string) ([]byte, bool) {
	payload, _, ok := s.read(kind, key)
	return payload, ok
}

// read returns the payload and the ID of a file.
func (s *cacheFiles) read(kind, key string) (payload []byte, id string, ok bool) {
	first, payload, info := s.begin(kind, key, math.MaxInt64)
	if id, ok = strings.CutPrefix(first, head(s.name(kind, key), payload)+" "); !ok {
		return nil, "", false
	}
	s.touch(info)
	return payload, id, true
}

// id is the ID of a file, of which nothing else is read; empty if there is none.
func (s *cacheFiles) id(kind, key string) string {
	first, _, info := s.begin(kind, key, 256)
	fields := strings.Fields(first)
	if len(fields) != 5 || fields[0] != cacheMagic || fields[1] != s.name(kind, key) ||
		fields[3] != fmt.Sprint(info.Size()-int64(len(first))-1) {
		return ""
	}
	s.touch(info)
	return fields[4]
}

// begin reads the beginning of a file: the first line, and what follows of so many bytes.
func (s *cacheFiles) begin(kind, key string, most int64) (first string, rest []byte, info fs.FileInfo) {
	f, info, err := openRegular(s.path(kind, key))
	if err != nil {
		return "", nil, nil
	}
	defer f.Close()
	text := make([]byte, min(info.Size(), most))
	if _, err := io.ReadFull(f, text); err != nil {
		return "", nil, nil
	}
	head, rest, _ := bytes.Cut(text, []byte("\n"))
	return string(head), rest, info
}

// openRegular opens a file, if it is one: a link, or a pipe, is nothing that we made.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// touch says that a file was used: the oldest go first when space is short. An hour is near enough.
func (s *cacheFiles) touch(info fs.FileInfo) {
	if time.Since(info.ModTime()).Abs() > time.Hour {
		_ = os.Chtimes(filepath.Join(s.dir, info.Name()), time.Time{}, time.Now())
	}
}

// put writes a file and returns its ID.
func (s *cacheFiles) put(kind, key string, payload ...[]byte) (id string, err error) {
	f, err := scratch.NewFile(s.dir, tempPrefix)
	if err != nil {
		return "", err
	}
	defer f.Close()
	id = rand.Text()
	_, err = fmt.Fprintf(f, "%s %s\n", head(s.name(kind, key), payload...), id)
	size := 0
	for _, part := range payload {
		if err == nil {
			_, err = f.Write(part)
		}
		size += len(part)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return id, s.install(f, kind, key, int64(size))
}

// install gives a finished file its name.
func (s *cacheFiles) install(f *os.File, kind, key string, size int64) error {
	if err := os.Rename(f.Name(), s.path(kind, key)); err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	if size > largePayload || mathrand.N(trimEach) == 0 {
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
