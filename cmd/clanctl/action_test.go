package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// TestAction goes with a pull request through the steps of action.yml, as a runner would, with a stand-in for GitHub's
// API and releases: a commit that changes nothing, one that concerns two machines, and one that breaks the clan.
func TestAction(t *testing.T) {
	for _, program := range []string{"bash", "curl", "jq", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIP: no %s", program)
		}
	}
	nix := nixes.Programs(t)[0]
	server := newForge(t)
	r := &actionRun{t: t, nix: nix, server: server, repo: t.TempDir()}
	good := `{ outputs = _: {
		inventory.machines = { a = { }; b = { }; c = { }; };
		inventory.instances.web = { module.input = "self"; roles.default.machines = { a = { }; b = { }; }; roles.default.settings.port = 80; };
		clan.modules.web.roles.default = { };
	}; }`
	r.write("flake.nix", good)
	r.write("README", "one")
	r.git("init", "-q", "-b", "main")
	r.commit("start")

	r.write("README", "two")
	r.commit("harmless")
	r.steps(0, map[string]string{"errors": "0", "warnings": "0", "affected": "[]", "matrix": `{"include":[]}`},
		"Nothing changed in the inventory.")

	r.write("flake.nix", strings.Replace(good, "port = 80", "port = 81", 1))
	r.commit("two machines")
	job := func(name string, wave int) string {
		return fmt.Sprintf(`{"attribute":"nixosConfigurations.%s.config.system.build.toplevel","class":"nixos","kind":"direct","machine":"%s","wave":%d}`,
			name, name, wave)
	}
	r.steps(0,
		map[string]string{"errors": "0", "affected": `["a","b"]`,
			"matrix": `{"include":[` + job("a", 0) + "," + job("b", 1) + `]}`},
		"1 instance, 2 machines change.", "| changed | `web default` | `port` | `80` | `81` | `a`, `b` |")

	r.write("flake.nix", strings.Replace(good, `module.input = "self"`, `module.input = "selff"`, 1))
	r.commit("broken")
	out := r.steps(1, map[string]string{"errors": "1", "affected": "[]", "matrix": `{"include":[]}`}, "1 new error",
		"`unknown-input`")
	if !strings.Contains(out, "::error file=flake.nix,line=3,col=") ||
		!strings.Contains(out, "::error::clanctl: check found 1 errors") {
		t.Errorf("the log has no annotation:\n%s", out)
	}

	// Repaired: the old side is broken, which fails nothing.
	r.write("flake.nix", good)
	r.commit("repaired")
	r.steps(0, map[string]string{"errors": "0", "affected": "[]"}, "1 error gone")

	// What another version of an input would do.
	dep := t.TempDir()
	if err := os.WriteFile(filepath.Join(dep, "flake.nix"), []byte("{ outputs = _: { }; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.write("flake.nix",
		strings.Replace(good, "{ outputs = _:", "{ inputs.dep.url = \"path:"+dep+"\"; outputs = _:", 1))
	r.commit("an input")
	r.inputs = map[string]string{"upgrade": "dep", "exports": "true"}
	out = r.steps(0, nil, "### What the upgrade does", "Nothing changes for this clan.")
	if !strings.Contains(out, "exports were not compared") {
		t.Error(out)
	}

	// As SARIF, without a comment, and with a release that is not what it should be.
	r.inputs = map[string]string{"report": "sarif", "comment": "false"}
	before := len(server.ours())
	r.steps(0, map[string]string{"errors": "0"})
	server.mutex.Lock()
	if len(server.sarif) != 1 || server.sarif[0]["tool_name"] != "clanctl" {
		t.Errorf("%d reports", len(server.sarif))
	}
	server.archive = append(server.archive, 0)
	server.mutex.Unlock()
	if after := len(server.ours()); after != before {
		t.Errorf("%d comments, %d before", after, before)
	}
	if out := r.steps(1, nil); !strings.Contains(out, "is not what SHA256SUMS says") {
		t.Error(out)
	}
	if ours := server.ours(); len(ours) != 1 || server.posted != 1 || server.patched != 4 {
		t.Errorf("%d comments, %d posted, %d updated", len(ours), server.posted, server.patched)
	}
}

