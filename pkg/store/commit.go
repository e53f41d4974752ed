package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// CommitConfig says how to write. The zero value writes what [Store.Preview] has nothing against, to the file alone.
type CommitConfig struct {
	// Force writes what would break the clan, or would have no effect, too.
	Force bool
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
	// Commit is the short name of the commit; Swept tells that the file had other changes that were not committed before. Where
	// nothing was written, these are all that the commit has.
	Commit string
	Swept  bool
}

// Commit evaluates the changed clan, unless [Store.Preview] did, and writes the file. If the error is not nil the file is as it was,
// but for a [*NotCommittedError].
//
// The changes are written at once or not at all; a file that is not what was read is a [*ConflictError]. After Commit the store is
// used up: open it again for the next change.
func (s *Store) Commit(ctx context.Context, config CommitConfig) (*Result, error) {
	result := &Result{}
	if !s.Changed() {
		if !config.Git || !s.tracked || s.missing {
			return result, nil
		}
		return s.commitUnchanged(ctx, config.Message)
	}
	if config.Git && !s.ref.Git {
		return nil, &FileError{File: s.path, Reason: "is not in a git repository, so that it cannot be committed"}
	}
	p, err := s.Preview(ctx)
	if err != nil {
		return nil, err
	}
	if p.Err != nil && !config.Force {
		return nil, p.Err
	}
	if s.lock == nil {
		lock, err := lockTree(ctx, s.ref.Root)
		if err != nil {
			return nil, err
		}
		defer lock.release()
	}
	if err := s.unchanged(); err != nil {
		return nil, err
	}
	if config.Git && s.tracked {
		if result.Swept, err = s.gitFile().IsChanged(ctx); err != nil {
			return nil, err
		}
	}
	if s.ref.Git && !s.tracked {
		if err := s.track(ctx); err != nil {
			return nil, err
		}
		result.Tracked = true
	}
	if err := replace(s.path, s.doc.text(), s.unchanged); err != nil {
		return nil, err
	}
	result.Written = true
	if config.Git {
		message := config.Message
		if message == "" {
			message = s.message()
		}
		if result.Commit, err = s.gitFile().Commit(ctx, message); err != nil {
			return result, &NotCommittedError{File: s.path, Err: err}
		}
	}
	return result, nil
}

// commitUnchanged commits what the file has already, if that is not committed: a commit may have failed before.
func (s *Store) commitUnchanged(ctx context.Context, message string) (*Result, error) {
	result := &Result{}
	changed, err := s.gitFile().IsChanged(ctx)
	if err != nil || !changed {
		return result, err
	}
	if message == "" {
		message = s.relative() + ": what was changed before"
	}
	if result.Commit, err = s.gitFile().Commit(ctx, message); err != nil {
		return result, &NotCommittedError{File: s.path, Err: err}
	}
	result.Swept = true
	return result, nil
}

// track makes a new file known to git before there is anything in it: whenever this process dies, Nix sees all that the file says.
func (s *Store) track(ctx context.Context) error {
	if s.missing {
		if err := replace(s.path, []byte(emptyDocument), s.unchanged); err != nil {
			return err
		}
		s.missing, s.original = false, []byte(emptyDocument)
		if err := s.gitFile().IntendToAdd(ctx); err != nil {
			s.missing, s.original = true, nil
			return errors.Join(err, os.Remove(s.path))
		}
		return nil
	}
	return s.gitFile().IntendToAdd(ctx)
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

// NotCommittedError: the file is as it was to be, but git did not commit it.
type NotCommittedError struct {
	File string
	Err  error
}

func (e *NotCommittedError) Error() string {
	return e.File + " is written, but not committed: " + e.Err.Error()
}

// Hint says what to do.
func (e *NotCommittedError) Hint() string { return "do it again, or commit it by hand" }

// Unwrap returns git's error.
func (e *NotCommittedError) Unwrap() error { return e.Err }
