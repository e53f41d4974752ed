package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// file is one in an archive.
type file struct {
	name, path string
	mode       int64
}

// writeArchive writes a tar.gz with everything below one directory. Order, owner and time of the files do not
// depend on who packs them.
func writeArchive(path, dir string, files []file, at time.Time) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	// Best compression; the header without name and time.
	zip, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	pack := tar.NewWriter(zip)
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
	for _, f := range files {
		text, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name: dir + "/" + f.name, Mode: f.mode, Size: int64(len(text)),
			ModTime: at.UTC(), Uname: "root", Gname: "root", Format: tar.FormatUSTAR,
		}
		if err := pack.WriteHeader(header); err != nil {
			return err
		}
		if _, err := pack.Write(text); err != nil {
			return err
		}
	}
	return errors.Join(pack.Close(), zip.Close())
}

// writeSums writes what `sha256sum -c` reads.
func writeSums(path string, files []string) error {
	var sums strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), filepath.Base(name))
	}
	return os.WriteFile(path, []byte(sums.String()), 0o644)
}