// actionRun is a repository whose commits a runner checks out one by one.
type actionRun struct {
	t      *testing.T
	nix    string
	server *forge
	repo   string
	inputs map[string]string
}

func (r *actionRun) write(name, text string) {
	if err := os.WriteFile(filepath.Join(r.repo, name), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *actionRun) git(args ...string) string {
	out, err := exec.Command("git",
		append([]string{"-C", r.repo, "-c", "user.name=a", "-c", "user.email=a@example.org"},
			args...)...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *actionRun) commit(message string) {
	r.git("add", "-A")
	r.git("commit", "-q", "-m", message)
}

// steps runs the steps on the newest commit, which is the pull request, against the one before, and returns the log.
func (r *actionRun) steps(code int, outputs map[string]string, comment ...string) string {
	t := r.t
	t.Helper()
	dir := t.TempDir()
	a := readAction(t)
	context := map[string]string{"github.action_ref": "v1.2.3", "github.token": "secret",
		"github.event.pull_request.number":                          "7",
		"github.event.pull_request.base.sha || github.event.before": r.git("rev-parse", "HEAD~1")}
	for name, value := range a.defaults {
		context["inputs."+name] = strings.ReplaceAll(value, "${{ github.token }}", "secret")
	}
	for name, value := range r.inputs {
		context["inputs."+name] = value
	}
	expression := regexp.MustCompile(`\$\{\{ (.*?) \}\}`)
	evaluate := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(e string) string {
			return context[expression.FindStringSubmatch(e)[1]]
		})
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	status := 0
	for _, step := range a.steps {
		if step.condition != "" && context["inputs.comment"] != "true" {
			continue
		}
		output := filepath.Join(dir, step.id)
		cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.run)
		cmd.Dir, cmd.Stdout, cmd.Stderr = r.repo, &log, &log
		cmd.Env = []string{"PATH=" + filepath.Dir(r.nix) + ":" + os.Getenv("PATH"), "HOME=" + dir,
			"NIX_REMOTE=" + os.Getenv("NIX_REMOTE"), "RUNNER_TEMP=" + dir,
			"GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH=" + top, "GITHUB_OUTPUT=" + output,
			"GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"),
			"GITHUB_EVENT_NAME=pull_request", "GITHUB_REPOSITORY=me/clan", "GITHUB_API_URL=" + r.server.URL,
			"CLANCTL_RELEASES=" + r.server.URL + "/releases",
			"GITHUB_SHA=" + r.git("rev-parse", "HEAD"), "GITHUB_REF=refs/pull/7/merge",
			"GIT_CEILING_DIRECTORIES=" + filepath.Dir(r.repo)}
		for name, value := range step.env {
			cmd.Env = append(cmd.Env, name+"="+evaluate(value))
		}
		if err := cmd.Run(); err != nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatal(err)
			}
			status = exit.ExitCode()
			break
		}
		text, _ := os.ReadFile(output)
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			context["steps."+step.id+".outputs."+name] = value
		}
	}
	t.Logf("commit %q: exit code %d\n%s", r.git("log", "-1", "--format=%s"), status, log.String())
	if status != code {
		t.Errorf("exit code %d, want %d", status, code)
	}
	for name, want := range outputs {
		if got := evaluate(a.outputs[name]); got != want {
			t.Errorf("output %s is %s, want %s", name, got, want)
		}
	}
	for _, want := range comment {
		ours := r.server.ours()
		if len(ours) != 1 || !strings.Contains(ours[0], want) {
			t.Errorf("the comment has no %q: %q", want, ours)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Error("the token is in the log")
	}
	return log.String()
}

// actionFile is as much of action.yml as there is in it.
type actionFile struct {
	defaults, outputs map[string]string
	steps             []actionStep
}

type actionStep struct {
	id, run, condition string
	env                map[string]string
}

