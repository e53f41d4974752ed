package instance

import (
	"errors"
	"strings"
	"testing"
)

func settings(t *testing.T, value any) *Settings {
	t.Helper()
	s, err := NewSettings(value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type backup struct {
	Startat string            `json:"startAt"`
	Repos   map[string]string `json:"repos"`
	Keep    *int              `json:"keep"`
	Hosts   []struct {
		Port uint16 `json:"port"`
	} `json:"hosts"`
}

func TestDecode(t *testing.T) {
	s := settings(t, map[string]any{"startAt": "daily", "repos": map[string]any{"a": "b"}, "keep": nil,
		"hosts": []any{map[string]any{"port": 22}}})
	got, err := Decode[backup](s)
	if err != nil || got.Startat != "daily" || got.Repos["a"] != "b" || got.Keep != nil || got.Hosts[0].Port != 22 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Decode[backup](nil); !errors.Is(err, ErrNoSettings) {
		t.Errorf("no settings: %v", err)
	}
}

func TestDecodeErrorsNameTheSetting(t *testing.T) {
	for _, c := range []struct {
		value any
		text  string
	}{
		{map[string]any{"hosts": []any{map[string]any{"port": 1}, map[string]any{"prt": 2}}},
			"setting hosts.1.prt: no such field in struct { Port uint16 \"json:\\\"port\\\"\" }"},
		{map[string]any{"startAt": 3}, "setting startAt: a JSON number does not fit string"},
		{map[string]any{"hosts": []any{map[string]any{"port": 70000}}}, "setting hosts.0.port: "},
	} {
		_, err := Decode[backup](settings(t, c.value))
		if err == nil || !strings.HasPrefix(err.Error(), c.text) {
			t.Errorf("got %q, want %q", err, c.text)
		}
	}
}

func TestSettingsKeepWhatJSONWouldMangle(t *testing.T) {
	s := settings(t, map[string]any{"html": "<a&b>", "big": 9007199254740993})
	if got, want := string(s.JSON()), `{"big":9007199254740993,"html":"<a&b>"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
