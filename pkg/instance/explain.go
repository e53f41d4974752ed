package instance

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// locate fills in where everything is written; for what is missing down to the setting, which takes one more question.
func (l *loader) locate(ctx context.Context) error {
	inv := l.inv
	for name, inst := range inv.Instances {
		inst.Position = inv.positions.exact("instances", name)
		for roleName, role := range inst.Roles {
			role.Position = inv.positions.exact("instances", name, "roles", roleName)
			for _, m := range role.Machines {
				if m.Explicit {
					m.Position = inv.positions.exact("instances", name, "roles", roleName, "machines", m.Machine)
				}
			}
		}
	}
	return l.locateSettings(ctx)
}

// locateSettings asks for the positions of settings in the instances that miss some, and of machines if they fail.
func (l *loader) locateSettings(ctx context.Context) error {
	var paths [][]string
	for _, m := range l.missing {
		path := []string{"positions", "settings", m.finding.Instance}
		if m.finding.Instance == "" {
			path = []string{"positions", "machines"}
			if m.finding.Machine == "" {
				continue
			}
		}
		if !slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, path) }) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	tree := map[string]any{"instances": map[string]any{}}
	for name, node := range asMap(child(l.inv.positions.tree, "instances")) {
		graft(tree, []string{"instances", name}, node)
	}
	values, _, err := l.ask(ctx, query{Select: paths})
	if err != nil {
		if isolates(err) {
			return nil // what could be placed without is placed
		}
		return err
	}
	for i, path := range paths {
		if bad(values[i]) {
			continue
		}
		if path[1] == "settings" {
			graft(tree, []string{"instances", path[2]}, values[i])
		} else {
			tree["machines"] = values[i]
		}
	}
	l.inv.positions.tree = tree
	return nil
}

// explain turns what is missing into findings with Nix's own messages, and Nix's warnings into findings, too.
func (l *loader) explain(ctx context.Context) error {
	errs := make([]error, len(l.missing))
	l.mergeSame()
	err := l.each(len(l.missing), func(i int) error {
		m := &l.missing[i]
		if f, failed := m.node.(failure); failed {
			errs[i] = f.err
		}
		if !m.probe {
			return nil
		}
		_, _, err := l.ask(ctx, query{Select: [][]string{m.path}, Strict: true, Raw: false})
		if err != nil && !isolates(err) {
			return err
		}
		errs[i] = err
		return nil
	})
	if err != nil {
		return err
	}
	for i := range l.missing {
		m := &l.missing[i]
		f := &m.finding
		l.place(f)
		var nixErr *nixeval.Error
		if errors.As(errs[i], &nixErr) {
			l.take(f, nixErr)
		}
		f.err = &EvalError{Finding: *f, err: errs[i]}
		l.inv.Findings = append(l.inv.Findings, *f)
	}
	l.warnings()
	return nil
}

// mergeSame drops what is missing twice for the same reason: one role's groups often lack the same undefined option.
func (l *loader) mergeSame() {
	seen := map[string]bool{}
	l.missing = slices.DeleteFunc(l.missing, func(m missing) bool {
		if !m.undefined {
			return false
		}
		key := optionPath(append([]string{m.finding.Instance, m.finding.Role}, m.finding.Setting...)...)
		twice := seen[key]
		seen[key] = true
		return twice
	})
}

// place gives a finding the position of what it is about, or of the nearest part around it.
func (l *loader) place(f *Finding) {
	p := l.inv.positions
	var candidates [][]string
	base := []string{"instances", f.Instance}
	switch {
	case f.Instance == "" && f.Machine != "":
		candidates = append(candidates, []string{"machines", f.Machine})
	case f.Instance == "":
		return
	case f.Role == "":
		candidates = append(candidates, extend(base, "module", "input"), extend(base, "module", "name"), base)
		if f.Code == "unknown-module" || f.Code == "module-failed" {
			candidates[0], candidates[1] = candidates[1], candidates[0]
		}
	default:
		role := extend(base, "roles", f.Role)
		if len(f.Setting) > 0 {
			var best *Position
			depth := 0
			layers := [][]string{extend(role, "machines", f.Machine, "settings"), extend(role, "settings")}
			for _, tag := range l.roleTags(f) {
				layers = append(layers, extend(role, "tags", tag, "settings"))
			}
			for _, layer := range layers {
				for n := len(f.Setting); n > depth; n-- {
					if pos := p.exact(extend(layer, f.Setting[:n]...)...); pos != nil {
						best, depth = pos, n
						break
					}
				}
			}
			if best != nil {
				f.Position = *best
				return
			}
		}
		if f.Machine != "" {
			candidates = append(candidates, extend(role, "machines", f.Machine))
		}
		candidates = append(candidates, role, base)
	}
	for _, path := range candidates {
		if pos := p.exact(path...); pos != nil {
			f.Position = *pos
			return
		}
	}
}

func (l *loader) roleTags(f *Finding) []string {
	if inst := l.inv.Instances[f.Instance]; inst != nil && inst.Roles[f.Role] != nil {
		return inst.Roles[f.Role].Tags
	}
	return nil
}

