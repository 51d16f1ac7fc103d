package logs_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// fuzzRules are few, so that random text matches them: a token, a value behind a
// name that may stand on the line before, one that a word on the same line must
// announce, and gitleaks' private keys.
func fuzzRules(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	return parse(tb, `
[[rules]]
id = "token"
regex = '''\btok\d{2,}'''
[[rules]]
id = "generic-value"
regex = '''key\s{0,3}=\s{0,3}(\w{4,8})'''
[[rules]]
id = "announced"
regex = '''\b[0-9a-f]{6}\b'''
keywords = ["hex"]
[[rules]]
id = "private-key"
regex = '''`+defaults(tb).Rule("private-key").Regex.String()+`'''
`)
}

// FuzzAnySplit holds that reads of any size give the same output, and that nothing
// is lost, added or changed around what is replaced.
func FuzzAnySplit(f *testing.F) {
	s := scannerOf(f, fuzzRules(f))
	filter := proxy.New(s, redact.WithKey(key), proxy.Options{})
	masked := proxy.New(s, redact.WithKey(key), proxy.Options{Style: redact.Length})
	begin, end := "-----BEGIN PRIVATE "+"KEY-----\n", "-----END PRIVATE "+"KEY-----\n"
	body := strings.Repeat(strings.Repeat("Ab3/Cd4+", 4)+"\n", 3)
	for _, text := range []string{
		"", "\n", "tok11", "a tok22 b\nkey =\nabcd1234\n", "hex\n00ff00\nhex 00ff00\r\n", "key=tok33\nkey\n=\n\nwxyz", "tok44\x00\xff\ntok55\xe4",
		begin + body + end, "a " + begin + body + "b\nc\nd\ne\nf", begin + body + begin + body + end, prefixed("x ", begin+body+end),
		"tok66 " + strings.ReplaceAll(begin+body+end, "\n", `\n`) + "\n", "dG9rNzcgaXMgYSB0b2tlbg==\n", "key%3Dabcd1234\n",
	} {
		f.Add(text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		want := copied(t, filter, strings.NewReader(text))
		for _, r := range []io.Reader{&randomReader{text, random}, iotest.OneByteReader(strings.NewReader(text))} {
			if diff := cmp.Diff(want, copied(t, filter, r)); diff != "" {
				t.Fatalf("-whole +split\n%s", diff)
			}
		}
		onlySpansChange(t, masked, text)
	})
}

// onlySpansChange holds that masking text leaves all bytes outside the reported
// spans as they are.
func onlySpansChange(t *testing.T, masked *proxy.Filter, text string) {
	t.Helper()
	var out bytes.Buffer
	var spans []scanner.Span
	stats, err := logs.Copy(t.Context(), &out, strings.NewReader(text), masked, logs.Options{
		Redacted: func(r *proxy.Redaction) { spans = append(spans, r.Finding.Secret) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if stats.Forced+stats.Unclosed > 0 {
		return // of these the rest is left out
	}
	if out.Len() != len(text) {
		t.Fatalf("%d bytes became %d", len(text), out.Len())
	}
	at := 0
	for _, span := range append(spans, scanner.Span{Start: len(text), End: len(text)}) {
		if got := out.String()[at:span.Start]; got != text[at:span.Start] {
			t.Fatalf("%q became %q", text[at:span.Start], got)
		}
		at = span.End
	}
}

// TestAnySplitOfParts strings together at random what the rules are made of, which
// a fuzzer would need long to come upon.
func TestAnySplitOfParts(t *testing.T) {
	s := scannerOf(t, fuzzRules(t))
	filter := proxy.New(s, redact.WithKey(key), proxy.Options{})
	masked := proxy.New(s, redact.WithKey(key), proxy.Options{Style: redact.Length})
	random := rand.New(rand.NewPCG(5, 6))
	parts := []string{
		"key", "=", "abcd", "tok12", "hex", "00ff00", "\n", "\n", "\n", "\r\n", " ", "\t", "x: ", "a b c\n", "\x00", "世",
		"-----BEGIN PRIVATE " + "KEY-----", "-----END PRIVATE " + "KEY-----", strings.Repeat("Ab3/Cd4+", 4), "-----", `\n`,
		"dG9rNzcgaXMgYSB0b2tlbg==", "a2V5PWFiY2QxMjM0IQ==", "key%3D", strings.Repeat("line of text\n", 90),
	}
	redacted, texts := 0, 4000
	if testing.Short() {
		texts = 100
	}
	for range texts {
		var b strings.Builder
		for range random.IntN(40) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		want := copied(t, filter, strings.NewReader(b.String()))
		if diff := cmp.Diff(want, copied(t, filter, &randomReader{b.String(), random})); diff != "" {
			t.Fatalf("%q: -whole +split\n%s", b.String(), diff)
		}
		onlySpansChange(t, masked, b.String())
		redacted += want.Stats.Redacted
	}
	if redacted < texts {
		t.Errorf("only %d secrets in all texts", redacted)
	}
}
