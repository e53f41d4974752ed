package instance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Export is what a service offers to others in one scope, by interface.
type Export struct {
	Scope
	// Data are the interfaces that have no field of their own: clan's auth and generators, and a clan's own.
	Data       map[string]json.RawMessage `json:"data,omitempty"`
	DataMesher *DataMesher                `json:"dataMesher,omitempty"`
	Endpoints  *Endpoints                 `json:"endpoints,omitempty"`
	Networking *Networking                `json:"networking,omitempty"`
	Peer       *Peer                      `json:"peer,omitempty"`
}

// MarshalJSON writes the export with sorted keys.
func (e Export) MarshalJSON() ([]byte, error) {
	type plain Export
	return jsonvalue.Sorted(plain(e))
}

// interfaces are those of facts.InterfacesOf.
func (e *Export) interfaces() map[string]any {
	if e == nil {
		return map[string]any{}
	}
	type plain Export
	values := plain(*e)
	values.Scope, values.Data = Scope{}, nil
	object, _ := jsonvalue.Of(values)
	interfaces := object.(map[string]any)
	for name, value := range e.Data {
		interfaces[name] = jsonvalue.Parse(value)
	}
	return interfaces
}

// Networking makes an instance a network through which clan reaches machines.
type Networking struct {
	// Module is clan's Python module for it.
	Module string `json:"module"`
	// Priority: clan tries networks of a higher one first.
	Priority int `json:"priority"`
}

// Peer is a machine in a network.
type Peer struct {
	SSHOptions []string `json:"SSHOptions,omitempty"`
	Hosts      []Host   `json:"hosts"`
	Name       string   `json:"name,omitempty"`
	Port       int      `json:"port,omitempty"`
	// User is empty where the service leaves it to clan, which takes root.
	User string `json:"user,omitempty"`
}

// Host is one address of a peer.
type Host struct {
	// Address is empty where there is none. Missing says why: "not-generated", where it waits for a var that clan has
	// yet to generate; "secret", where only clan can decrypt the var; "failed", where it does not evaluate.
	Address string `json:"address,omitempty"`
	Missing string `json:"missing,omitempty"`
	// Reference: the export names the var, and clan reads the address from it. Otherwise it gives the address itself.
	Reference bool `json:"reference,omitempty"`
	// Var is the var that the address is in, or that it waits for.
	Var *Var `json:"var,omitempty"`
}

// Var names a var of clan's. Machine is empty in one that machines share.
type Var struct {
	File      string `json:"file"`
	Generator string `json:"generator"`
	Machine   string `json:"machine,omitempty"`
}

// Path is the directory of the var, relative to the clan's directory. A public one has its value there, in the file
// "value".
func (v Var) Path() string {
	if v.Machine == "" {
		return path.Join("vars", "shared", v.Generator, v.File)
	}
	return path.Join("vars", "per-machine", v.Machine, v.Generator, v.File)
}

// varAt is the var with a path below vars.
func varAt(p string) *Var {
	parts := strings.Split(p, "/")
	switch {
	case len(parts) == 3 && parts[0] == "shared":
		return &Var{Generator: parts[1], File: parts[2]}
	case len(parts) == 4:
		return &Var{Machine: parts[1], Generator: parts[2], File: parts[3]}
	}
	return nil
}

// Endpoints are names under which machines offer something.
type Endpoints struct {
	Hosts []string `json:"hosts"`
}

// DataMesher says which files the data mesher distributes, and who may sign them.
type DataMesher struct {
	Files      map[string][]string `json:"files"`
	Namespaces []string            `json:"namespaces"`
}

// waitingHost is a host whose address does not evaluate.
type waitingHost struct {
	key     string
	export  *Export
	index   int
	failure *reader.Failure
}

