package sandbox_test

import (
	"errors"
	"testing"

	"github.com/stanch-dev/stanch/policies/sandbox"
)

// FuzzCompile gives the compiler any text: it must answer, with a place.
func FuzzCompile(f *testing.F) {
	f.Add("package stanch.access\n\ndefault decision := {\"allow\": false}\n")
	f.Add("# METADATA\n# schemas:\n#   - input: schema.access.input\npackage stanch.access\n\nx if not input.context.mfa\n")
	f.Add("package a\n\nf(x) := [y | some y in x; y != 1e10] if { every z in x { z > 1 } } else := $\"{x}\"\n")
	f.Add("package a\n\np[{x: 1}] contains [x] if some x in data.a.p with input as {\"a\": 1 + 2}\n")
	f.Fuzz(func(t *testing.T, module string) {
		docs, err := documents("a.rego", module)
		if err != nil {
			t.Fatal(err)
		}
		modules, err := sandbox.Parse(docs)
		if err == nil {
			_, err = sandbox.Compile(modules)
		}
		var mistakes sandbox.Errors
		if err != nil && (!errors.As(err, &mistakes) || len(mistakes) == 0) {
			t.Errorf("%q: %v", module, err)
		}
	})
}
