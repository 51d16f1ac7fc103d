package match_test

import (
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// floods are pieces of text made to be tried again and again without success.
var floods = []string{
	"key=", "key=\"", "key = key: ", "key:::", "token token ", "api_key_", "a", "a.", "Ab1", "=", "curl ", "curl -H \"Authorization: ", "curl\n",
	"curl -u \"", "curl --user 'a:", "curl -H \"X-Key:", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "-----BEGIN KEY-----\n", "KEY BLOCK", "ey", "eyJhbGciOi.", "s.",
	"<add key=\"Password\" value=\"", "kind: secret\n", "data:\n  a: ", "\xff", "中", "key=中", "curl \xff", "\u212aey=", "xox", "xoxb-1", "https://a.webhook.office.com/",
}

// TestFloods bounds the work on hostile text, for every rule: it must stay within
// a number of steps per byte that does not depend on the length of the text.
func TestFloods(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	var s match.Scratch
	for _, rule := range set.Rules {
		if rule.Regex == nil {
			continue
		}
		m, err := match.Compile(rule.Regex.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, flood := range floods {
			text := []byte(strings.Repeat(flood, 20000/len(flood)))
			before := s.Steps()
			m.FindAll(&s, text, func([]int) bool { return true })
			if perByte := float64(s.Steps()-before) / float64(len(text)); perByte > maxStepsPerByte {
				t.Errorf("%s takes %.1f steps per byte of %q", rule.ID, perByte, flood)
			}
		}
	}
}

// maxStepsPerByte leaves room over the worst, 44: generic-api-key on "key=", where each
// of its words begins a run of up to 150 bytes.
const maxStepsPerByte = 60
