package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// CommitConfig says how to write. The zero value writes what [Store.Preview] has nothing against, to the file alone.
type CommitConfig struct {
	// Git commits the file, and only that, to the git repository that the flake is in.
	Git bool
	// Message is the message of that commit. Empty: what was changed.
	Message string
}

// Result is what was done.
type Result struct {
	// Written: the file was written; false where there was nothing to change.
	Written bool
	// Tracked: the file is new, and git was told that it will be added (git add -N), so that Nix sees it.
	Tracked bool
	// Commit is the short name of the commit; Swept tells that the file had other changes that were not committed
	// before. Where nothing was written, these are all that the commit has.
	Commit string
	Swept  bool
}

// Commit evaluates the changed clan, unless [Store.Preview] did, and writes the file. If the error is not nil the file
// is as it was, but where git made no commit of it, and for an interrupt after git had made the commit; the result says
// what was done.
//
// The changes are written at once or not at all; a file that is not what was read is an [ErrConflict], with
// [Store.Force] only inventory.json. After Commit the store is used up: open it again for the next change.
func (s *Store) Commit(ctx context.Context, config CommitConfig) (*Result, error) {
	result := &Result{}
	if !s.changed() {
		if !config.Git || !s.tracked || s.missing {
			return result, nil
		}
		var err error
		// A commit may have failed before.
		if result.Swept, err = s.uncommitted(ctx); err != nil || !result.Swept {
			return result, err
		}
		s.changes = []change{{text: "what was changed before"}}
		return result, s.commit(ctx, result, config.Message)
	}
	if config.Git && !s.ref.Git {
		return nil, fmt.Errorf("%s is not in a git repository, so it cannot be committed", s.path)
	}
	p, err := s.Preview(ctx)
	if err != nil {
		return nil, err
	}
	if p.Err != nil && !s.Force {
		return nil, p.Err
	}
	if s.lock == nil {
		lock, err := lockTree(ctx, s.ref.Root)
		if err != nil {
			return nil, err
		}
		defer lock.release()
	}
	unchanged := func() error { return s.unchanged(ctx, !s.Force) }
	if err := unchanged(); err != nil {
		return nil, err
	}
	if config.Git && s.tracked {
		if result.Swept, err = s.uncommitted(ctx); err != nil {
			return nil, err
		}
	}
	if s.ref.Git && !s.tracked {
		if err := s.track(ctx, unchanged); err != nil {
			return nil, err
		}
		result.Tracked = true
	}
	if err := replace(s.path, s.doc.text(), unchanged); err != nil {
		return nil, err
	}
	result.Written = true
	if config.Git {
		return result, s.commit(ctx, result, config.Message)
	}
	return result, nil
}

// uncommitted reports whether the file is not as in the last commit.
func (s *Store) uncommitted(ctx context.Context) (bool, error) {
	if s.missing {
		return false, nil
	}
	head, err := s.repo().Resolve(ctx, "HEAD")
	if errors.Is(err, git.ErrNotFound) {
		return true, nil // there is no commit yet
	} else if err != nil {
		return false, err
	}
	same, _, err := s.repo().Holds(ctx, head, s.relative(), s.original)
	return !same, err
}

// commit commits the file, and looks whether the commit has what was written: hooks may change it.
func (s *Store) commit(ctx context.Context, result *Result, message string) error {
	if message == "" {
		message = s.message()
	}
	name, err := s.repo().Commit(ctx, s.relative(), message)
	if name == "" {
		return s.notCommitted(" was written, but not committed", "do it again, or commit it by hand", err)
	}
	text := s.doc.text()
	same, content, holdsErr := s.repo().Holds(context.WithoutCancel(ctx), name, s.relative(), text)
	// a hook that only formats it does no harm
	if !same && !jsonvalue.Equal(jsonvalue.Parse(content), jsonvalue.Parse(text)) {
		return s.notCommitted(fmt.Sprintf(" was written, but the commit %s does not contain the change: a hook removed it",
			name),
			"look at what the repository's hooks do (pre-commit), and commit it by hand", errors.Join(err, holdsErr))
	}
	result.Commit = name
	return err
}

// track makes a new file known to git before there is anything in it: whenever this process dies, Nix sees all that the
// file says.
func (s *Store) track(ctx context.Context, unchanged func() error) error {
	if s.missing {
		if err := replace(s.path, []byte(emptyDocument), unchanged); err != nil {
			return err
		}
		s.missing, s.original = false, []byte(emptyDocument)
		if err := s.repo().IntendToAdd(ctx, s.relative()); err != nil {
			s.missing, s.original = true, nil
			return errors.Join(err, os.Remove(s.path))
		}
		return nil
	}
	return s.repo().IntendToAdd(ctx, s.relative())
}

// message is what was changed, in a line and, if that is not enough, in one for each change.
func (s *Store) message() string {
	var texts []string
	for _, c := range s.changes {
		texts = append(texts, c.text)
	}
	if len(texts) == 1 {
		return s.relative() + ": " + texts[0]
	}
	return fmt.Sprintf("%s: %d changes\n\n- %s", s.relative(), len(texts), strings.Join(texts, "\n- "))
}

// notCommitted is the error where the file is as it was to be, but the change is in no commit.
func (s *Store) notCommitted(what, advice string, err error) error {
	failed := &hint.Error{Text: s.path + what, Advice: advice, Err: err}
	if err != nil {
		failed.Text += ": " + err.Error()
	}
	return failed
}
