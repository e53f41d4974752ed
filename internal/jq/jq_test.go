package jq

import (
	"slices"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

func TestImpure(t *testing.T) {
	for expression, want := range map[string]bool{
		".machines": true, ".instances | map_values(.roles)": true, `"\(.machines | length)"`: true,
		"def f: .a; f":  true,
		".module.input": true, `.["env"]`: true, "{now: 1}": true, `"now"`: true, `.a | .input as $now | $now`: true,
		"now": false, ".a | now - 1": false, "def f: now; f": false, "$ENV.HOME": false, "env": false,
		`"\(now)"`: false, "[.a, (0 | localtime)]": false,
		"0 | strflocaltime(\"%H\")": false, "try input catch 1": false, ". as [$a] | now": false,
		"reduce range(3) as $i (0; now)": false, "halt": false,
		"if . then now else 1 end": false, "label $x | now, break $x": false, "{(now | tostring): 1}": false,
		"@text \"\\(now)\"": false, ".[now]": false, ".a[env.x:]": false, ".. |= now": false, "{a: env}": false,
		"import \"a\" as a; .":         false,
		". as {a: $x} ?// [$x] | $ENV": false, "foreach .[] as $x (now; .; .)": false, "-now": false,
		".a?.b[input]": false, "if now then . else . end": false,
	} {
		query, err := gojq.Parse(expression)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(Impure(query)) == 0; got != want {
			t.Errorf("%s: %v", expression, got)
		}
	}
}

// Each function of gojq is either known to be pure or said to be impure: a new version may bring some that are neither.
func TestFunctionsAreKnown(t *testing.T) {
	query, _ := gojq.Parse(`builtins[] | split("/")[0]`)
	code, err := gojq.Compile(query)
	if err != nil {
		t.Fatal(err)
	}
	pure := strings.Fields(`
		IN INDEX JOIN abs acos acosh add all any arrays ascii_downcase ascii_upcase asin asinh atan atan2 atanh booleans bsearch capture cbrt
		ceil combinations contains copysign cos cosh del delpaths drem empty endswith erf erfc error exp exp10 exp2 explode expm1 fabs fdim
		finites first flatten floor fma fmax fmin fmod format frexp from_entries fromdate fromdateiso8601 fromjson fromstream gamma getpath
		gmtime group_by gsub has hypot implode in index indices infinite inside isempty isfinite isinfinite isnan isnormal iterables j0 j1 jn
		join keys last ldexp length lgamma limit log log10 log1p log2 logb ltrim ltrimstr map map_values match max max_by min min_by modf nan
		nearbyint nextafter nexttoward normals not nth nulls numbers objects path paths pick pow range recurse remainder repeat reverse rindex
		rint round rtrim rtrimstr scalars scalb scalbln scan select setpath significand sin sinh skip sort sort_by split splits sqrt startswith
		strftime strings sub tan tanh test tgamma to_entries toboolean todate todateiso8601 tojson tonumber tostream tostring transpose trim
		trimstr trunc truncate_stream type unique unique_by until utf8bytelength values walk while with_entries y0 y1 yn`)
	for iter := code.Run(nil); ; {
		name, ok := iter.Next()
		if !ok {
			return
		}
		text, isText := name.(string)
		if !isText || slices.Contains(pure, text) == slices.Contains(impure, text) {
			t.Errorf("whether %v is pure is not said, or said twice", name)
		}
	}
}
