package gogen_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/gogen"
	"github.com/clanctl/clanctl/internal/gogen/testdata/kitchensink"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// TestGolden compares the code for a service that has everything with what was read over once. UPDATE=1 rewrites it.
func TestGolden(t *testing.T) {
	code := generate(t, readService(t, "testdata/kitchen.json"))
	const golden = "testdata/kitchensink/kitchensink.go"
	if os.Getenv("UPDATE") != "" {
		check(t, os.WriteFile(golden, code, 0o644))
	}
	want, err := os.ReadFile(golden)
	check(t, err)
	if diff := cmp.Diff(string(want), string(code)); diff != "" {
		t.Error(diff)
	}
}

const clientSettings = `{
	"allow-list": [], "authorized": null, "backup": {"enable": true, "keep": {"daily": 14}},
	"destinations": {"nas": {"compression": "", "repo": "nas:/b"}}, "extra": {"a": 9007199254740993, "b": "text", "c": false},
	"level": -1, "package": {"$derivation": "hello"}, "port": 65535, "ratio": 1, "retention": {"days": 3}, "startAt": [],
	"tree": {"children": [{"children": [], "next": null, "value": 1}], "next": null, "value": {"any": ["thing"]}}
}`

const serverSettings = `{"a,b": "odd", "other": true, "store": {"s3": {"bucket": "b"}}, "third": "x"}`

// TestMembers decodes settings with the golden code, and encodes them again.
func TestMembers(t *testing.T) {
	inst := &instance.Instance{Module: instance.Module{Name: "kitchen"}, Roles: map[string]*instance.Role{
		"client": {Machines: map[string]*instance.Member{"laptop": {Settings: settings(t, clientSettings)}}},
		"server": {Machines: map[string]*instance.Member{"rack": {Settings: settings(t, serverSettings)}}},
	}}
	clients, err := kitchensink.Client(inst)
	check(t, err)
	client := clients[0].Settings
	if len(clients) != 1 || clients[0].Machine != "laptop" || client.Level != kitchensink.ClientLevelMinus1 ||
		*client.Extra["a"].Int != 9007199254740993 || *client.Extra["b"].String != "text" || *client.Extra["c"].Bool ||
		client.Retention.Object.Days != 3 || client.StartAt.List == nil || client.StartAt.String != nil ||
		client.Authorized != nil {
		t.Errorf("got %+v", client)
	}
	sameJSON(t, client, clientSettings)

	servers, err := kitchensink.Server(inst)
	check(t, err)
	server := servers[0].Settings
	if server.AB != "odd" || !*server.Freeform["other"].Bool || server.Store.S3.Bucket != "b" {
		t.Errorf("got %+v", server)
	}
	sameJSON(t, server, serverSettings)
}

