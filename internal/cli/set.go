package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/store"
)

// layerFlags choose one of a role's layers of settings.
func layerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "machine", Usage: "the settings of machine `M` in the role", DefaultText: "the role's"},
		&cli.StringFlag{Name: "tag", Usage: "the settings of tag `T` in the role", DefaultText: "the role's"},
	}
}

func layerOf(c *cli.Context) (store.Layer, error) {
	layer := store.Layer{Instance: c.Args().Get(0), Role: c.Args().Get(1), Machine: c.String("machine"), Tag: strings.TrimPrefix(c.String("tag"), "@")}
	switch {
	case c.IsSet("machine") && c.IsSet("tag"):
		return layer, usagef("--machine does not go with --tag: a setting is for one of them")
	case c.IsSet("machine") && layer.Machine == "", c.IsSet("tag") && layer.Tag == "":
		return layer, usagef("a machine or tag has a name")
	}
	return layer, nil
}

func setCommand() *cli.Command {
	const usage = "clanctl set INSTANCE ROLE [--machine M | --tag T] PATH=JSON..."
	return &cli.Command{
		Name:      "set",
		Usage:     "set settings of a role, or of a machine or tag in it",
		ArgsUsage: "INSTANCE ROLE PATH=JSON...",
		Description: "PATH is written as in Nix: keep.daily, or settings.\"with.dots\". A string needs its quotes: 'schedule=\"daily\"'. Clan takes\n" +
			"the settings of one layer from one place only: what Nix defines cannot be added to here.",
		Flags: changeFlags(layerFlags()...),
		Action: func(c *cli.Context) error {
			if err := wants(c, 3, -1, usage); err != nil {
				return err
			}
			layer, err := layerOf(c)
			if err != nil {
				return err
			}
			type setting struct {
				path  []string
				value string
			}
			var settings []setting
			for _, word := range c.Args().Slice()[2:] {
				text, value, ok := cutSetting(word)
				if !ok {
					return usageError{fmt.Sprintf("%q is not PATH=JSON", word), usage}
				}
				path, err := parseSetting(text)
				if err != nil {
					return err
				}
				if slices.ContainsFunc(settings, func(s setting) bool { return slices.Equal(s.path, path) }) {
					return usagef("%s is given twice", text)
				}
				settings = append(settings, setting{path, value})
			}
			return changeClan(c, func(s *store.Store) error {
				return hint.Each(settings, func(to setting) error {
					err := s.Set(layer, to.path, []byte(to.value))
					if errors.Is(err, store.ErrSyntax) {
						return usageError{err.Error(), syntaxHint(to.path, to.value)}
					}
					return err
				})
			})
		},
	}
}

// syntaxHint says what may be meant by a value that is no JSON: a string without quotes, if it begins as nothing else does.
func syntaxHint(path []string, value string) string {
	if value == "" || strings.ContainsAny(value[:1], "\"{[ ") {
		return ""
	}
	return fmt.Sprintf("a string needs its quotes, and these need some from the shell: '%s=%q'", instance.PathString(path), value)
}

// parseSetting reads the path of a setting. An empty name is one in quotes only: a dot too many is a slip.
func parseSetting(text string) ([]string, error) {
	for rest := text; ; {
		end := strings.IndexByte(rest, '.')
		if strings.HasPrefix(rest, `"`) {
			end = 1
			for end < len(rest) && rest[end] != '"' {
				if rest[end] == '\\' {
					end++
				}
				end++
			}
			if end++; end > len(rest) {
				return nil, usageError{fmt.Sprintf("%s is no path of a setting: a quote is not closed", text), ""}
			}
		} else if end == 0 || rest == "" {
			return nil, usageError{fmt.Sprintf("%s is no path of a setting: there is a dot too many", text), `a name that is empty is written ""`}
		}
		if end < 0 || end == len(rest) {
			return instance.ParsePath(text), nil
		}
		if rest[end] != '.' {
			return nil, usageError{fmt.Sprintf("%s is no path of a setting: behind a name in quotes comes a dot", text), ""}
		}
		rest = rest[end+1:]
	}
}

// cutSetting parts PATH=JSON at the first = that is not in quotes.
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
			if err := wants(c, 2, -1, "clanctl unset INSTANCE ROLE [--machine M | --tag T] [PATH...]"); err != nil {
				return err
			}
			layer, err := layerOf(c)
			if err != nil {
				return err
			}
			var paths [][]string
			for _, word := range c.Args().Slice()[2:] {
				path, err := parseSetting(word)
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
