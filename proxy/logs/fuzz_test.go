package logs_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/rules"
)

// fuzzRules are few, so that random text matches them: a token, a value behind a
// name that may stand on the line before, one that a word on the same line must
// announce, and gitleaks' private keys.
func fuzzRules(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	defaults, err := rules.Default()
	if err != nil {
		tb.Fatal(err)
	}
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
regex = '''`+defaults.Rule("private-key").Regex.String()+`'''
`)
}

// FuzzAnySplit holds that reads of any size give the same output, that nothing is
// lost or added around the placeholders, and that no token is left.
func FuzzAnySplit(f *testing.F) {
	filter := filterWith(f, fuzzRules(f))
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
		if !strings.Contains(text, "[REDACTED:") {
			for part := range strings.SplitSeq(want.Text, "[REDACTED:") {
				_, part, _ = strings.Cut(part, "]")
				if !strings.Contains(text, part) {
					t.Errorf("%q is not of the input", part)
				}
			}
			if len(want.Found) == 0 && want.Text != text {
				t.Errorf("changed to %q", want.Text)
			}
		}
	})
}

// TestAnySplitOfParts strings together at random what the rules are made of, which
// a fuzzer would need long to come upon.
func TestAnySplitOfParts(t *testing.T) {
	filter := filterWith(t, fuzzRules(t))
	random := rand.New(rand.NewPCG(5, 6))
	parts := []string{
		"key", "=", "abcd", "tok12", "hex", "00ff00", "\n", "\n", "\n", "\r\n", " ", "\t", "x: ", "a b c\n", "\x00", "世",
		"-----BEGIN PRIVATE " + "KEY-----", "-----END PRIVATE " + "KEY-----", strings.Repeat("Ab3/Cd4+", 4), "-----", `\n`,
		"dG9rNzcgaXMgYSB0b2tlbg==", "a2V5PWFiY2QxMjM0IQ==", "key%3D", strings.Repeat("line of text\n", 90),
	}
	redacted := 0
	for range 4000 {
		var b strings.Builder
		for range random.IntN(40) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		want := copied(t, filter, strings.NewReader(b.String()))
		if diff := cmp.Diff(want, copied(t, filter, &randomReader{b.String(), random})); diff != "" {
			t.Fatalf("%q: -whole +split\n%s", b.String(), diff)
		}
		redacted += want.Stats.Redacted
	}
	if redacted < 4000 {
		t.Errorf("only %d secrets in all texts", redacted)
	}
}

// BenchmarkCopy is to be compared with BenchmarkPlainCopy, the same without a scan.
func BenchmarkCopy(b *testing.B) {
	filter := newFilter(b)
	for name, every := range map[string]int64{"clean": 0, "secret every 10 kB": 10_000, "secret every 500 B": 500} {
		b.Run(name, func(b *testing.B) {
			text := logText(b, every)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filter.Copy(context.Background(), io.Discard, bytes.NewReader(text), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLines has one line in each read, as from a program that writes slowly.
func BenchmarkLines(b *testing.B) {
	filter := newFilter(b)
	text := logText(b, 0)[:4<<20]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := filter.Copy(context.Background(), io.Discard, &lineReader{text}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlainCopy(b *testing.B) {
	text := logText(b, 0)
	buf := make([]byte, 64<<10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		src := struct{ io.Reader }{bytes.NewReader(text)}
		io.CopyBuffer(struct{ io.Writer }{io.Discard}, src, buf)
	}
}

func logText(b *testing.B, every int64) []byte {
	b.Helper()
	var text bytes.Buffer
	if err := corpus.Logs(&text, 1, 16<<20, corpus.LogOptions{Secrets: corpus.Samples(1), Every: every}); err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}

// lineReader returns one line at a time.
type lineReader struct{ text []byte }

func (r *lineReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[:bytes.IndexByte(r.text, '\n')+1])
	if n == 0 {
		n = copy(p, r.text)
	}
	r.text = r.text[n:]
	return n, nil
}
