package check_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/author/check"
	"github.com/stanch-dev/stanch/policies/policiestest"
	"github.com/stanch-dev/stanch/policies/sandbox"
)

func TestFormat(t *testing.T) {
	const crooked = "package a\n\nimport data.b\n\nx := 1\ny   :=   b.z\n"
	docs := policiestest.Documents(t, "a.rego", crooked, "b.rego", "package b\n\nz := 1\n")
	texts, err := check.Format(docs)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"a.rego": []byte("package a\n\nimport data.b\n\nx := 1\ny := b.z\n")}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
	docs.Modules[0].Text = texts["a.rego"]
	if again, err := check.Format(docs); err != nil || len(again) > 0 {
		t.Errorf("formatted text is formatted once more: %q, %v", again, err)
	}
}

func TestFormatNeedsRego(t *testing.T) {
	_, err := check.Format(policiestest.Documents(t, "a.rego", "package a\n\nx :=\n"))
	var mistakes sandbox.Errors
	if !errors.As(err, &mistakes) {
		t.Errorf("got %v, want where it does not parse", err)
	}
}

func TestUnformatted(t *testing.T) {
	r := run(t, policiestest.Documents(t, "a.rego", "package a\n\nx := 1\ny   :=   2\n\nz := 3\n"), check.Options{})
	for _, f := range r.Findings {
		if f.Rule != "format" {
			continue
		}
		want := "@@ line 4 @@\n \n x := 1\n-y   :=   2\n+y := 2"
		if f.Line != 4 || f.Severity != check.Warning || f.Help != want {
			t.Errorf("line %d, %s:\n%s\nwant line 4:\n%s", f.Line, f.Severity, f.Help, want)
		}
		return
	}
	t.Errorf("no finding: %+v", r)
}

func FuzzFormat(f *testing.F) {
	f.Add("package a\n\nx := 1\ny   :=   2\n")
	f.Add("package stanch.access\n\ndefault decision := {\"allow\": false}\n")
	f.Add("package a\n\n# METADATA\n# title: x\nallow if { some i; input.a[i] != 1; not data.b.c }\n")
	f.Add("package a\n\nx contains y if { every k, v in input { k != v }; y := [z | some z in data.q] }\n")
	f.Fuzz(func(t *testing.T, module string) {
		if strings.Contains(module, "import") {
			return // of packages that are not there
		}
		docs := policiestest.Documents(t, "a.rego", module)
		run(t, docs, check.Options{}) // must not panic
		texts, err := check.Format(docs)
		if err != nil || texts["a.rego"] == nil {
			return
		}
		docs.Modules[0].Text = texts["a.rego"]
		if again, err := check.Format(docs); err != nil {
			t.Errorf("%q becomes %q, which does not parse: %v", module, texts["a.rego"], err)
		} else if len(again) > 0 {
			t.Logf("%q becomes %q and then %q", module, texts["a.rego"], again["a.rego"])
		}
	})
}
