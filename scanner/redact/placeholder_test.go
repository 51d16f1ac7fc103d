package redact_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner/redact"
)

func isR(label []byte) bool { return string(label) == "r" }

func TestIsPlaceholder(t *testing.T) {
	ciphertext := base64.RawURLEncoding.EncodeToString(make([]byte, 80))
	for _, tt := range []struct {
		text string
		want int // -2: all of it
	}{
		{"[REDACTED]", -2}, {"[REDACTED:r]", -2}, {"[REDACTED:r:0123abcd]", -2},
		{"[REDACTED:r:0123abcd:gh" + "p_...wxyz]", -2}, {"[REDACTED:r:AK" + "IA...]", -2}, {"[REDACTED:r:...wxyz]", -2},
		{"[SEALED:r:" + ciphertext + "]", -2},
		{"[REDACTED:r] and more", 12}, {"[REDACTED]]", 10},
		{"", -1}, {"[", -1}, {"[REDACTED", -1}, {"[REDACTED:r:0123", -1}, {"[SEAL", -1}, {"[SEALED:r:", -1},
		{"x", 0}, {"[x", 0}, {"[redacted]", 0}, {"[REDACTED x", 0}, {"[REDACTEDx]", 0}, {"[REDACTED:]", 0}, {"[REDACTED:r:]", 0},
		{"[REDACTED:other]", 0}, {"[REDACTED:r:0123abcg]", 0}, {"[REDACTED:r:0123abcd:]", 0}, {"[REDACTED:r:hunter2]", 0},
		{"[REDACTED:r:0123abcd:hunter2]", 0}, {"[REDACTED:r:0123abcd:...wxyz:x]", 0}, {"[REDACTED:r:0123abcd:sec...wxyz]", 0},
		{"[REDACTED:r:0123abcd:......]", 0}, {"[REDACTED:r:0123abcd:...]", 0}, {"[REDACTED:r\n", 0},
		{"[SEALED]", 0}, {"[SEALED:r]", 0}, {"[SEALED:r:]", 0}, {"[SEALED:r:" + ciphertext[1:] + "]", 0}, {"[SEALED:other:" + ciphertext + "]", 0},
		{"[SEALED:r:" + ciphertext + ":x]", 0}, {"[SEALED:r:" + ciphertext[:106] + ".]", 0}, {"[SEALED:REDACTED:r]", 0},
		{"[REDACTED:" + strings.Repeat("r", 200), 0}, {"[SEALED:r:" + strings.Repeat("A", 8192), 0},
	} {
		want := tt.want
		if want == -2 {
			want = len(tt.text)
		}
		if got := redact.IsPlaceholder([]byte(tt.text), isR); got != want {
			t.Errorf("%.80q: got %d, want %d", tt.text, got, want)
		}
	}
}

// FuzzIsPlaceholder holds that no more text changes an answer that was given, and
// that none is waited for without end.
func FuzzIsPlaceholder(f *testing.F) {
	for _, seed := range []string{"[REDACTED:r:0123abcd]", "[REDACTED] x", "[SEALED:r:" + strings.Repeat("A", 107) + "] x", "[REDACTED:r:AK" + "IA...]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := redact.IsPlaceholder([]byte(text), isR)
		if all > len(text) || all < -1 || all == -1 && len(text) > 8192 {
			t.Fatalf("got %d of %d bytes", all, len(text))
		}
		for i := range text {
			if part := redact.IsPlaceholder([]byte(text[:i]), isR); part != -1 && part != all {
				t.Fatalf("%d for the first %d bytes, %d for all", part, i, all)
			}
		}
	})
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"generic-api-key": "generic-api-key", "prod/db#password": "prod-db-password", "a b\n\"世\xff": "a-b----", "": "",
		strings.Repeat("n", 63) + "世": strings.Repeat("n", 63) + "-",
	} {
		if got := redact.Label(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
