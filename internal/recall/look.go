package recall

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Look is something that an output hangs on besides the answers, and how it looked.
type Look struct {
	Kind string `json:"kind"`
	// In is a directory or a flake, and Name what was looked at there.
	In   string `json:"in,omitempty"`
	Name string `json:"name,omitempty"`
	Was  string `json:"was,omitempty"`
}

// MaxFile is more than anybody writes, or wants to have read, in bytes.
const MaxFile = 16 << 20

// File is a file that was read, in a directory that nothing leads out of, or, where that is empty, anywhere.
func File(dir, name string, text []byte, err error) Look {
	return Look{"file", dir, name, fileState(text, err)}
}

// Commit is the one that a name meant in the repository of a flake, empty where it means none.
func Commit(flake, name, commit string) Look {
	return Look{"commit", flake, name, commitState(flake, commit)}
}

// Untracked are the files of a flake's repository that git does not track.
func Untracked(ctx context.Context, flake string) Look {
	return Look{"untracked", flake, "", untrackedState(ctx, flake)}
}

// Hour is that of [Now]: an output that tells the time may be given again within it.
func Hour(now time.Time) Look { return Look{"hour", "", "", hourState(now)} }

// Now is the time that an output tells, or what a reproducible build says
// (reproducible-builds.org/specs/source-date-epoch).
func Now() time.Time {
	if seconds, err := strconv.ParseInt(os.Getenv(sourceDateEpoch), 10, 64); err == nil {
		return time.Unix(seconds, 0)
	}
	return time.Now()
}

const sourceDateEpoch = "SOURCE_DATE_EPOCH"

// holds looks again.
func (l Look) holds(ctx context.Context) bool {
	switch l.Kind {
	case "file":
		return l.Was == fileState(readFile(l.In, l.Name))
	case "commit":
		repo, commit := RepoOf(l.In), ""
		if repo != "" {
			commit, _ = repo.Resolve(ctx, l.Name)
		}
		return l.Was == commitState(l.In, commit)
	case "untracked":
		return l.Was == untrackedState(ctx, l.In)
	case "hour":
		return l.Was == hourState(Now())
	}
	return false
}

// readFile fails wherever the commands that read policies fail.
func readFile(dir, name string) ([]byte, error) {
	if dir == "" {
		real, err := filepath.EvalSymlinks(name)
		if err != nil {
			return nil, err
		}
		dir, name = filepath.Split(real)
	}
	return filetree.ReadFile(filepath.Clean(dir), name, MaxFile)
}

func fileState(text []byte, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "not there"
	} else if err != nil {
		return "unreadable"
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// commitState tells also which flake it is: there may be a nearer one by now, and where a link leads may change.
func commitState(flake, commit string) string {
	ref, _ := nixeval.ResolveRef(flake)
	real, _ := filepath.EvalSymlinks(ref.Root)
	return fmt.Sprintf("%q %q %s", ref.URL, real, commit)
}

func untrackedState(ctx context.Context, flake string) string {
	repo := RepoOf(flake)
	if repo == "" {
		return ""
	}
	files, err := repo.Untracked(ctx)
	return fmt.Sprintf("%q %v", files, err)
}

func hourState(now time.Time) string {
	return fmt.Sprint(now.Unix()/3600, " ", os.Getenv(sourceDateEpoch))
}

// RepoOf is the git repository that a flake is read from; empty without one.
func RepoOf(flake string) git.Repo {
	ref, err := nixeval.ResolveRef(flake)
	if err != nil || !ref.Git {
		return ""
	}
	return git.Repo(ref.Root)
}
