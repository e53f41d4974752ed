package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/filetree"
)

// TestStates edits a file as soon as what it held was seen.
func TestStates(t *testing.T) {
	broken, over := errors.New("broken"), errors.New("over")
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write := func(text string) {
		if text == "gone" {
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
			return
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	watch := func(t *testing.T, next map[string]string) (shown []string, _ error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		seen := func(text string) {
			if after, ok := next[text]; ok {
				delete(next, text)
				write(after)
			}
		}
		err := States(ctx, Watched[string]{
			Load: func() (*string, error) {
				text, err := os.ReadFile(file)
				if err != nil {
					return nil, err
				}
				seen("read " + string(text))
				value := strings.TrimSpace(string(text))
				if value == "" {
					return nil, broken
				}
				return &value, nil
			},
			Trees: func(*string) []filetree.Source { return []filetree.Source{{Root: dir}} },
			Tree:  filetree.Source{Root: dir},
			Write: func(to io.Writer, value *string, err error) error {
				if value != nil {
					_, err = fmt.Fprint(to, *value)
				} else {
					_, err = fmt.Fprint(to, err)
				}
				return err
			},
			Show: func(value *string, err error) error {
				if err != nil {
					said := "broken"
					if !errors.Is(err, broken) {
						said = "missing"
					}
					shown = append(shown, said)
					seen(said)
					return nil
				}
				shown = append(shown, *value)
				if *value == "end" {
					return over
				}
				seen(*value)
				return nil
			},
			Broken: broken,
		})
		return shown, err
	}
	for name, test := range map[string]struct {
		first string
		next  map[string]string
		want  []string
	}{
		"what says the same is not shown again": {"a", map[string]string{"a": "a\n", "read a\n": "b", "b": "end"},
			[]string{"a", "b", "end"}},
		"what is broken and mended is shown, though it is as before": {"a",
			map[string]string{"a": "\n", "broken": "a ", "read a ": "end"}, []string{"a", "broken", "a", "end"}},
		"what no edit helps is shown, later": {"a",
			map[string]string{"a": "gone", "missing": "end"}, []string{"a", "missing", "end"}},
		"what is broken at first is shown": {"\n", map[string]string{"broken": "end"}, []string{"broken", "end"}},
	} {
		t.Run(name, func(t *testing.T) {
			write(test.first)
			shown, err := watch(t, test.next)
			if diff := cmp.Diff(test.want, shown); diff != "" || !errors.Is(err, over) {
				t.Errorf("ended with %v after (-want +got)\n%s", err, diff)
			}
		})
	}
	t.Run("what no edit helps ends it", func(t *testing.T) {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if shown, err := watch(t, nil); !errors.Is(err, os.ErrNotExist) || shown != nil {
			t.Errorf("ended with %v after %q", err, shown)
		}
	})
}
