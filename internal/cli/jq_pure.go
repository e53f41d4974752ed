package cli

import (
	"regexp"
	"slices"

	"github.com/itchyny/gojq"
)

// jqImpure are the jq functions whose value, or what they do, hangs on more than their input: on the clock, the time zone, the
// environment, files and streams. gojq does not have all of them; jq does.
var jqImpure = []string{
	"now", "localtime", "mktime", "strptime", "strflocaltime",
	"env", "$ENV", "$__prog_args",
	"input", "inputs", "input_filename", "input_line_number", "debug", "stderr",
	"get_search_list", "modulemeta", "import", "include", "builtins", "halt", "halt_error",
}

var jqName = regexp.MustCompile(`\$?[A-Za-z_][A-Za-z0-9_]*`)

// jqIsPure reports whether a jq expression always gives the same for the same document. It looks for names, wherever they are, also in
// strings and as keys: an expression that only seems impure is computed anew, and that is all.
func jqIsPure(query *gojq.Query) bool {
	return !slices.ContainsFunc(jqName.FindAllString(query.String(), -1), func(name string) bool { return slices.Contains(jqImpure, name) })
}
