// Release builds what is attached to a release: for each platform an archive with the program, its
// completions and its manual page, and the checksums of all of them. The same source and Go give the same
// bytes, wherever and whenever it runs.
//
//	go run ./internal/release [-snapshot] [-o DIR]
//
// The version is the newest heading of CHANGELOG.md. While that is "Unreleased", only -snapshot builds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/clanctl/clanctl/internal/git"
)

// platforms are those that people run clan on.
var platforms = []platform{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}}

type platform struct{ os, arch string }

func main() {
	log.SetFlags(0)
	log.SetPrefix("release: ")
	snapshot := flag.Bool("snapshot", false,
		"build although the changelog names no version, or the checkout has changes")
	out := flag.String("o", "dist", "the directory to write to")
	flag.Parse()
	if err := run(".", *out, *snapshot); err != nil {
		log.Fatal(err)
	}
}

// run builds the source in a directory.
func run(source, out string, snapshot bool) error {
	version, err := changelogVersion(source)
	if err != nil {
		return err
	}
	ctx, repo := context.Background(), git.Repo(source)
	head, err := repo.Resolve(ctx, "HEAD")
	if err != nil {
		return err
	}
	changes, err := repo.ChangedFiles(ctx, head, "")
	if err != nil {
		return err
	}
	untracked, err := repo.Untracked(ctx)
	if err != nil {
		return err
	}
	changes = append(changes, untracked...)
	if snapshot {
		version = "snapshot"
	} else if version == "" {
		return errors.New("the newest heading of CHANGELOG.md is no version: see RELEASING.md, or build with -snapshot")
	} else if len(changes) > 0 {
		return fmt.Errorf("the checkout is not what was committed:\n%s", strings.Join(changes, "\n"))
	}
	committed, err := repo.Time(ctx, head)
	if err != nil {
		return err
	}
	return release{source, out, version, committed}.build(platforms)
}

// release is what all archives have in common.
type release struct {
	source, out, version string
	// time is that of all files: when the source was committed.
	time time.Time
}

// archive is the name of a platform's.
func (r release) archive(p platform) string {
	return fmt.Sprintf("clanctl_%s_%s_%s.tar.gz", r.version, p.os, p.arch)
}

func (r release) build(platforms []platform) error {
	work, err := os.MkdirTemp("", "clanctl-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	files, err := r.common(work)
	if err != nil {
		return err
	}
	var archives []string
	for _, p := range platforms {
		program := filepath.Join(work, p.os+"-"+p.arch)
		if err := r.compile(p, program); err != nil {
			return err
		}
		archive := filepath.Join(r.out, r.archive(p))
		if err := writeArchive(archive, strings.TrimSuffix(r.archive(p), ".tar.gz"),
			append([]file{{"clanctl", program, 0o755}}, files...), r.time); err != nil {
			return err
		}
		archives = append(archives, archive)
	}
	return writeSums(filepath.Join(r.out, "SHA256SUMS"), archives)
}

// common makes the files that are the same on every platform. The program itself prints some of them.
func (r release) common(work string) ([]file, error) {
	program := filepath.Join(work, "clanctl")
	if err := r.compile(platform{runtime.GOOS, runtime.GOARCH}, program); err != nil {
		return nil, err
	}
	files := []file{{"LICENSE", filepath.Join(r.source, "LICENSE"), 0o644},
		{"README.md", filepath.Join(r.source, "README.md"), 0o644}}
	printed := map[string][]string{
		"completions/clanctl.bash": {"completion", "bash"},
		"completions/clanctl.fish": {"completion", "fish"},
		"completions/_clanctl":     {"completion", "zsh"},
	}
	pages, err := exec.Command(program, "man", "--names").Output()
	if err != nil {
		return nil, fmt.Errorf("clanctl man --names: %w", err)
	}
	for _, page := range strings.Fields(string(pages)) {
		printed["man/"+page+".1"] = []string{"man", page}
	}
	for name, args := range printed {
		text, err := exec.Command(program, args...).Output()
		if err != nil {
			return nil, fmt.Errorf("clanctl %s: %w", strings.Join(args, " "), err)
		}
		path := filepath.Join(work, filepath.Base(name))
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return nil, err
		}
		files = append(files, file{name, path, 0o644})
	}
	return files, nil
}

// compile builds the program: static, and without a trace of where and when it was built.
func (r release) compile(p platform, to string) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags=urfave_cli_no_docs",
		"-ldflags=-s -w -buildid= -X github.com/clanctl/clanctl/internal/cli.version="+r.version, "-o", to,
		"./cmd/clanctl")
	cmd.Dir = r.source
	// Whatever else the builder has set must not show.
	cmd.Env = append(os.Environ(), "GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0",
		"GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build for %s/%s: %w\n%s", p.os, p.arch, err, out)
	}
	return nil
}

// newestHeading has the version, and the date that a released one has.
var newestHeading = regexp.MustCompile(`(?m)^## \[(.*?)\](?: - \d{4}-\d{2}-\d{2})?$`)

// changelogVersion is the version of the newest heading; empty if that is "Unreleased".
func changelogVersion(source string) (string, error) {
	text, err := os.ReadFile(filepath.Join(source, "CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	heading := newestHeading.FindSubmatch(text)
	switch {
	case heading == nil:
		return "", errors.New("CHANGELOG.md has no heading such as \"## [1.2.3] - 2030-01-02\"")
	case string(heading[1]) == "Unreleased":
		return "", nil
	}
	return string(heading[1]), nil
}
