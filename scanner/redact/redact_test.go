package redact_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
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

func span(start, end int, rule string) redact.Span {
	return redact.Span{Start: start, End: end, Placeholder: "<" + rule + ">", Finding: scanner.Finding{Rule: &rules.Rule{ID: rule}}}
}

func TestMergeAndAppend(t *testing.T) {
	const text = "0123456789世界"
	for _, tt := range []struct {
		name  string
		spans []redact.Span
		want  string
	}{
		{"none", nil, text},
		{"one", []redact.Span{span(2, 4, "a")}, "01<a>456789世界"},
		{"all", []redact.Span{span(0, len(text), "a")}, "<a>"},
		{"empty", []redact.Span{span(3, 3, "a")}, text},
		{"neighbours", []redact.Span{span(4, 6, "b"), span(2, 4, "a")}, "01<a><b>6789世界"},
		{"overlapping", []redact.Span{span(3, 6, "b"), span(2, 4, "a")}, "01<a>6789世界"},
		{"nested", []redact.Span{span(3, 4, "b"), span(2, 6, "a")}, "01<a>6789世界"},
		{"same start", []redact.Span{span(2, 4, "b"), span(2, 6, "a")}, "01<a>6789世界"},
		{"chain", []redact.Span{span(1, 3, "a"), span(2, 5, "b"), span(4, 8, "c")}, "0<a>89世界"},
		{"generic first", []redact.Span{span(1, 5, "generic-api-key"), span(3, 8, "b"), span(4, 9, "c")}, "0<b>9世界"},
		{"between runes", []redact.Span{span(10, 13, "a")}, "0123456789<a>界"},
		{"within a rune", []redact.Span{span(9, 11, "a")}, "012345678<a>\xb8\x96界"},
	} {
		random := rand.New(rand.NewPCG(1, 2))
		for range 5 {
			random.Shuffle(len(tt.spans), func(i, j int) { tt.spans[i], tt.spans[j] = tt.spans[j], tt.spans[i] })
			got := redact.Append([]byte("> "), []byte(text), redact.Merge(slices.Clone(tt.spans)))
			if string(got) != "> "+tt.want {
				t.Errorf("%s: got %q, want %q", tt.name, got, "> "+tt.want)
			}
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	text := []byte(strings.Repeat("clean text ", 100))
	dst := make([]byte, 0, len(text))
	if n := testing.AllocsPerRun(100, func() { dst = redact.Append(dst[:0], text, redact.Merge(nil)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// redacted scans text with one rule and replaces what it finds.
func redacted(tb testing.TB, regex, text string) string {
	tb.Helper()
	set, err := rules.Parse("test.toml", []byte("[[rules]]\nid='r'\nregex='''"+regex+"'''\n"))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 3})
	if err != nil {
		tb.Fatal(err)
	}
	r := newRedactor()
	var spans []redact.Span
	f := &scanner.Fragment{Data: []byte(text), Offset: 1000}
	s.Scan(f, func(finding *scanner.Finding, text scanner.Text) { spans = append(spans, r.Span(f, finding, text)) })
	return string(redact.Append(nil, f.Data, redact.Merge(spans)))
}

func TestSpan(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte("token-4711 is ours"))
	for _, tt := range []struct{ name, regex, text, want string }{
		{"group", `key=(\w+)`, "a key=abc b", "a key=[REDACTED:r] b"},
		{"no group", `token-\d+`, "a token-4711 b", "a [REDACTED:r] b"},
		{"empty group", `key=(\w*)`, "a key= b", "a [REDACTED:r] b"},
		{"terminator taken in", `tok\w+[^\w]`, `{"a":"token1"}`, `{"a":"[REDACTED:r]"}`},
		{"escape taken in", `tok\w+[^\w]`, `{"a":"token1\n"}`, `{"a":"[REDACTED:r]\n"}`},
		{"quotes taken in", `-u ("[^"]+")`, `curl -u "me:you" x`, `curl -u "[REDACTED:r]" x`},
		{"nothing but framing", `a( +)b`, "a   b", "a[REDACTED:r]b"},
		{"encoded", `token-\d+`, "a " + encoded + " b", "a [REDACTED:r] b"},
		{"encoded with its name", `key: "(token-\d+) is ours"`, `{key: "` + encoded + `"}`, `{key: "[REDACTED:r]"}`},
		{"partly encoded", `key=(token-\d+)`, "a key=token%2D4711 b", "a key=[REDACTED:r] b"},
		{"beside something encoded", `(token-\d+) `, "a token-4711 aGVsbG8gd29ybGQgaGVsbG8=", "a [REDACTED:r] aGVsbG8gd29ybGQgaGVsbG8="},
		{"escaped", `token-\d+`, `{"a":"\u0074\u006f\u006b\u0065\u006e\u002d\u0034"}`, `{"a":"[REDACTED:r]"}`},
	} {
		if got := redacted(t, tt.regex, tt.text); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestEqualSecretsHaveEqualTags writes one secret in several ways.
func TestEqualSecretsHaveEqualTags(t *testing.T) {
	secret := "token-" + strings.Repeat("4711aBcDeF", 4)
	text := strings.Join([]string{secret, `"` + secret + `"`, base64.StdEncoding.EncodeToString([]byte(secret))}, "\n")
	lines := strings.Split(redacted(t, `token-\w+`, text), "\n")
	want := []string{lines[0], `"` + lines[0] + `"`, lines[0]}
	if diff := cmp.Diff(want, lines); diff != "" || strings.Count(lines[0], ":") != 2 {
		t.Errorf("-want +got\n%s", diff)
	}
}

func FuzzMerge(f *testing.F) {
	f.Add("0123456789", []byte{2, 4, 3, 6, 0, 9})
	f.Add("ab世c", []byte{1, 2, 2, 3})
	f.Fuzz(func(t *testing.T, text string, places []byte) {
		var spans []redact.Span
		covered := make([]bool, len(text))
		for ; len(places) > 1 && len(text) > 0; places = places[2:] {
			a, b := int(places[0])%(len(text)+1), int(places[1])%(len(text)+1)
			start, end := min(a, b), max(a, b)
			spans = append(spans, redact.Span{Start: start, End: end})
			for i := start; i < end; i++ {
				covered[i] = true
			}
		}
		var want []byte
		for i := range covered {
			if !covered[i] {
				want = append(want, text[i])
			}
		}
		if got := redact.Append(nil, []byte(text), redact.Merge(spans)); string(got) != string(want) {
			t.Errorf("left %q, want %q", got, want)
		}
	})
}