// readAction reads action.yml line by line, which is how it is written.
func readAction(t *testing.T) actionFile {
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	a := actionFile{defaults: map[string]string{}, outputs: map[string]string{}}
	section, name := "", ""
	for line := range strings.Lines(string(text)) {
		depth := len(line) - len(strings.TrimLeft(line, " "))
		key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), ": ")
		key, value = strings.TrimSuffix(key, ":"), strings.TrimSpace(value)
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		} else {
			value = strings.Trim(value, "'")
		}
		switch {
		case depth == 0:
			section = key
		case depth == 2 && section != "runs":
			name = key
		case section == "inputs" && key == "default":
			a.defaults[name] = value
		case section == "outputs" && key == "value":
			a.outputs[name] = value
		case section == "runs" && key == "id":
			a.steps = append(a.steps, actionStep{id: value, env: map[string]string{}})
		case section == "runs" && len(a.steps) > 0 && depth == 6 && key == "run":
			a.steps[len(a.steps)-1].run = value
		case section == "runs" && len(a.steps) > 0 && depth == 6 && key == "if":
			a.steps[len(a.steps)-1].condition = value
		case section == "runs" && len(a.steps) > 0 && depth == 8:
			a.steps[len(a.steps)-1].env[key] = value
		}
	}
	var ids []string
	for _, s := range a.steps {
		ids = append(ids, s.id)
	}
	if want := []string{"install", "check", "diff", "comment", "result"}; !slices.Equal(ids, want) ||
		len(a.outputs) != 4 {
		t.Fatalf("steps %s, outputs %v", ids, a.outputs)
	}
	return a
}

// forge stands in for the API that comments and reports go to, and for the releases.
type forge struct {
	*httptest.Server
	mutex           sync.Mutex
	comments        []forgeComment
	posted, patched int
	sarif           []map[string]string
	archive         []byte
	sums            string
}

type forgeComment struct {
	ID   int    `json:"id"`
	Body string `json:"body"`
}

func (f *forge) ours() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var bodies []string
	for _, c := range f.comments {
		if strings.HasPrefix(c.Body, "<!-- clanctl -->\n") {
			bodies = append(bodies, c.Body)
		}
	}
	return bodies
}

func newForge(t *testing.T) *forge {
	name := fmt.Sprintf("clanctl_1.2.3_%s_%s", runtime.GOOS, runtime.GOARCH)
	f := &forge{archive: archiveOf(t, name+"/clanctl", clanctl)}
	f.sums = fmt.Sprintf("%x  %s.tar.gz\n", sha256.Sum256(f.archive), name)
	for i := range 150 { // more than a page
		f.comments = append(f.comments, forgeComment{i, "words"})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /releases/v1.2.3/"+name+".tar.gz", func(w http.ResponseWriter, _ *http.Request) {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		_, _ = w.Write(f.archive)
	})
	mux.HandleFunc("GET /releases/v1.2.3/SHA256SUMS", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, f.sums)
	})
	api := func(pattern string, do func(r *http.Request) any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			f.mutex.Lock()
			defer f.mutex.Unlock()
			if r.Header.Get("Authorization") != "token secret" {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			_ = json.NewEncoder(w).Encode(do(r))
		})
	}
	body := func(r *http.Request, into any) {
		if err := json.NewDecoder(r.Body).Decode(into); err != nil {
			t.Error(err)
		}
	}
	api("GET /repos/me/clan/issues/7/comments", func(r *http.Request) any {
		page, _ := strconv.Atoi(r.FormValue("page"))
		size, _ := strconv.Atoi(r.FormValue("per_page"))
		return f.comments[min((page-1)*size, len(f.comments)):min(page*size, len(f.comments))]
	})
	api("POST /repos/me/clan/issues/7/comments", func(r *http.Request) any {
		c := forgeComment{ID: len(f.comments)}
		body(r, &c)
		f.comments = append(f.comments, c)
		f.posted++
		return c
	})
	api("PATCH /repos/me/clan/issues/comments/{id}", func(r *http.Request) any {
		id, _ := strconv.Atoi(r.PathValue("id"))
		body(r, &f.comments[id])
		f.patched++
		return f.comments[id]
	})
	api("POST /repos/me/clan/code-scanning/sarifs", func(r *http.Request) any {
		report := map[string]string{}
		body(r, &report)
		f.sarif = append(f.sarif, report)
		return report
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func archiveOf(t *testing.T, name, file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	archive := tar.NewWriter(zipped)
	err = errors.Join(archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)),
		Typeflag: tar.TypeReg}))
	if _, writeErr := archive.Write(text); err != nil || writeErr != nil {
		t.Fatal(err, writeErr)
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
