// Package scaffold writes what a new service module begins with.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sync"
	"text/template"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/nixlang"
)

//go:embed module/*.tmpl
var sources embed.FS

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(sources, "module/*.tmpl"))
})

// Module is a new service module.
type Module struct {
	// Name is its name in `clan.modules`, such as "backup" or "@me/backup".
	Name string
	// Dir is the directory that it is written to, relative to the flake's, with slashes.
	Dir string
	// Files are the paths of its files, relative to the flake's directory, with slashes, sorted.
	Files []string
}

// These characters mean themselves in Nix strings and in Markdown, and make good file names.
var namePattern = lazyregexp.New(`^(@[A-Za-z0-9_][A-Za-z0-9_.-]*/)?([A-Za-z_][A-Za-z0-9_-]*)$`)

// Write writes a service module with two roles, README and interfaces, to modules/NAME in a flake's
// directory. It never writes over anything. Where there is an error, there is no half of a module.
func Write(flake, name string) (*Module, error) {
	match := namePattern.FindStringSubmatch(name)
	if match == nil {
		return nil, &hint.Error{Text: fmt.Sprintf("%q cannot be the name of a new module", name),
			Advice: "a name has letters, digits, - and _, and begins with a letter: backup, or with its owner: @me/backup"}
	}
	m := &Module{Name: name, Dir: path.Join("modules", match[2])}
	// A link in the flake leads to nothing outside of it.
	root, err := os.OpenRoot(flake)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := root.MkdirAll("modules", 0o755); err != nil {
		return nil, err
	}
	// Who makes the directory is alone in it.
	if err := root.Mkdir(m.Dir, 0o755); errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists already; nothing was written", m.Dir)
	} else if err != nil {
		return nil, err
	}
	for _, t := range []string{"README.md", "default.nix"} {
		if err := write(root, path.Join(m.Dir, t), t, map[string]string{"Name": name, "File": match[2]}); err != nil {
			return nil, errors.Join(err, root.RemoveAll(m.Dir))
		}
		m.Files = append(m.Files, path.Join(m.Dir, t))
	}
	return m, nil
}

func write(root *os.Root, file, name string, data any) error {
	var text bytes.Buffer
	if err := templates().ExecuteTemplate(&text, name+".tmpl", data); err != nil {
		return err
	}
	return root.WriteFile(file, text.Bytes(), 0o644)
}

// Attribute is how Nix code names the module among others: a name that is no identifier is quoted.
func (m *Module) Attribute() string { return nixlang.PathString([]string{m.Name}) }
