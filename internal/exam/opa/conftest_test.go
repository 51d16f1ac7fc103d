package opa_test

import (
	"path/filepath"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/opa"
)

// conftestTest decides about a file of testdata with the gate policy. Data of the
// folder config is data.config, as opa has it by itself.
func conftestTest(t *testing.T, tool opa.Tool, dir, file string, code int, want string) {
	t.Helper()
	says(t, tool, code, want, "test", "--no-color", "--policy", filepath.Join(dir, "gate"), "--policy", "testdata/conftest",
		"--data", "config:"+filepath.Join(dir, "config"), filepath.Join("testdata", file))
}

func TestConftest(t *testing.T) {
	tool, dir := built(t, theConftest), policies(t)
	for _, c := range []struct {
		name, file string
		code       int
		want       string
	}{
		{"nothing new", "passing.json", 0, "1 passed"},
		{"a new finding", "failing.json", 1, "new_finding new.go:key:7: "},
		{"no findings at all", "empty.json", 1, "incomplete_input : "},
	} {
		t.Run(c.name, func(t *testing.T) { conftestTest(t, tool, dir, c.file, c.code, c.want) })
	}
}

// TestConftestReadsConfig waives the finding that fails above. Only stanch reads a date
// as a time: elsewhere it is a text, and must not be a waiver that never expires.
func TestConftestReadsConfig(t *testing.T) {
	for _, c := range []struct {
		name, expiresAt string
		code            int
		want            string
	}{
		{"seconds", "1700000001", 0, "1 passed"},
		{"a date", "2000-01-31", 1, "invalid_waiver new.go:key:7: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := altered(t, "config/data.yaml", `
gate:
  fail_on: [high]
  waivers:
    - {fingerprint: "new.go:key:7", reason: an example, owner: team-shop, expires_at: `+c.expiresAt+`}
`)
			conftestTest(t, built(t, theConftest), dir, "failing.json", c.code, c.want)
		})
	}
}
