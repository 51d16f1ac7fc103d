// Package policiestest makes policy directories for tests.
package policiestest

import (
	"testing"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// Documents reads the policy directory "policies" that has files: pairs of path and
// text, of which a later one replaces an earlier one of the same path.
func Documents(t testing.TB, files ...string) source.Documents {
	t.Helper()
	texts := map[string][]byte{}
	for i := 0; i < len(files); i += 2 {
		texts[files[i]] = []byte(files[i+1])
	}
	docs, err := source.FromFiles(texts, "policies")
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// Compile compiles the policy directory that has files, as Documents reads it.
func Compile(t testing.TB, files ...string) *policies.Snapshot {
	t.Helper()
	s, err := policies.Compile(Documents(t, files...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