func (l *loader) decodeExports() {
	if l.config.Need&(NeedExports|NeedChecks) == 0 {
		return
	}
	l.inv.Vars = map[string]string{}
	for name, value := range l.facts.vars {
		if value.OK() {
			l.inv.Vars["vars/"+name] = strings.TrimSpace(value.Value)
		}
	}
	exports := l.facts.exports
	if f := exports.Failure; f != nil {
		// What else fails may take them along, and has a finding of its own.
		if f.Kind != reader.Blocked &&
			!slices.ContainsFunc(l.losses, func(loss loss) bool { return loss.finding.Partial() }) {
			l.lose(f, codes.ExportsFailed, Subject{}, Cause{Part: "exports"})
		}
		return
	}
	if exports.Value == nil {
		return
	}
	l.inv.Exports = map[string]*Export{}
	for _, key := range sortedKeys(exports.Value) {
		export := scopeOf(key)
		d := exportDecoder{l, key, export}
		if part := exports.Value[key]; part.OK() {
			for _, name := range sortedKeys(part.Value) {
				d.decode(name, part.Value[name])
			}
		} else {
			d.lose(part.Failure)
		}
		l.inv.Exports[key] = export
	}
}

// scopeOf reads clan's name of a scope.
func scopeOf(key string) *Export {
	e := &Export{}
	parts := strings.Split(key, ":")
	for i, into := range []*string{&e.Service, &e.Instance, &e.Role, &e.Machine} {
		if i < len(parts) {
			*into = parts[i]
		}
	}
	return e
}

type exportDecoder struct {
	*loader
	key    string
	export *Export
}

func (d exportDecoder) lose(f *reader.Failure, at ...string) {
	d.loader.lose(f, codes.ExportFailed,
		Subject{Instance: d.export.Instance, Role: d.export.Role, Machine: d.export.Machine},
		Cause{Name: strings.Join(append([]string{d.key}, at...), " ")})
}

// prune is what there is of a value; the rest is lost.
func (d exportDecoder) prune(v reader.Value, at ...string) (any, bool) {
	return v.Prune(func(path []string, f *reader.Failure) { d.lose(f, strings.Join(append(at, path...), ".")) })
}

// into stores what there is of a value in a struct; false where nothing fits.
func (d exportDecoder) into(v reader.Value, into any, at ...string) bool {
	value, ok := d.prune(v, at...)
	return ok && value != nil && json.Unmarshal(jsonvalue.Text(value), into) == nil
}

func (d exportDecoder) decode(name string, v reader.Value) {
	if raw, whole := v.Whole(); whole && string(raw) == "null" {
		return // the service may export it, and does not
	}
	e := d.export
	switch name {
	case "networking":
		if n := (&Networking{Priority: 1000}); d.into(v, n, name) {
			e.Networking = n
		}
	case "peer":
		d.peer(v)
	case "endpoints":
		if n := (&Endpoints{}); d.into(v, n, name) {
			n.Hosts = emptyNotNil(n.Hosts)
			e.Endpoints = n
		}
	case "dataMesher":
		if n := (&DataMesher{Files: map[string][]string{}}); d.into(v, n, name) {
			n.Namespaces = emptyNotNil(n.Namespaces)
			e.DataMesher = n
		}
	default:
		if value, ok := d.prune(v, name); ok {
			if e.Data == nil {
				e.Data = map[string]json.RawMessage{}
			}
			e.Data[name] = jsonvalue.Text(value)
		}
	}
}

func (d exportDecoder) peer(v reader.Value) {
	var part reader.Part[reader.Peer]
	if err := v.Decode(&part); err != nil || !part.OK() {
		if part.Failure != nil {
			d.lose(part.Failure, "peer")
		}
		return
	}
	p := &Peer{Hosts: []Host{}}
	d.export.Peer = p
	d.into(part.Value.Name, &p.Name, "peer.name")
	d.into(part.Value.Port, &p.Port, "peer.port")
	d.into(part.Value.User, &p.User, "peer.user")
	d.into(part.Value.SSHOptions, &p.SSHOptions, "peer.SSHOptions")
	if f := part.Value.Hosts.Failure; f != nil {
		d.lose(f, "peer.hosts")
	}
	for i, host := range part.Value.Hosts.Value {
		h, failure := hostOf(host)
		p.Hosts = append(p.Hosts, h)
		if failure != nil {
			d.waiting = append(d.waiting, waitingHost{d.key, d.export, i, failure})
		}
	}
}

