package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"
)

// TestFilter runs commands that change nothing, leave placeholders, or change
// text without one.
func TestFilter(t *testing.T) {
	if _, err := exec.LookPath("sed"); err != nil {
		t.Skip("there is no sed")
	}
	text := kind{"text", func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Repeat("one two three\n", 1000))
		return err
	}}
	tests := []struct {
		script string
		want   int
		silent bool
	}{
		{"", 0, false},
		{"s/two/[REDACTED:rule-x:0123abcd]/", 1000, false},
		{"s/two/[REDACTED:rule-x]/", 1000, false},
		{"s/two/2/", 0, true},
	}
	for _, test := range tests {
		r, err := filter(t.Context(), []string{"sed", test.script}, text, 2)
		if err != nil {
			t.Fatal(err)
		}
		if r.rules["rule-x"] != test.want || r.silent != test.silent || r.bytes != 14_000 || len(r.samples["rule-x"]) != min(2, test.want) {
			t.Errorf("%q: %+v", test.script, r)
		}
	}
	if _, err := filter(t.Context(), []string{"sed", "nonsense"}, text, 2); err == nil {
		t.Error("no error of a command that fails")
	}
}
