package redact_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// random returns n characters with as much entropy as they look.
func random(n int) string {
	const body = "q7Zk2Lm9Xw4Rt6Vb1Nc8Yd3FgH5jPsQe0uTa"
	return strings.Repeat(body, n/len(body)+1)[:n]
}

// plain is a secret that stands in the source as it is, with as much of the text
// around it as a stream hands out.
func plain(before, source, after string) *redact.Secret {
	return &redact.Secret{
		Name:   "r",
		Value:  secret.Of([]byte(source)),
		Source: []byte(source),
		Before: []byte(before[max(0, len(before)-256):]),
		After:  []byte(after[:min(16, len(after))]),
	}
}

func replaced(tb testing.TB, r *redact.Redactor, style redact.Style, s *redact.Secret) string {
	tb.Helper()
	got, err := r.Replace([]byte("> "), style, s)
	rest, ok := strings.CutPrefix(string(got), "> ")
	if err != nil || !ok {
		tb.Fatalf("%s: got %q, %v", style, got, err)
	}
	return rest
}

func TestReplace(t *testing.T) {
	long, phrase := random(40), "correct horse battery staple over the lazy dog"
	github := "gh" + "p_" + random(36)
	tag := func(value string) string {
		h := newRedactor().NewTag()
		h.Write([]byte(value))
		return h.Sum()
	}
	for _, tt := range []struct {
		name, value string
		style       redact.Style
		want        string
	}{
		{"placeholder", long, redact.Placeholder, "[REDACTED:r:" + tag(long) + "]"},
		{"placeholder of a short value", "hunter2", redact.Placeholder, "[REDACTED:r]"},
		{"placeholder of a phrase", phrase, redact.Placeholder, "[REDACTED:r]"},
		{"framing kept", " \"" + long + "\"\n", redact.Placeholder, " \"[REDACTED:r:" + tag(long) + "]\"\n"},
		{"escape behind it kept", `hunter2\`, redact.Placeholder, `[REDACTED:r]\`},
		{"nothing but framing", "   ", redact.Placeholder, "[REDACTED:r]"},
		{"empty", "", redact.Placeholder, "[REDACTED:r]"},
		{"partial", github, redact.Partial, "[REDACTED:r:" + tag(github) + ":gh" + "p_..." + github[36:] + "]"},
		{"partial without prefix", long, redact.Partial, "[REDACTED:r:" + tag(long) + ":..." + long[36:] + "]"},
		{"partial of a short token", "AK" + "IA" + random(16), redact.Partial, "[REDACTED:r:AK" + "IA...]"},
		{"partial of a short value", "hunter2", redact.Partial, "[REDACTED:r]"},
		{"partial of a word like a prefix", "sk-hunter2", redact.Partial, "[REDACTED:r]"},
		{"partial that ends in padding", long[:38] + "==", redact.Partial, "[REDACTED:r:" + tag(long[:38]+"==") + "]"},
		{"fixed", long, redact.Fixed, "[REDACTED]"},
		{"length", long, redact.Length, strings.Repeat("*", 40)},
		{"length of lines", "ab\r\nc世\n", redact.Length, "**\r\n****\n"},
		{"length with framing", `"hunter2"`, redact.Length, `"*******"`},
		{"length of nothing", "", redact.Length, "[REDACTED:r]"},
		{"sealed without a key", long, redact.Sealed, "[REDACTED:r:" + tag(long) + "]"},
		{"drop", long, redact.Drop, ""},
		{"drop with framing", `"hunter2"`, redact.Drop, `""`},
	} {
		if got := replaced(t, newRedactor(), tt.style, plain("x", tt.value, "x")); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestEncodedReplacement has the length of the decoded value, and no quotes that
// only the source would need.
func TestEncodedReplacement(t *testing.T) {
	s := plain("password: ", "hunter2", "\n")
	s.Source = []byte("aHVudGVyMg==")
	if got := replaced(t, newRedactor(), redact.Placeholder, s); got != "[REDACTED:r]" {
		t.Errorf("got %q", got)
	}
	if got := replaced(t, newRedactor(), redact.Length, s); got != "*******" {
		t.Errorf("got %q", got)
	}
	s = plain("postgres://u:", "p@ss", "@h")
	s.Source = []byte("p%40ss")
	if got := replaced(t, newRedactor(), redact.Placeholder, s); got != "[REDACTED:r]" {
		t.Errorf("escaped twice: %q", got)
	}
}

// TestKnownSecret has a tag that depends on nothing but the secret's ID and
// version, and all of its value replaced.
func TestKnownSecret(t *testing.T) {
	known := func(id string, version int, value string) *redact.Secret {
		s := plain("x", value, "x")
		s.Name, s.KnownID, s.Version = "prod/db", id, version
		return s
	}
	// As python3's hmac module computes it, of "4711" and 8 bytes of version.
	const want = "[REDACTED:prod-db:0b99b043]"
	first := replaced(t, newRedactor(), redact.Placeholder, known("4711", 3, "hunter2"))
	if first != want {
		t.Errorf("got %s, want %s", first, want)
	}
	for _, value := range []string{`"hunter2" `, random(40), ""} {
		if got := replaced(t, newRedactor(), redact.Placeholder, known("4711", 3, value)); got != first {
			t.Errorf("%q: got %s, want %s", value, got, first)
		}
	}
	for _, other := range []*redact.Secret{known("4711", 4, "hunter2"), known("4712", 3, "hunter2")} {
		if got := replaced(t, newRedactor(), redact.Placeholder, other); got == first {
			t.Errorf("another secret has the same tag")
		}
	}
}

func TestBlock(t *testing.T) {
	s := plain("x", "hunter2", "x")
	s.Name, s.Offset = "my rule", 4711
	got, err := newRedactor().Replace([]byte("kept"), redact.Block, s)
	blocked, ok := errors.AsType[*redact.BlockedError](err)
	if string(got) != "kept" || !ok || blocked.Name != "my-rule" || blocked.Offset != 4711 {
		t.Errorf("got %q, %v", got, err)
	}
	if err.Error() != "blocked: my-rule at byte 4711" {
		t.Errorf("error %q", err)
	}
}

// TestStreamedTag holds that a value has one tag, kept or not, however it is cut.
func TestStreamedTag(t *testing.T) {
	r := newRedactor()
	h := r.NewTag()
	for _, value := range []string{random(40), "hunter2", strings.Repeat("ab", 1000), "", random(5000)} {
		want := replaced(t, r, redact.Placeholder, plain("", value, ""))
		for _, size := range []int{1, 7, 4096} {
			h.Reset()
			for i := 0; i < len(value); i += size {
				h.Write([]byte(value[i:min(len(value), i+size)]))
			}
			s := plain("", "", "")
			s.Tag = h.Sum()
			if got := replaced(t, r, redact.Placeholder, s); got != want {
				t.Errorf("%d bytes in parts of %d: got %s, want %s", len(value), size, got, want)
			}
		}
	}
}

// TestLengthKeepsRunes cuts text anywhere, also within runes.
func TestLengthKeepsRunes(t *testing.T) {
	const text = "aé世𝄞\n𝄞世éa"
	for start := range len(text) {
		for end := start + 1; end <= len(text); end++ {
			before, value, after := text[:start], text[start:end], text[end:]
			got := before + replaced(t, newRedactor(), redact.Length, knownAt(before, value, after)) + after
			if len(got) != len(text) || strings.ToValidUTF8(got, "?") != got {
				t.Errorf("%d to %d: %q", start, end, got)
			}
		}
	}
	// What is no rune outside is none to keep.
	if got := replaced(t, newRedactor(), redact.Length, knownAt("a", "\x84\xb8\x9eb\xe4", "a")); got != "*****" {
		t.Errorf("binary: %q", got)
	}
}

// knownAt is a known secret, of which nothing is kept as framing.
func knownAt(before, value, after string) *redact.Secret {
	s := plain(before, value, after)
	s.KnownID = "1"
	return s
}

func TestAsterisks(t *testing.T) {
	if got := string(redact.Asterisks([]byte("> "), []byte("ab\r\n\x00c"))); got != "> **\r\n**" {
		t.Errorf("got %q", got)
	}
}

func TestStyles(t *testing.T) {
	if all := redact.Styles(); len(all) != 7 || all[0] != redact.Placeholder {
		t.Errorf("styles %v", all)
	}
	for _, style := range redact.Styles() {
		if got, err := redact.ParseStyle(style.String()); got != style || err != nil {
			t.Errorf("%s: got %s, %v", style, got, err)
		}
		if style.Doc() == "" || strings.Contains(style.Doc(), "\n") {
			t.Errorf("%s: %q", style, style.Doc())
		}
	}
	_, err := redact.ParseStyle("hash")
	if err == nil || !strings.Contains(err.Error(), `"hash"`) || !strings.Contains(err.Error(), "placeholder, partial") {
		t.Errorf("error %v", err)
	}
	if got := redact.Style(99).String(); got != "style 99" {
		t.Errorf("unknown style is %s", got)
	}
}

func BenchmarkReplace(b *testing.B) {
	key, _ := sealKey(b)
	r := newRedactor().SealTo(key)
	for _, style := range redact.Styles() {
		if style == redact.Block {
			continue
		}
		b.Run(fmt.Sprint(style), func(b *testing.B) {
			s := plain(`{"user": "me", "token": "`, random(40), `", "a": 1}`)
			b.SetBytes(int64(len(s.Source)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst, _ = r.Replace(dst[:0], style, s)
			}
		})
	}
}
