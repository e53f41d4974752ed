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
	was := fmt.Sprintf("%x", sha256.Sum256(text))
	if errors.Is(err, fs.ErrNotExist) {
		was = "not there"
	} else if err != nil {
		was = "unreadable"
	}
	return Look{"file", dir, name, was}
}

// Commit is what [CommitOf] says. There may be a nearer flake by now, and where a link leads may change.
func Commit(flake, name, commit string) Look {
	ref, _ := nixeval.ResolveRef(flake)
	real, _ := filepath.EvalSymlinks(ref.Root)
	return Look{"commit", flake, name, fmt.Sprintf("%q %q %s", ref.URL, real, commit)}
}

// CommitOf is the commit that a name means in the repository of a flake; empty where it means none.
func CommitOf(ctx context.Context, flake, name string) string {
	repo := RepoOf(flake)
	if repo == "" {
		return ""
	}
	commit, _ := repo.Resolve(ctx, name)
	return commit
}

// Untracked are the files of a flake's repository that git does not track.
func Untracked(flake string, files []string) Look {
	return Look{"untracked", flake, "", fmt.Sprintf("%q", files)}
}

// Hour is that of [Now]: an output that tells the time may be given again within it.
func Hour(now time.Time) Look {
	return Look{"hour", "", "", fmt.Sprint(now.Unix()/3600, " ", os.Getenv(sourceDateEpoch))}
}

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
		text, err := readFile(l.In, l.Name)
		return l == File(l.In, l.Name, text, err)
	case "commit":
		return l == Commit(l.In, l.Name, CommitOf(ctx, l.In, l.Name))
	case "untracked":
		repo := RepoOf(l.In)
		if repo == "" {
			return false
		}
		files, _ := repo.Untracked(ctx) // as for the inventory
		return l == Untracked(l.In, files)
	case "hour":
		return l == Hour(Now())
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

// RepoOf is the git repository that a flake is read from; empty without one.
func RepoOf(flake string) git.Repo {
	ref, err := nixeval.ResolveRef(flake)
	if err != nil || !ref.Git {
		return ""
	}
	return git.Repo(ref.Root)
}
