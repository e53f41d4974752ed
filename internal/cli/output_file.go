package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"
)

// outputFlag names the file that a command writes; usage says what is written.
func outputFlag(usage string) cli.Flag {
	return &cli.PathFlag{Name: "output", Aliases: []string{"o", "out"}, Usage: usage + "; - is standard output"}
}

// outputFile is a file to write, empty for standard output. It is a regular one, if it exists.
type outputFile string

// outputOf reads the flag. What is wrong with the file is said before anything is evaluated.
func outputOf(c *cli.Context) (outputFile, error) {
	name := c.Path("output")
	if name == "-" || name == "" {
		return "", nil
	}
	if info, err := os.Stat(name); err == nil {
		return outputFile(name), regular(name, info)
	}
	return outputFile(name), nil
}

func regular(name string, info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", name)
	}
	return nil
}

// read returns what is in the file now, which may be anybody's: it waits for no pipe, and reads no more than maxFile.
func (f outputFile) read() ([]byte, error) {
	file, err := os.OpenFile(string(f), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = regular(string(f), info)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", f, maxFile>>20)
	}
	return text, err
}

// write writes a file beside the old one and puts it in its place, so that readers see one or the other; or it writes
// to standard output.
func (f outputFile) write(c *cli.Context, write func(io.Writer) error) (err error) {
	if f == "" {
		return write(stdout(c))
	}
	name := string(f)
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // a link stays one
	}
	temporary := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text())
	// as far as the user's umask lets others read
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary)
		}
	}()
	err = write(file)
	if info, statErr := os.Stat(name); err == nil && statErr == nil {
		err = file.Chmod(info.Mode().Perm())
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}
