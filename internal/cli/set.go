package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/store"
)

// layerFlags choose one of a role's layers of settings.
func layerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "machine", Usage: "the settings of `MACHINE` in the role", DefaultText: "the role's"},
		&cli.StringFlag{Name: "tag", Usage: "the settings of `TAG` in the role", DefaultText: "the role's"},
	}
}

func layerOf(c *cli.Context) (store.Layer, error) {
	layer := store.Layer{Instance: c.Args().Get(0), Role: c.Args().Get(1), Machine: c.String("machine"),
		Tag: strings.TrimPrefix(c.String("tag"), "@")}
	switch {
	case c.IsSet("machine") && c.IsSet("tag"):
		return layer, usagef("--machine does not go with --tag: a setting is for one of them")
	case c.IsSet("machine") && layer.Machine == "", c.IsSet("tag") && layer.Tag == "":
		return layer, usagef("machine or tag name must not be empty")
	}
	return layer, nil
}

func setCommand() *cli.Command {
	const usage = "clanctl set INSTANCE ROLE [--machine MACHINE | --tag TAG] PATH=VALUE..."
	return &cli.Command{
		Name:      "set",
		Usage:     "set settings of a role, or of a machine or tag in it",
		ArgsUsage: "INSTANCE ROLE PATH=VALUE...",
		Description: "PATH is written as in Nix: keep.daily, or settings.\"with.dots\". VALUE is JSON; a string needs no quotes where the option\n" +
			"is one: schedule=daily. PATH+=VALUE puts a value at the end of a list. Clan takes the settings of one layer from one place only: what Nix defines cannot be added to here.",
		Flags: changeFlags(layerFlags()...),
		Action: func(c *cli.Context) error {
			if err := wants(c, 3, -1, usage); err != nil {
				return err
			}
			layer, err := layerOf(c)
			if err != nil {
				return err
			}
			var settings []setting
			schema := sync.OnceValue(func() settingsSchema { return schemaOf(c, layer) })
			for _, word := range c.Args().Slice()[2:] {
				text, value, ok := cutSetting(word)
				if !ok {
					return usageError{fmt.Sprintf("%q is not PATH=VALUE", word), usage}
				}
				text, appends := strings.CutSuffix(text, "+")
				path, err := parsePath(text)
				if err != nil {
					return err
				}
				before := slices.IndexFunc(settings, func(s setting) bool { return slices.Equal(s.path, path) })
				switch {
				case before >= 0 && appends:
					settings[before].more = append(settings[before].more, value)
				case before >= 0:
					return usagef("%s is given twice", text)
				case appends:
					schema() // before the store is locked
					settings = append(settings, setting{path: path, more: []string{value}})
				default:
					if !json.Valid([]byte(value)) {
						value = schema().quoted(path, value)
					}
					settings = append(settings, setting{path: path, value: &value})
				}
			}
			return changeClan(c, func(s *store.Store) error {
				return hint.Each(settings, func(to setting) error {
					var value json.RawMessage
					if to.value != nil {
						value = json.RawMessage(*to.value)
					} else {
						// Read under the store's lock: others may append, too.
						value = written(s.Inventory(), layer, to.path)
					}
					for _, more := range to.more {
						var err error
						if value, err = schema().appended(to.path, value, more); err != nil {
							return err
						}
					}
					err := s.Set(layer, to.path, value)
					if _, is := errors.AsType[*json.SyntaxError](err); is {
						return usageError{err.Error(), syntaxHint(to.path, string(value), schema().at(to.path, false))}
					}
					return err
				})
			})
		},
	}
}

// setting is what to write for a setting.
type setting struct {
	path  []string
	value *string  // nil: what the layer has
	more  []string // values to append
}

// settingsSchema is what a role accepts as settings; nil where that is not known.
type settingsSchema map[string]any

// schemaOf asks what a role accepts. Of one that does not evaluate, or is not there, that is not known: to say so is
// the store's.
func schemaOf(c *cli.Context, layer store.Layer) settingsSchema {
	modules, err := loadModules(c, facts.ModuleQuery{Of: []string{layer.Instance}, ByInstance: true})
	if err != nil || modules.Found[layer.Instance] == nil {
		return nil
	}
	of := modules.Found[layer.Instance].Roles[layer.Role]
	if of == nil || of.Interface == nil {
		return nil
	}
	text := textview.CompactJSON(services.NewSchema(of.Interface, services.SchemaOptions{}))
	schema, _ := textview.DecodeJSON(json.RawMessage(text)).(map[string]any)
	return schema
}

// at is the schema of a setting, or of the elements of a list where elements is set; nil where it is not known.
func (s settingsSchema) at(path []string, elements bool) map[string]any {
	schema := map[string]any(s)
	for _, name := range path {
		properties, _ := schema["properties"].(map[string]any)
		below, _ := properties[name].(map[string]any)
		if below == nil {
			below, _ = schema["additionalProperties"].(map[string]any)
		}
		schema = below
	}
	if elements {
		schema, _ = schema["items"].(map[string]any)
	}
	return schema
}

