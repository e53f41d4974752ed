package cli

import (
	"runtime/debug"
	"strings"
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
