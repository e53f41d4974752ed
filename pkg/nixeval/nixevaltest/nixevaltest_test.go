package nixevaltest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/nixeval/nixevaltest"
)

// ports is the code under test: it takes the evaluator that it is to use.
func ports(ctx context.Context, e nixeval.Evaluator) (map[string]int, error) {
	hosts, err := nixeval.Eval[[]string](ctx, ".", nixeval.Attr("hosts").Names(), e)
	if err != nil {
		return nil, err
	}
	var paths []nixeval.Path
	for _, host := range hosts {
		paths = append(paths, nixeval.Attr("hosts", host, "port"))
	}
	ports := map[string]int{}
	var errs []error
	for port, err := range nixeval.Each[int](ctx, ".", paths, e) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", port.Path, err))
			continue
		}
		ports[port.Path.Segments[1]] = port.Value
	}
	return ports, errors.Join(errs...)
}

func ExampleFake() {
	fake := nixevaltest.Fake(map[string]any{
		".": map[string]any{"hosts": map[string]any{
			"web": map[string]any{"port": 80},
			"db":  map[string]any{"port": errors.New("the option is used but not defined")},
		}},
	})
	fmt.Println(ports(context.Background(), fake))
	// Output: map[web:80] hosts.db.port: the option is used but not defined
}

func TestFake(t *testing.T) {
	fake := nixevaltest.Fake(map[string]any{
		".": map[string]any{"a": map[string]int{"x": 1}, "b": struct{ Y []int }{[]int{2}},
			"c": errors.New("boo")},
		"x: y: y":    func(args json.RawMessage) (any, error) { return args, nil },
		"x: 1":       1,
		"/x.nix":     map[string]any{"z": 3},
		"{ z = 4; }": map[string]any{"z": 4},
	})
	ctx := t.Context()
	if n, err := nixeval.Eval[int](ctx, ".", nixeval.Attr("a", "x"), fake); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := nixeval.Eval[[]int](ctx, ".#b", nixeval.Attr("Y"), fake); !slices.Equal(n, []int{2}) || err != nil {
		t.Error(n, err)
	}
	if _, err := nixeval.Eval[int](ctx, ".", nixeval.Attr("a", "y"), fake); !errors.Is(err, nixeval.ErrMissing) {
		t.Error(err)
	}
	if _, err := nixeval.Eval[int](ctx, "other", nixeval.Attr("a"), fake); !errors.Is(err, nixeval.ErrNoFlake) {
		t.Error(err)
	}
	if _, err := nixeval.Eval[int](ctx, ".", nixeval.Attr("c", "d"), fake); err == nil || err.Error() != "boo" {
		t.Error(err)
	}
	if _, err := nixeval.Eval[int](ctx, ".", nixeval.Attr("a", "x").Names(), fake); !errors.Is(err,
		nixeval.ErrEvaluation) {
		t.Error(err)
	}
	if s, err := nixeval.Apply[string](ctx, ".", "x: y: y", "hi", fake); s != "hi" || err != nil {
		t.Error(s, err)
	}
	if n, err := nixeval.Apply[int](ctx, ".", "x: 1", nil, fake); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := nixeval.Eval[int](ctx, nixeval.File("/x.nix", nil), nixeval.Attr("z"), fake); n != 3 || err != nil {
		t.Error(n, err)
	}
	if n, err := nixeval.Eval[int](ctx, nixeval.Expr("{ z = 4; }", nil), nixeval.Attr("z"), fake); n != 4 ||
		err != nil {
		t.Error(n, err)
	}
	if result, err := fake.Apply(ctx, nixeval.Ref{Text: "."}, nixeval.Function{Name: "f.nix", Source: "x: y: y"}, 5); err != nil ||
		string(result.Value) != "5" {
		t.Error(result, err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := nixeval.Eval[int](done, ".", nixeval.Attr("a", "x"), fake); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRecordAndReplay(t *testing.T) {
	dir := t.TempDir()
	flake := `{ outputs = _: { hosts = { web.port = 80;
  "a b".port = throw "no port"; }; }; }`
	if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(flake), 0o600); err != nil {
		t.Fatal(err)
	}
	e := nixtest.Evaluator(t)
	e.Dir = dir
	answers := filepath.Join(t.TempDir(), "answers")
	recorded, recordedErr := ports(t.Context(), nixevaltest.Record(answers, e))
	replayed, replayedErr := ports(t.Context(), nixevaltest.Replay(answers))
	if fmt.Sprint(recorded) != "map[web:80]" || fmt.Sprint(replayed) != fmt.Sprint(recorded) {
		t.Errorf("recorded %v, replayed %v", recorded, replayed)
	}
	for _, err := range []error{recordedErr, replayedErr} {
		var failed *nixeval.Error
		if !errors.Is(err, nixeval.ErrEvaluation) || !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if at, ok := failed.Position(); !ok || at.File != "flake.nix" || at.Line != 2 {
			t.Errorf("%v at %v", err, at)
		}
	}
	replay := nixevaltest.Replay(answers)
	if _, err := nixeval.Eval[int](t.Context(), ".", nixeval.Attr("hosts", "web", "other"), replay); err == nil {
		t.Error("an answer that was not recorded")
	}
	for _, record := range []nixeval.Evaluator{nixevaltest.Record(answers, e), replay} {
		if n, err := nixeval.Apply[int](t.Context(), ".#hosts", "hosts: { name }: hosts.${name}.port + 1",
			map[string]string{"name": "web"}, record); n != 81 || err != nil {
			t.Error(n, err)
		}
		if n, err := nixeval.Eval[int](t.Context(), nixeval.Expr("{ n }: n + 1", map[string]int{"n": 1}),
			nixeval.Attr(), record); n != 2 || err != nil {
			t.Error(n, err)
		}
		if _, err := nixeval.Eval[int](t.Context(), ".", nixeval.Attr("nothing"), record); !errors.Is(err,
			nixeval.ErrMissing) {
			t.Error(err)
		}
	}
	// No Nix is nothing to record.
	if _, err := ports(t.Context(),
		nixevaltest.Record(answers, nixeval.Evaluator{Nix: "/nonexistent/nix", Dir: dir})); !errors.Is(err,
		nixeval.ErrNixNotFound) {
		t.Error(err)
	}
}