// take puts Nix's message into a finding, in the user's terms.
func (l *loader) take(f *Finding, err *nixeval.Error) {
	err.Sources = l.sources
	f.Message = l.userTerms(err.Message)
	if code := codeOf(err.Message); code != "" && len(f.Instance) > 0 && f.Role != "" {
		f.Code = code
	}
	if err.Hint != "" {
		f.Hint = err.Hint
	}
	if f.Hint == "" {
		f.Hint = hintFor(f.Code)
	}
	if pos, ok := l.positionOf(f, err); ok {
		f.Position = pos
	}
}

// positionOf is where Nix's error points, if that says more than where the part is defined: the definition that does not
// fit, or a place in one of the user's modules.
func (l *loader) positionOf(f *Finding, err *nixeval.Error) (Position, bool) {
	switch f.Code {
	case "unknown-setting":
		// The message names the option and the definition's file; the attribute has a position.
		if path := l.settingIn(err.Message, f); path != nil {
			f.Setting = path
			located := *f
			located.Position = Position{}
			l.place(&located)
			return located.Position, located.File != ""
		}
		return Position{}, false
	case "conflict", "invalid-setting", "missing-setting":
		return Position{}, false
	}
	return err.Position()
}

var theOption = regexp.MustCompile("The option `([^']*)'")

// settingIn reads the path of a setting out of the option that a message names.
func (l *loader) settingIn(message string, f *Finding) []string {
	match := theOption.FindStringSubmatch(message)
	if match == nil {
		return nil
	}
	names := splitOptionPath(match[1])
	i := slices.Index(names, "settings")
	if i < 0 || i+1 >= len(names) {
		return nil
	}
	return names[i+1:]
}

// splitOptionPath undoes optionPath.
func splitOptionPath(path string) []string {
	var names []string
	for len(path) > 0 {
		if path[0] == '"' {
			end := 1
			for end < len(path) && path[end] != '"' {
				if path[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(path) {
				return append(names, path)
			}
			name, err := strconv.Unquote(strings.ReplaceAll(path[:end+1], `\$`, `$`))
			if err != nil {
				name = path[1:end]
			}
			names = append(names, name)
			path = strings.TrimPrefix(path[end+1:], ".")
			continue
		}
		name, rest, _ := strings.Cut(path, ".")
		names, path = append(names, name), rest
	}
	return names
}

// codeOf knows the messages of nixpkgs' module system that say what is wrong with a setting; anything else is "".
func codeOf(message string) string {
	switch {
	case strings.Contains(message, "' does not exist. Definition values:"):
		return "unknown-setting"
	case strings.Contains(message, "has conflicting definition values"):
		return "conflict"
	case strings.Contains(message, "is not of type `"):
		return "invalid-setting"
	case strings.Contains(message, "was accessed but has no value defined"), strings.Contains(message, "is used but not defined"):
		return "missing-setting"
	}
	return ""
}

func hintFor(code string) string {
	switch code {
	case "unknown-setting":
		return "the role's interface has no such option: correct the name, or remove it"
	case "conflict":
		return "no layer outranks another: leave the value to one layer, or mark one with lib.mkForce or the other with lib.mkDefault"
	case "invalid-setting":
		return "give a value of the option's type"
	case "missing-setting":
		return "set it for the role, the machine or a tag, if anything reads it"
	}
	return ""
}

// userTerms rewrites store paths into the user's files and clan's internal option paths into those of the inventory.
func (l *loader) userTerms(message string) string {
	message = l.sources.Rewrite(strings.TrimRight(message, "\n"))
	for _, inst := range l.inv.Instances {
		for _, key := range []string{inst.Module.Spec().Key(), "self-" + inst.Module.Name} {
			for _, form := range []string{key, nixeval.Quote(key)} {
				message = strings.ReplaceAll(message, "`"+form+".instances.", "`inventory.instances.")
				message = strings.ReplaceAll(message, "clan._services.allServices."+form+".instances.", "inventory.instances.")
			}
		}
	}
	message = strings.ReplaceAll(message, "Via clan.service module: instances.", "inventory.instances.")
	message = strings.ReplaceAll(message, "`instances.", "`inventory.instances.")
	return message
}

// warnings turns what Nix code warned of into findings; Nix's own warnings (a dirty tree, a lock file) are not about the clan.
func (l *loader) warnings() {
	seen := map[string]bool{}
	for _, event := range l.events {
		text, ok := event.Warning()
		if !ok || strings.HasPrefix(event.Text, "warning: ") || seen[text] {
			continue
		}
		seen[text] = true
		if emptyTagWarning.MatchString(text) {
			continue // found by our own check, with a position
		}
		l.inv.Findings = append(l.inv.Findings, Finding{Code: "nix-warning", Severity: SeverityWarning, Message: l.userTerms(text)})
	}
}

var emptyTagWarning = regexp.MustCompile(`^Service instance '.*': - .* tags: no machine with tag '.*' found`)

func unknownRoleFinding(inst *Instance, role string, known []string) Finding {
	f := Finding{Code: "unknown-role", Severity: SeverityError, Instance: inst.Name, Role: role, partial: true,
		Message: "the module " + inst.Module.Spec().String() + " has no role " + strconv.Quote(role)}
	if near := nearest.Of(role, known); len(near) > 0 {
		f.Hint = "did you mean " + nearest.List(near) + "?"
	} else if len(known) > 0 {
		f.Hint = "its roles are " + nearest.List(known)
	}
	return f
}