// hostOf is a host, and why it has no address if that does not evaluate.
func hostOf(part reader.Part[reader.Host]) (Host, *reader.Failure) {
	h, read := Host{}, part.Value
	switch {
	case part.Failure != nil:
		return Host{Missing: codes.HostFailed}, part.Failure
	case read.Plain != nil && read.Plain.Failure != nil:
		return Host{Missing: codes.HostFailed}, read.Plain.Failure
	case read.Plain != nil:
		h.Address = strings.TrimSpace(read.Plain.Value)
		if found := read.Found.Value; found != nil {
			h.Var = varAt(*found)
		}
		return h, nil
	case read.Reference == nil:
		return Host{Missing: codes.HostFailed}, nil
	}
	ref := read.Reference
	h.Reference = true
	if f := cmp.Or(ref.Machine.Failure, ref.Generator.Failure, ref.File.Failure); f != nil {
		return Host{Missing: codes.HostFailed, Reference: true}, f
	}
	h.Var = &Var{Machine: ref.Machine.Value, Generator: ref.Generator.Value, File: ref.File.Value}
	switch value := read.Value; {
	case value.Failure != nil:
		h.Missing = codes.HostFailed
		return h, value.Failure
	case value.Value.State == "secret":
		h.Missing = codes.HostSecret
	case value.Value.Content == nil:
		h.Missing = codes.HostNotGenerated
	default:
		h.Address = strings.TrimSpace(*value.Value.Content)
	}
	return h, nil
}

// notGenerated is what clan-core's getPublicValue throws.
var notGenerated = lazyregexp.New(`^getPublicValue: Public value (?:shared|([^/]+))/([^/]+)/([^/]+) not found!`)

// explainHosts finds out why hosts have no address. That a var is not generated yet is no fault of the clan. Where the
// members of an instance wait alike, one of them is asked about: what its message says of its machine goes for the
// others, whose file is looked for.
func (l *loader) explainHosts(ctx context.Context) error {
	type alike struct {
		service, instance, role string
		index                   int
	}
	asked := map[alike]waitingHost{}
	var failures []*reader.Failure
	of := func(w waitingHost) alike { return alike{w.export.Service, w.export.Instance, w.export.Role, w.index} }
	for _, w := range l.waiting {
		if _, known := asked[of(w)]; !known || w.failure.Kind != reader.Throws {
			asked[of(w)] = w
			failures = append(failures, w.failure)
		}
	}
	if err := l.Explain(ctx, l.query, failures); err != nil {
		return err
	}
	failures = nil
	for _, w := range l.waiting {
		if w.failure.Err != nil {
			continue
		}
		first := asked[of(w)]
		if v := l.expected(varOfError(first.failure.Err), first.export.Machine, w.export.Machine); v != nil {
			w.export.Peer.Hosts[w.index] = Host{Missing: codes.HostNotGenerated, Var: v}
		} else {
			failures = append(failures, w.failure)
		}
	}
	if err := l.Explain(ctx, l.query, failures); err != nil {
		return err
	}
	for _, w := range l.waiting {
		host := &w.export.Peer.Hosts[w.index]
		if v := varOfError(w.failure.Err); v != nil {
			*host = Host{Missing: codes.HostNotGenerated, Var: v}
		} else if host.Missing == codes.HostFailed {
			exportDecoder{l, w.key, w.export}.lose(w.failure, "peer.hosts."+strconv.Itoa(w.index))
		}
	}
	return nil
}

// varOfError is the var that an error misses.
func varOfError(err error) *Var {
	if nixErr, is := errors.AsType[*nixeval.Error](err); is {
		if match := notGenerated.FindStringSubmatch(nixErr.Message); match != nil {
			return &Var{Machine: match[1], Generator: match[2], File: match[3]}
		}
	}
	return nil
}

// expected is the var of another machine that is like this one; nil where there is none such, or it is generated.
func (l *loader) expected(like *Var, machine, other string) *Var {
	if like == nil || machine == "" || other == "" {
		return nil
	}
	v := *like
	switch {
	case v.Machine == machine:
		v.Machine = other
	case v.Machine == "" && strings.Count(v.Generator, machine) == 1:
		v.Generator = strings.Replace(v.Generator, machine, other, 1)
	default:
		return nil
	}
	if _, err := l.places.sources.ReadFile(path.Join(l.facts.flake.Value.Directory.Value, v.Path(),
		"value")); err == nil {
		return nil
	}
	return &v
}
