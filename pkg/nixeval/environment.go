package nixeval

import (
	"context"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/git"
)

// environ is the environment that Nix runs in: what it and the fetchers below it need of the caller's, and what must
// not be on a command line. Git, which Nix runs, is kept from running the given programs.
func (e *Evaluator) environ(programs []git.Setting) []string {
	all := e.Env
	switch {
	case all != nil:
	case e.Impure:
		all = os.Environ()
	default:
		all = environment(os.Environ())
	}
	if e.Offline {
		all = withoutNetwork(all)
	}
	return withSecrets(git.Harmless(all, programs), e.settings())
}

// programs are those that the git repositories name which are known before Nix runs: the flake's and those of
// overridden inputs.
func (e *Evaluator) programs(ctx context.Context, ref Ref) []git.Setting {
	var found []git.Setting
	for _, ref := range append(slices.Collect(maps.Values(e.OverrideInputs)), ref.URL) {
		if repo, ok := localRepo(e.override(ref)); ok {
			programs, _ := repo.Programs(ctx) // where git knows no repository, Nix's git knows none either
			found = append(found, programs...)
		}
	}
	return found
}

// localRepo is the repository on this machine that a reference speaks of, at whatever revision.
func localRepo(ref string) (git.Repo, bool) {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "git+file" || !filepath.IsAbs(u.Path) {
		return "", false
	}
	return git.Repo(u.Path), true
}

// environment passes on what Nix and the fetchers below it need, and nothing else of the user's. An impure flake is
// asked for with the whole environment: with less, it would see another one than Nix by itself shows it.
func environment(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !slices.Contains(needed, name) &&
			!slices.ContainsFunc(neededPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}

// needed is looked through for each variable; it is short. Variables that only say where a git repository is (GIT_DIR
// in a commit hook, say) are left out: they would be taken for every repository among the inputs.
var needed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "LANG", "TZ", "TERM", "LD_LIBRARY_PATH",
	"LOCALE_ARCHIVE",
	"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
	// Nix.
	"NIX_CACHE_HOME", "NIX_CONFIG", "NIX_CONFIG_HOME", "NIX_CONF_DIR", "NIX_CURL_FLAGS", "NIX_DAEMON_SOCKET_PATH",
	"NIX_DATA_DIR", "NIX_DATA_HOME",
	"NIX_IGNORE_SYMLINK_STORE", "NIX_LIBEXEC_DIR", "NIX_LOCALSTATE_DIR", "NIX_LOG_DIR", "NIX_PATH", "NIX_PROFILES",
	"NIX_REMOTE",
	"NIX_SSHOPTS", "NIX_SSL_CERT_FILE", "NIX_STATE_DIR", "NIX_STATE_HOME", "NIX_STORE", "NIX_STORE_DIR",
	"NIX_USER_CONF_FILES",
	"NIX_USER_PROFILE_DIR",
	// Fetching: git, ssh, curl.
	"GIT_ALLOW_PROTOCOL", "GIT_ASKPASS", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH",
	"GIT_PROXY_COMMAND",
	"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_TERMINAL_PROMPT",
	"NETRC", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY",
	"DBUS_SESSION_BUS_ADDRESS",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
	"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
}

var neededPrefixes = []string{"LC_", "GIT_CONFIG_", "GIT_SSL_", "GC_"}

// withoutNetwork has every fetcher fail at once: Nix's --offline alone still downloads an input that is not at hand.
func withoutNetwork(environ []string) []string {
	out := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(strings.ToLower(entry), "=")
		return strings.HasSuffix(name, "_proxy") || name == "git_allow_protocol" || name == "git_ssh"
	})
	for _, name := range []string{"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY",
		"FTP_PROXY", "ALL_PROXY"} {
		out = append(out, name+"="+noProxy)
	}
	return append(out, "GIT_ALLOW_PROTOCOL=file", "GIT_SSH_COMMAND=false")
}

// noProxy is one that no library knows how to speak to, and so none tries.
const noProxy = "offline://none"

// secret reports whether a setting's value must not be seen by others: a command line is everybody's to read.
func secret(option setting) bool { return strings.Contains(option.name, "token") }

// withSecrets adds the secret settings to NIX_CONFIG, where only the user and root can read them. They win over what
// stands there, as --option would.
func withSecrets(environ []string, options []setting) []string {
	config := ""
	for _, o := range options {
		if secret(o) {
			// A setting is a line of words.
			config += "\n" + strings.Join(strings.Fields(o.name), "") + " = " +
				strings.Join(strings.Fields(o.value), " ")
		}
	}
	if config == "" {
		return environ
	}
	out := environ[:0:0]
	for _, entry := range environ {
		if value, is := strings.CutPrefix(entry, "NIX_CONFIG="); is {
			config = value + config
			continue
		}
		out = append(out, entry)
	}
	return append(out, "NIX_CONFIG="+config)
}
