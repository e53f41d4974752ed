package instance

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
)

// A layer that does not evaluate makes its members' settings fail, and theirs alone: they do not get what the others
// have.
func TestLayerThatFails(t *testing.T) {
	l, err := answered([]byte(`{"schema":2,"values":[{"layout":"clan"},[],{},["i"],{"m":{},"n":{},"o":{}},{"all":["m","n","o"],"t":["n"]},{"m":["all"],"n":["all","t"],"o":["all"]},
		{"i":{"module":{"name":"i"},"roles":{"r":{"machines":["m"],"tags":["all","t"],"layer":[],
			"machineLayers":{"m":[{"value":{"$clanctl":"throws"}}]},"tagLayers":{"t":{"$clanctl":"throws"}}}}}},
		{},{"k":{"manifest":null,"roles":{"r":{}}}},
		{"i":{"key":"k","clan":true,"roles":{"r":{"settingsFrom":"clan","groups":{
			"1":{"machine":"m","tags":[],"member":"m","settings":{"$clanctl":"throws"}},
			"2":{"machine":null,"tags":["t"],"member":"n","settings":{"$clanctl":"throws"}},
			"3":{"machine":null,"tags":[],"member":"o","settings":{"port":1}}}}}}},
		{},{},{},{},{}]}`), 0)
	if err != nil {
		t.Fatal(err)
	}
	l.decode()
	machines := l.inv.Instances["i"].Roles["r"].Machines
	if machines["m"].Settings != nil || machines["n"].Settings != nil || machines["o"].Settings == nil {
		t.Errorf("settings of m %v, n %v, o %v", machines["m"].Settings, machines["n"].Settings, machines["o"].Settings)
	}
	var failed []string
	for _, loss := range l.losses {
		failed = append(failed, loss.finding.Code+" "+loss.finding.Machine)
	}
	if want := []string{"settings-failed m", "settings-failed n"}; !slices.Equal(failed, want) {
		t.Errorf("found %q, want %q", failed, want)
	}
}

// Settings that are lost for all instances at once are missing with a reason.
func TestSettingsLostAsAWhole(t *testing.T) {
	l, err := answered([]byte(`{"schema":2,"values":[{"layout":"clan"},[],{},["i"],{"m":{}},{"all":["m"]},{"m":["all"]},
		{"i":{"module":{"name":"i"},"roles":{"r":{"machines":["m"],"tags":[],"layer":[],"machineLayers":{},"tagLayers":{}}}}},
		{},{},{"$clanctl":"throws","path":["evaluated"]},{},{},{},{},{}]}`), 0)
	if err != nil {
		t.Fatal(err)
	}
	l.decode()
	if l.inv.Instances["i"] == nil ||
		!slices.ContainsFunc(l.losses, func(loss loss) bool { return loss.finding.Code == codes.InstancesFailed }) {
		t.Errorf("instances %v, losses %v", l.inv.Instances, l.losses)
	}
}

// Settings and layers are pieces of the answer: what is written by hand for a thousand machines is not in memory twice,
// and not as maps and slices, which take ten times as much.
func TestSettingsStayText(t *testing.T) {
	numbers := strings.Repeat("1234567,", 100_000) + "1"
	answer := fmt.Appendf(nil,
		`{"schema":2,"values":[{"layout":"clan"},[],{},["i"],{"m":{}},{"all":["m"]},{"m":["all"]},
		{"i":{"module":{"name":"i"},"roles":{"clan":{"machines":["m"],"layer":[],"machineLayers":{"m":[{"value":{"list":[%[1]s]}}]},"tagLayers":{}},
			"plain":{"machines":["m"],"layer":[],"machineLayers":{"m":[{"value":{"list":[%[1]s]}}]},"tagLayers":{}}}}},
		{},{"k":{"manifest":null,"roles":{"clan":{},"plain":{}}}},
		{"i":{"key":"k","clan":true,"roles":{"plain":{"settingsFrom":"layers"},"clan":{"settingsFrom":"clan","groups":{
			"1":{"machine":"m","tags":[],"member":"m","settings":{"list":[%[1]s]}}}}}}},
		{},{},{},{},{}]}`, numbers)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l, err := answered(answer, 0)
	if err != nil {
		t.Fatal(err)
	}
	l.decode()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(len(numbers)) {
		t.Errorf("decoding an answer of %d bytes took %d bytes more", len(answer), took)
	}
	for _, role := range []string{"clan", "plain"} {
		settings := l.inv.Instances["i"].Roles[role].Machines["m"].Settings
		if settings == nil || string(settings.JSON()) != `{"list":[`+numbers+`]}` {
			t.Errorf("settings of %s are not what was answered", role)
		}
		if got := l.inv.Instances["i"].Roles[role].facts.Layers.Machines["m"][0].Value(); len(got.(map[string]any)["list"].([]any)) != 100_001 {
			t.Errorf("the layer of %s is not what was answered", role)
		}
	}
}