// acceptsString reports whether a string may be what a schema describes.
func acceptsString(schema map[string]any) bool {
	switch types := schema["type"].(type) {
	case string:
		return types == "string"
	case []any:
		return slices.Contains(types, any("string"))
	}
	isString := func(value any) bool { _, is := value.(string); return is }
	if values, _ := schema["enum"].([]any); slices.ContainsFunc(values, isString) {
		return true
	}
	for _, several := range []string{"anyOf", "oneOf"} {
		choices, _ := schema[several].([]any)
		if slices.ContainsFunc(choices, func(choice any) bool {
			s, _ := choice.(map[string]any)
			return acceptsString(s)
		}) {
			return true
		}
	}
	return false
}

// quoted is a value as JSON: one that is none is a string where the option accepts one, or where there is no such
// option, which is then what is said.
func (s settingsSchema) quoted(path []string, value string) string {
	option := s.at(path, false)
	if !json.Valid([]byte(value)) && (acceptsString(option) || s != nil && option == nil) {
		return textview.CompactJSON(value)
	}
	return value
}

// written is what a layer has for a setting; nil for nothing.
func written(inv *instance.Inventory, layer store.Layer, path []string) json.RawMessage {
	inst := inv.Instances[layer.Instance]
	if inst == nil || inst.Roles[layer.Role] == nil {
		return nil
	}
	value, found := facts.OfRole(inst.Roles[layer.Role]).Layers.Lookup(layer.Machine, layer.Tag, path)
	if !found {
		return nil
	}
	return json.RawMessage(textview.CompactJSON(value))
}

// appended is a list with a value more.
func (s settingsSchema) appended(path []string, list json.RawMessage, value string) (json.RawMessage, error) {
	if !json.Valid([]byte(value)) && acceptsString(s.at(path, true)) {
		value = textview.CompactJSON(value)
	}
	var items []json.RawMessage
	if list != nil && json.Unmarshal(list, &items) != nil {
		return nil, usagef("%s is not a list: += goes with lists", nixlang.PathString(path))
	}
	if schema := s.at(path, false); list == nil && schema != nil && schema["items"] == nil &&
		schema["type"] != "array" {
		return nil, usagef("%s is not a list: += goes with lists", nixlang.PathString(path))
	}
	var b strings.Builder
	for _, item := range items {
		b.WriteString(string(item) + ",")
	}
	return json.RawMessage("[" + b.String() + value + "]"), nil
}

// syntaxHint says what may be meant by a value that is no JSON: what the option is, or a string without quotes, if it
// begins as nothing else does.
func syntaxHint(path []string, value string, option map[string]any) string {
	if of, known := option["type"].(string); known && of != "string" {
		return fmt.Sprintf("%s takes a value of the type %s", nixlang.PathString(path), of)
	}
	if value == "" || strings.ContainsAny(value[:1], "\"{[ ") {
		return ""
	}
	return fmt.Sprintf("a string needs its quotes, and these need some from the shell: '%s=%q'",
		nixlang.PathString(path), value)
}

// parsePath reads the path of a setting, which has a name at least.
func parsePath(text string) ([]string, error) {
	path, err := nixlang.ParsePath(text)
	switch {
	case err != nil:
		return nil, usageError{err.Error(), ""}
	case len(path) == 0:
		return nil, usageError{"the path of the setting is empty", ""}
	}
	return path, nil
}

// cutSetting parts PATH=VALUE at the first = that is not in quotes.
func cutSetting(word string) (path, value string, ok bool) {
	quoted := false
	for i := 0; i < len(word); i++ {
		switch word[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '=':
			if !quoted && i > 0 {
				return word[:i], word[i+1:], true
			}
		}
	}
	return "", "", false
}

func unsetCommand() *cli.Command {
	return &cli.Command{
		Name:        "unset",
		Usage:       "remove settings of a role, or of a machine or tag in it, from inventory.json",
		ArgsUsage:   "INSTANCE ROLE [PATH...]",
		Description: "Without PATH: all settings in inventory.json for the role, or for the machine or tag in it.",
		Flags:       changeFlags(layerFlags()...),
		Action: func(c *cli.Context) error {
			if err := wants(c, 2, -1, "clanctl unset INSTANCE ROLE [--machine MACHINE | --tag TAG] [PATH...]"); err != nil {
				return err
			}
			layer, err := layerOf(c)
			if err != nil {
				return err
			}
			var paths [][]string
			for _, word := range c.Args().Slice()[2:] {
				path, err := parsePath(word)
				if err != nil {
					return err
				}
				paths = append(paths, path)
			}
			return changeClan(c, func(s *store.Store) error {
				if c.NArg() == 2 {
					return s.Unset(layer, nil)
				}
				return hint.Each(paths, func(path []string) error { return s.Unset(layer, path) })
			})
		},
	}
}
