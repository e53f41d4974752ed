package palette

import (
	"math"
	"strconv"
	"testing"
)

// A role's colour hangs on its name alone, and pages of last year have the same: these must not change.
func TestRole(t *testing.T) {
	for name, want := range map[string]int{"default": 0, "client": 1, "server": 3, "": 1, "probe": 5, "日本": 9} {
		if got := Role(name); got != want {
			t.Errorf("%s has colour %d, not %d", name, got, want)
		}
	}
	taken := map[int]string{}
	for name, i := range common {
		if other, twice := taken[i]; twice || i >= len(Colours) {
			t.Errorf("%s and %s have colour %d", name, other, i)
		}
		taken[i] = name
	}
}

// Text is legible on its background, and on the page (WCAG AA).
func TestContrast(t *testing.T) {
	for i, c := range Colours {
		for _, pair := range [][2]string{{c.Light, c.LightBack}, {c.Light, "#ffffff"}, {c.Dark, c.DarkBack},
			{c.Dark, "#0d1117"}} {
			if ratio := contrast(t, pair[0], pair[1]); ratio < 4.5 {
				t.Errorf("colour %d: %s on %s has a contrast of %.2f", i, pair[0], pair[1], ratio)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= .03928 {
			v /= 12.92
		} else {
			v = math.Pow((v+.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
