package redact_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner/redact"
)

func newRedactor() *redact.Redactor { return redact.WithKey([redact.KeySize]byte{7}) }

func TestPlaceholder(t *testing.T) {
	r := newRedactor()
	random := "q7Zk2Lm9Xw4Rt6Vb1Nc8Yd3F"
	for _, tt := range []struct {
		name, rule, value string
		tagged            bool
	}{
		{"random", "generic-api-key", random + random, true},
		{"112 bits", "a", "0123456789abcdefghijklmnopqr", true}, // 28 different bytes: 28 × 4.8
		{"111 bits", "a", "0123456789abcdefghijklmn", false},    // 24 × 4.58 = 110.04
		{"long and dull", "a", strings.Repeat("ab", 50), false},
		{"short", "a", "hunter2", false},
		{"empty", "a", "", false},
		{"odd rule", "my \"rule\"\n世", random + random, true},
	} {
		got := r.Placeholder(tt.rule, []byte(tt.value))
		again := newRedactor().Placeholder(tt.rule, []byte(tt.value))
		if got != again {
			t.Errorf("%s: one key gave %s and %s", tt.name, got, again)
		}
		if other := redact.New().Placeholder(tt.rule, []byte(tt.value)); (other != got) != tt.tagged {
			t.Errorf("%s: %s with one key, %s with another", tt.name, got, other)
		}
		if tagged := strings.Count(got, ":") == 2; tagged != tt.tagged {
			t.Errorf("%s: %s, want tagged %v", tt.name, got, tt.tagged)
		}
		if strings.ContainsAny(got, "\"\\\n ") {
			t.Errorf("%s: %q breaks formats", tt.name, got)
		}
	}
}

// TestTagIsHMAC holds the tag to the contract that other carriers share.
func TestTagIsHMAC(t *testing.T) {
	value := strings.Repeat("0123456789abcdef", 4)
	// As python3's hmac module computes it.
	if got, want := newRedactor().Placeholder("r", []byte(value)), "[REDACTED:r:3d59bcd7]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRedactorKeepsItsKey(t *testing.T) {
	r := redact.WithKey([redact.KeySize]byte{201, 202, 203})
	for _, verb := range []string{"%v", "%+v", "%s"} {
		if text := fmt.Sprintf(verb, r); strings.Contains(text, "201") || strings.Contains(text, "c9") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
