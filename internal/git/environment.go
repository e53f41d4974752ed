package git

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// environment is what git runs in where it must run nothing else and fetch nothing.
func environment(programs []Setting) []string {
	// Of a transport that no protocol is allowed for, git runs no program: for a git that does not know
	// GIT_NO_LAZY_FETCH.
	return append(Harmless(here(os.Environ()), programs), "GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0")
}

// here leaves out what says where some other repository is (in a hook of git's, say), and how to work on it.
func here(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(elsewhere, name) || strings.HasPrefix(name, "GIT_TRACE")
	})
}

// elsewhere is what `git rev-parse --local-env-vars` lists, but for configuration, and what is like it.
var elsewhere = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX",
	"GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX",
	"GIT_NO_REPLACE_OBJECTS",
	"GIT_REPLACE_REF_BASE", "GIT_ATTR_SOURCE", "GIT_EXTERNAL_DIFF", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS",
	"GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
}

// Harmless adds to an environment what keeps git from running programs that a repository names, from fetching
// what a partial clone lacks, and from writing to its index: for commands of git's that others run, too. What
// has a name of the repository's own choice (a filter, say) is in [Repo.Programs]. Only `git diff`, which Nix
// 2.8 runs, still writes the index anew where a file was touched: with diff.autoRefreshIndex=false it would
// call the file changed.
func Harmless(environ []string, programs []Setting) []string {
	n := 0
	out := make([]string, 0, len(environ)+2*len(harmless)+2*len(programs)+3)
	for _, entry := range environ {
		switch name, value, _ := strings.Cut(entry, "="); name {
		case "GIT_CONFIG_COUNT":
			n, _ = strconv.Atoi(value)
		case "GIT_OPTIONAL_LOCKS", "GIT_NO_LAZY_FETCH":
		default:
			out = append(out, entry)
		}
	}
	for _, setting := range slices.Concat(harmless, programs) {
		out = append(out, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", n, setting.Name),
			fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, setting.Value))
		n++
	}
	return append(out, fmt.Sprintf("GIT_CONFIG_COUNT=%d", n), "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1")
}

// Setting is one setting of git's configuration.
type Setting struct{ Name, Value string }

var harmless = []Setting{
	{"core.fsmonitor", "false"},
	{"core.hooksPath", os.DevNull},
	{"log.showSignature", "false"},
	{"diff.trustExitCode", "false"}, // else `git diff --quiet` asks diff.external
}

// Programs are the settings that keep git from running the programs which a repository's configuration, or
// the user's, has under names of its own choice, without asking whether it would.
func (r Repo) Programs(ctx context.Context) ([]Setting, error) {
	out, err := r.run(ctx, nil, "config", "--list", "--name-only", "-z")
	if err != nil {
		return nil, err
	}
	var found []Setting
	for name := range strings.SplitSeq(out, "\x00") {
		section, rest, _ := strings.Cut(name, ".")
		at := strings.LastIndexByte(rest, '.')
		if at < 0 {
			continue
		}
		for _, setting := range named[section+"."+rest[at+1:]] {
			setting.Name = section + "." + rest[:at+1] + setting.Name
			if !slices.Contains(found, setting) {
				found = append(found, setting)
			}
		}
	}
	return found, nil
}

// named says, for a setting whose section has a name, what of the same section keeps its program from being run.
var named = map[string][]Setting{
	"filter.clean":   noFilter,
	"filter.smudge":  noFilter,
	"filter.process": noFilter,
	"diff.command":   {{"trustexitcode", "false"}},
	"hook.command":   {{"enabled", "false"}},
}

// An empty process comes before clean and smudge, and is none.
var noFilter = []Setting{{"process", ""}, {"required", "false"}}