// TestStrict: every place where a setting can be that the types do not know.
func TestStrict(t *testing.T) {
	for _, change := range [][2]string{
		{`"level"`, `"new": 1, "level"`},
		{`"daily"`, `"new": 1, "daily"`},
		{`"repo"`, `"new": 1, "repo"`},
		{`"days"`, `"new": 1, "days"`},
		{`"next"`, `"new": 1, "next"`},
		{`65535`, `65536`},
		{`"text"`, `null`},
		{`"startAt": []`, `"startAt": [1]`},
	} {
		changed := strings.Replace(clientSettings, change[0], change[1], 1)
		if _, err := instance.Decode[kitchensink.ClientSettings](settings(t, changed)); err == nil {
			t.Errorf("accepted: %s", changed)
		}
	}
	for _, bad := range []string{
		`{"a,b": "odd", "store": {"s3": {"bucket": "b", "new": 1}}}`,
		`{"a,b": "odd", "store": {"s4": {}}}`,
		`{"a,b": 1}`, `{"other": 1}`, `[]`,
	} {
		if _, err := instance.Decode[kitchensink.ServerSettings](settings(t, bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}

var hostileTexts = []string{
	"*/ func init() { panic(1) } /*", "a\nfunc init() { panic(1) }", "`+panic(1)+`", `"; panic(1); "`,
	"\r\nfunc init() {}", "+build ignore",
	" +build ignore\n", "go:build ignore", "\x00\u202e\ufeff\u2028", "\xff\xfe", "", "-", "-,", ",omitempty", "type",
	"func", "init", "_", "__", "日本", "ünï",
	"1st", "802.1x", "a.b", "a-b", "a_b", "aB", "AB", "a b", "$", "${x}", "'", `\`, `\n`, "😀", "MarshalJSON",
	"unmarshalJSON", "Freeform", "freeform",
	"client", "Client", "client-settings", "Client Settings", "string", "any", "error", "nil", "typed", "instance",
	"inst", "data", "v",
	"# heading", "[link]: http://x", "- list\n- list", "\tcode", "//go:embed x", "/*", "//", "%s%d",
	strings.Repeat("long ", 200),
}

// TestHostile: whatever a module says, its text is inert in the code, which compiles.
func TestHostile(t *testing.T) {
	service := &services.Service{Input: hostileTexts[0], Name: hostileTexts[1], Readme: hostileTexts[2],
		Roles: map[string]*services.Role{}}
	for i, text := range hostileTexts {
		service.Manifest = &module.Manifest{Name: text, Description: strings.Join(hostileTexts, "\n")}
		if i%8 > 0 {
			service.Roles[text] = &services.Role{Description: text, Err: &services.Failure{Text: text}}
			continue
		}
		str := &services.Type{Kind: services.KindString, Name: text, Description: text}
		var values []json.RawMessage
		options := map[string]*services.Option{}
		inner := &services.Interface{Options: map[string]*services.Option{}}
		for _, name := range hostileTexts {
			value, _ := json.Marshal(name)
			values = append(values, value)
			options[name] = &services.Option{Type: str, Description: name, HasDefault: true, Default: value}
			inner.Options[name] = &services.Option{Type: &services.Type{Kind: services.KindOpaque, Description: name,
				Err: &services.Failure{Text: name}}, DefaultText: name, HasDefault: true}
		}
		enum := &services.Type{Kind: services.KindEnum, Values: values}
		options["enum"+text] = &services.Option{Type: enum}
		options["set"+text] = &services.Option{Options: map[string]*services.Option{text: {Type: str}}}
		options["sub"+
			text] = &services.Option{Type: &services.Type{Kind: services.KindUnion,
			Alternatives: []*services.Type{enum, {Kind: services.KindSubmodule, Interface: inner}}}}
		options["tagged"+text] = &services.Option{Type: &services.Type{Kind: services.KindTagged, Interface: inner}}
		options["failed"+text] = &services.Option{Err: &services.Failure{Text: text}}
		service.Roles[text] = &services.Role{Description: text,
			Interface: &services.Interface{Options: options,
				Freeform: &services.Type{Kind: services.KindMap, Elem: enum}}}
		service.Roles["failed"+text] = &services.Role{Description: text, Err: &services.Failure{Text: hostileTexts[i]}}
	}
	code := generate(t, service)
	compile(t, code)
	again, err := format.Source(code)
	check(t, err)
	if string(again) != string(code) {
		t.Error("gofmt would change the code:\n" + cmp.Diff(string(code), string(again)))
	}
	if string(generate(t, service)) != string(code) {
		t.Error("a second run gives other code")
	}
	if strings.Contains(string(code), "\nfunc init") {
		t.Error("a description became code")
	}
}

// compile vets the code as a package that is not on the disk, in the place of one that is.
func compile(t *testing.T, code []byte) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "code.go")
	check(t, os.WriteFile(file, code, 0o600))
	here, err := os.Getwd()
	check(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "testdata",
		"kitchensink", "kitchensink.go"): file}})
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	out, err := exec.Command("go", "vet", "-overlay", filepath.Join(dir, "overlay.json"),
		"./testdata/kitchensink").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func settings(t *testing.T, text string) *instance.Settings {
	t.Helper()
	s, err := instance.NewSettings(json.RawMessage(text))
	check(t, err)
	return s
}

func sameJSON(t *testing.T, got any, want string) {
	t.Helper()
	text, err := json.Marshal(got)
	check(t, err)
	if diff := cmp.Diff(settings(t, want).Value(), settings(t, string(text)).Value()); diff != "" {
		t.Error(diff)
	}
}

func generate(t *testing.T, service *services.Service) []byte {
	t.Helper()
	code, err := gogen.Generate(service, gogen.Config{})
	check(t, err)
	return code
}

func readService(t *testing.T, file string) *services.Service {
	t.Helper()
	data, err := os.ReadFile(file)
	check(t, err)
	service := &services.Service{}
	check(t, json.Unmarshal(data, service))
	return service
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ExamplePackageName shows how packages are named.
func ExamplePackageName() {
	for _, name := range []string{"borgbackup", "@clan/data-mesher", "802.1x", "func"} {
		fmt.Println(gogen.PackageName(name))
	}
	// Output:
	// borgbackup
	// datamesher
	// clan8021x
	// clanfunc
}
