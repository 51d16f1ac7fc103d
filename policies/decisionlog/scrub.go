package decisionlog

import (
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies"
)

// addresses are the parts of an input that may hold an address, in which people put
// credentials. A break glass reason is kept as it is: it was written to be read.
func addresses(e policies.Entrypoint) [][]string {
	if e == policies.EntryRedaction {
		return [][]string{{"route"}, {"location", "name"}}
	}
	return nil
}

// plainInput returns in as policies see it, after the built-in mask, and the paths of
// what the mask changed.
func plainInput(in policies.Input) (input any, masked []string, err error) {
	if input, err = ast.JSON(policies.Term(in).Value); err != nil {
		return nil, nil, err
	}
	for _, path := range addresses(in.Entrypoint()) {
		parent, _ := find(input, path[:len(path)-1])
		object, _ := parent.(map[string]any)
		name := path[len(path)-1]
		text, _ := object[name].(string)
		if short := withoutSecrets(text); short != text {
			object[name] = short
			masked = append(masked, "/input/"+strings.Join(path, "/"))
		}
	}
	return input, masked, nil
}

// credentials match user information, by how it begins: in any segment that has a
// colon before an at sign; after the slashes of an address; and, in the last one,
// with a slash that was not escaped, told from a port by what is no digit.
var credentials = []*regexp.Regexp{
	regexp.MustCompile(`()[^/?#]*:[^/?#]*@`),
	regexp.MustCompile(`(//|:/)[^/?#]*@`),
	regexp.MustCompile(`(//)[^/?#:\[]*:[^/?#]*[^/?#0-9][^/?#]*[/?#].*@`),
}

// withoutCredentials returns text without the user information of each address in it.
func withoutCredentials(text string) string {
	for _, c := range credentials {
		if strings.Contains(text, "@") {
			text = c.ReplaceAllString(text, "$1")
		}
	}
	return text
}

// withoutSecrets returns an address without what usually holds credentials: user
// information, path parameters, query, fragment, and an address within the address
// whose slashes are escaped.
func withoutSecrets(address string) string {
	address = withoutCredentials(address)
	if i := strings.IndexAny(address, "?#;"); i >= 0 {
		address = address[:i]
	}
	for _, escaped := range [...]string{"%3f", "%23", "%3b", "%2f%2f"} {
		if i := indexFold(address, escaped); i >= 0 {
			address = address[:i]
		}
	}
	return address
}

// indexFold is strings.Index for any case of sep, which is lower ASCII.
func indexFold(s, sep string) int {
	for i := range len(s) - len(sep) + 1 {
		if strings.EqualFold(s[i:i+len(sep)], sep) {
			return i
		}
	}
	return -1
}
