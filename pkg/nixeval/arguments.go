package nixeval

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/sourcetree"
)

// targetInput is the input of the program flake that is overridden with the flake to read.
const targetInput = "target"

// arguments builds the command line, without the program's name. Nothing of the user's is spliced into Nix code: the
// flake and the overrides are flags' values, the arguments enter as a quoted JSON string. inputs asks for the flake's
// inputs, too.
func (e *Evaluator) arguments(program string, ref Ref, argsJSON []byte, inputs bool) []string {
	args := []string{
		"eval", "--json",
		"--extra-experimental-features", "nix-command flakes",
		"--no-write-lock-file", "--no-eval-cache",
		"--log-format", "internal-json", "--show-trace",
		"--option", "allow-import-from-derivation", "false",
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{{e.Offline, "--offline"}, {e.Refresh, "--refresh"}, {e.Impure, "--impure"}} {
		if flag.on {
			args = append(args, flag.name)
		}
	}
	if e.Offline {
		args = append(args, "--option", "download-attempts", "1") // all of them would fail
	}
	for _, o := range e.settings() {
		if secret(o) {
			continue // see withSecrets
		}
		args = append(args, "--option", o.name, o.value)
	}
	if ref.URL != "" {
		args = append(args, "--override-input", targetInput, ref.URL)
	}
	question := "null"
	if ref.kind == flakeSource {
		overridden := slices.AppendSeq([]string{}, maps.Keys(e.OverrideInputs)) // never nil, which is null in JSON
		slices.Sort(overridden)
		for _, input := range overridden {
			args = append(args, "--override-input", targetInput+"/"+input, e.override(e.OverrideInputs[input]))
		}
		updated := slices.Sorted(slices.Values(e.UpdateInputs))
		for _, input := range updated {
			args = append(args, "--update-input", targetInput+"/"+input)
		}
		if inputs {
			question = "(" +
				fromJSON(inputsQuestion{Dir: sourcetree.Subdirectory(ref.URL), Overridden: overridden,
					Updated: updated}) + ")"
		}
	}
	return append(args, "path:"+escapePath(program)+"#apply", "--apply",
		"apply: apply "+question+" (builtins.fromJSON "+nixlang.Quote(string(argsJSON))+")")
}

// inputsQuestion is what inputs.nix takes.
type inputsQuestion struct {
	Dir        string   `json:"dir"`
	Overridden []string `json:"overridden"`
	Updated    []string `json:"updated,omitempty"`
}

// fromJSON is a Nix expression of a value.
func fromJSON(value any) string {
	text, _ := json.Marshal(value) // strings only
	return "builtins.fromJSON " + nixlang.Quote(string(text))
}

// setting is one of Nix.
type setting struct{ name, value string }

func (e *Evaluator) settings() []setting {
	var all []setting
	for _, option := range e.Options {
		name, value, _ := strings.Cut(option, "=")
		all = append(all, setting{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return all
}
