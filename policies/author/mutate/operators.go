package mutate

import "github.com/open-policy-agent/opa/v1/ast"

// operators says what an operator or builtin becomes. An ordering moves by one and
// is turned round; of the rest, each has the one that is mistaken for it.
var operators = map[string][]string{
	"equal": {"neq"},
	"neq":   {"equal"},
	"lt":    {"lte", "gte"},
	"lte":   {"lt", "gt"},
	"gt":    {"gte", "lte"},
	"gte":   {"gt", "lt"},

	"plus":  {"minus"},
	"minus": {"plus"},
	"mul":   {"div"},
	"div":   {"mul"},
	"rem":   {"div"},
	"or":    {"and"},
	"and":   {"or"},

	"min":                      {"max"},
	"max":                      {"min"},
	"ceil":                     {"floor"},
	"floor":                    {"ceil"},
	"startswith":               {"endswith", "contains"},
	"endswith":                 {"startswith", "contains"},
	"trim_prefix":              {"trim_suffix"},
	"trim_suffix":              {"trim_prefix"},
	"strings.any_prefix_match": {"strings.any_suffix_match"},
	"strings.any_suffix_match": {"strings.any_prefix_match"},
}

// combining are the operators one side of which can stand for both.
var combining = []string{"or", "and", "plus", "minus", "mul"}

// symbol returns how an operator is written.
func symbol(operator string) string {
	if b := ast.BuiltinMap[operator]; b != nil && b.Infix != "" {
		return b.Infix
	}
	return operator
}
