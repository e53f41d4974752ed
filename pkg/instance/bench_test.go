package instance

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
)

// bigFacts are the facts of a clan as the reader answers them: each instance takes every machine by tag, one of them named.
func bigFacts(machines, instances int) []byte {
	ms, is := map[string]any{}, map[string]any{}
	for i := range machines {
		ms[fmt.Sprintf("m%d", i)] = map[string]any{"machineClass": "nixos", "tags": []string{"all", "nixos", fmt.Sprintf("rack%d", i%10)}}
	}
	settings := map[string]any{"exclude": []string{"a", "b"}, "startAt": "daily", "destinations": map[string]any{"x": map[string]any{"port": 22}}}
	for i := range instances {
		is[fmt.Sprintf("i%d", i)] = map[string]any{
			"module":  map[string]any{"input": nil, "name": "svc"},
			"service": map[string]any{"manifest": map[string]any{"name": "svc"}, "roles": map[string]any{"client": map[string]any{}}},
			"roles": map[string]any{"client": map[string]any{
				"machines": map[string]any{"m1": map[string]any{"0": map[string]any{"file": "x", "value": map[string]any{"startAt": "weekly"}}}},
				"tags":     map[string]any{"all": map[string]any{}}, "settings": map[string]any{}, "settingsFrom": "clan", "extraModules": 0,
				"groups": map[string]any{
					"a": map[string]any{"machine": nil, "tags": []string{}, "member": "m0", "settings": settings},
					"b": map[string]any{"machine": "m1", "tags": []string{}, "member": "m1", "settings": settings},
				},
			}},
		}
	}
	text, _ := json.Marshal(map[string]any{"schema": 1, "values": []any{map[string]any{
		"flake": map[string]any{"layout": "clan", "coreInput": "clan-core", "nullInput": "clan-core"}, "meta": map[string]any{}, "machines": ms, "tags": map[string]any{},
		"inputs":        map[string]any{"names": []string{"clan-core"}, "used": map[string]any{"clan-core": map[string]any{"services": []string{"svc"}}}},
		"instanceNames": []string{}, "instances": is, "positions": map[string]any{},
	}}})
	return text
}

func decodeFacts(b *testing.B, facts []byte) *Inventory {
	values, err := parseAnswer(facts, 1)
	if err != nil {
		b.Fatal(err)
	}
	l := &loader{facts: values[0].(map[string]any)}
	inv, err := l.decode()
	if err == nil {
		err = l.locate(b.Context())
	}
	if err != nil || len(l.missing) > 0 {
		b.Fatal(err, l.missing)
	}
	return inv
}

func BenchmarkDecode(b *testing.B) {
	facts := bigFacts(1000, 100)
	b.ReportAllocs()
	for b.Loop() {
		decodeFacts(b, facts)
	}
}

func BenchmarkEncode(b *testing.B) {
	inv := decodeFacts(b, bigFacts(1000, 100))
	b.ReportAllocs()
	for b.Loop() {
		if err := jsonv2.MarshalWrite(io.Discard, inv, jsonv2.Deterministic(true)); err != nil {
			b.Fatal(err)
		}
	}
}
