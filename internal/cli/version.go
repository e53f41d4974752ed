package cli

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/cachedir"
	"github.com/clanctl/clanctl/internal/recall"
)

// version is set by the linker in releases; otherwise it is what Go knows of the build.
var version = ""

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "(unknown)"
}

// versions are what a report of a bug should say. The fields are in the order of their JSON names.
type versions struct {
	Cache struct {
		Bytes     int64  `json:"bytes"`
		Directory string `json:"directory"`
		Error     string `json:"error,omitempty"`
	} `json:"cache"`
	Commit string `json:"commit,omitempty"`
	Go     string `json:"go"`
	Nix    struct {
		Error    string   `json:"error,omitempty"`
		Features []string `json:"features,omitempty"`
		Path     string   `json:"path,omitempty"`
		System   string   `json:"system,omitempty"`
		Version  string   `json:"version,omitempty"`
	} `json:"nix"`
	Platform string `json:"platform"`
	Version  string `json:"version"`
}

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the versions of clanctl and Nix, and where the cache is, for bug reports",
		Flags: append(jsonFlags("print JSON"), colorFlag(), nixFlag()),
		Action: func(c *cli.Context) error {
			out, err := newJSONOutput(c)
			if err != nil {
				return err
			}
			v := versionsOf(c)
			if asksJSON(c) {
				return out.print(v)
			}
			_, err = fmt.Fprint(stdout(c), v.text())
			return err
		},
	}
}

func versionsOf(c *cli.Context) *versions {
	v := &versions{Version: buildVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		settings := map[string]string{}
		for _, setting := range info.Settings {
			settings[setting.Key] = setting.Value
		}
		if v.Commit = settings["vcs.revision"]; settings["vcs.modified"] == "true" {
			v.Commit += " with changes"
		}
	}
	e := evaluatorOf(c)
	nix, err := e.Version(c.Context)
	if err != nil {
		v.Nix.Error = err.Error()
	} else {
		v.Nix.Version, v.Nix.System, v.Nix.Features, v.Nix.Path = nix.String(), nix.System, nix.Features, nix.Path
	}
	dir, err := cachedir.Of(recall.CacheOf)
	if err == nil {
		v.Cache.Directory = dir
		err = cachedir.Check(dir)
	}
	if err != nil {
		v.Cache.Error = err.Error()
		return v
	}
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error { // what goes meanwhile takes no room
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				v.Cache.Bytes += info.Size()
			}
		}
		return nil
	})
	return v
}

func (v *versions) text() string {
	nix := v.Nix.Version + ", " + v.Nix.System + ", " + v.Nix.Path
	cache := fmt.Sprintf("%s, %.1f MiB", v.Cache.Directory, float64(v.Cache.Bytes)/(1<<20))
	if len(v.Nix.Features) > 0 {
		nix += ", with " + strings.Join(v.Nix.Features, ", ")
	}
	if v.Nix.Error != "" {
		nix = "none: " + v.Nix.Error
	}
	if v.Cache.Error != "" {
		cache = "none: " + v.Cache.Error
	}
	clanctl := v.Version
	if v.Commit != "" {
		clanctl += ", commit " + v.Commit
	}
	var b strings.Builder
	for _, row := range [][2]string{{"clanctl", clanctl}, {"built", "with " + v.Go + " for " + v.Platform},
		{"nix", nix},
		{"cache", cache}} {
		fmt.Fprintf(&b, "%-8s %s\n", row[0], indent(flat(row[1])))
	}
	return b.String()
}
