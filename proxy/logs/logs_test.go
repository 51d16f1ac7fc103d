package logs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

var key = [redact.KeySize]byte{1, 2, 3}

// newFilter returns a filter with the rules for motion.
func newFilter(tb testing.TB) *proxy.Filter {
	tb.Helper()
	return proxy.New(motionScanner(tb), redact.WithKey(key), proxy.Options{})
}

// motionScanner returns the one scanner of all tests with the rules for motion, since
// they take a while to compile.
func motionScanner(tb testing.TB) *scanner.Scanner {
	tb.Helper()
	s, err := sharedScanner()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

var sharedScanner = sync.OnceValues(newScanner)

func newScanner() (*scanner.Scanner, error) {
	set, err := rules.Motion()
	if err != nil {
		return nil, err
	}
	return scanner.New(set, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
}

// defaults returns gitleaks' rules, which find private keys by one rule only.
func defaults(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func filterWith(tb testing.TB, set *rules.Ruleset) *proxy.Filter {
	tb.Helper()
	return proxy.New(scannerOf(tb, set), redact.WithKey(key), proxy.Options{})
}

func scannerOf(tb testing.TB, set *rules.Ruleset) *scanner.Scanner {
	tb.Helper()
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func parse(tb testing.TB, text string) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Parse("test.toml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// result is all that a copy gives.
type result struct {
	Text  string
	Stats proxy.Stats
	Found []string
}

func copied(tb testing.TB, f *proxy.Filter, r io.Reader) result {
	tb.Helper()
	return copiedWith(tb, f, r, logs.Options{})
}

func copiedWith(tb testing.TB, f *proxy.Filter, r io.Reader, opts logs.Options) result {
	tb.Helper()
	var out bytes.Buffer
	var res result
	var err error
	opts.Redacted = func(r *proxy.Redaction) {
		f := &r.Finding
		res.Found = append(res.Found, fmt.Sprintf("%d:%d-%d:%d %s %s %s",
			f.StartLine, f.StartColumn, f.EndLine, f.EndColumn, f.Rule.ID, r.Text, f.Encoding))
	}
	res.Stats, err = logs.Copy(context.Background(), &out, r, f, opts)
	if err != nil {
		tb.Fatal(err)
	}
	res.Text = out.String()
	return res
}

// sample returns a made-up secret that the rule finds.
func sample(tb testing.TB, seed uint64, rule string) string {
	tb.Helper()
	for _, s := range corpus.Samples(seed) {
		if s.Rule == rule {
			return s.Value
		}
	}
	tb.Fatalf("no sample of %s", rule)
	return ""
}

// prefixed puts prefix before every line.
func prefixed(prefix, text string) string {
	return prefix + strings.ReplaceAll(text, "\n", "\n"+prefix)
}

// randomReader returns random amounts of text, often one byte.
type randomReader struct {
	text   string
	random *rand.Rand
}

func (r *randomReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		return 0, io.EOF
	}
	most := []int{1, 3, 40, 1000, 70_000}[r.random.IntN(5)]
	n := copy(p[:min(len(p), 1+r.random.IntN(most))], r.text)
	r.text = r.text[n:]
	return n, nil
}

// randomText returns log text, and the secrets that were put into it.
func randomText(random *rand.Rand) (text string, secrets []string) {
	samples := corpus.Samples(random.Uint64())
	var b bytes.Buffer
	for range 1 + random.IntN(6) {
		planted := func(p corpus.Planted) { secrets = append(secrets, p.Value) }
		opts := corpus.LogOptions{Secrets: samples, Every: 200 + random.Int64N(2000), Planted: planted}
		random.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
		if err := corpus.Logs(&b, random.Uint64(), random.Int64N(4000), opts); err != nil {
			panic(err)
		}
		for range random.IntN(4) {
			b.WriteString(oddities(random, samples))
		}
	}
	text = b.String()
	if random.IntN(2) == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	if random.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text, secrets
}

// oddities returns lines that give the filter something to do.
func oddities(random *rand.Rand, samples []corpus.Secret) string {
	value := samples[random.IntN(len(samples))].Value
	var key string
	for _, s := range samples {
		if s.Rule == "private-key" {
			key = s.Value
		}
	}
	cut := key[:strings.LastIndexByte(key, '\n')]
	return []string{
		"\n\n", "\x00\xff\xfe\x80 binary\x00\n", "世界 " + value + "\n", strings.Repeat("-", 80) + "\n",
		"api_key =\n\t" + value + "\n", "curl -v \\\n  -H \"Authorization: Bearer " + "q7Zk2Lm9Xw4R" + "t6Vb\" \\\n  https://example.com\n",
		prefixed("2026-03-02T08:00:00Z api | ", key) + "\n", prefixed("app-1  ", cut) + "\nmore\n",
		cut + "\n1 one\n2 two\n3 three\n4 four\n5 five\n", cut + "\n" + key + "\n",
		"no " + strings.SplitAfter(key, "\n")[0] + "found\n", value + " ", "[ " + value + " ]\r\n",
		`{"log":"` + strings.ReplaceAll(key, "\n", `\n`) + `\n","n":1}` + "\n",
	}[random.IntN(14)]
}

func TestAnySplitGivesTheSame(t *testing.T) {
	f := newFilter(t)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		text, _ := randomText(random)
		want := copied(t, f, strings.NewReader(text))
		readers := map[string]io.Reader{
			"random reads":  &randomReader{text, random},
			"random again":  &randomReader{text, random},
			"data with EOF": iotest.DataErrReader(&randomReader{text, random}),
		}
		if n%6 == 0 {
			readers["single bytes"] = iotest.OneByteReader(strings.NewReader(text))
		}
		for name, r := range readers {
			if diff := cmp.Diff(want, copied(t, f, r)); diff != "" {
				t.Fatalf("text %d, %s: -whole +split\n%s\n%q", n, name, diff, text)
			}
		}
	}
}

// TestOnlySecretsAreReplaced holds that what is between the placeholders is the
// input's, byte by byte, and that no secret is left.
func TestOnlySecretsAreReplaced(t *testing.T) {
	s, err := newScanner() // a new one, which has not built its states and gives runs up
	if err != nil {
		t.Fatal(err)
	}
	f := proxy.New(s, redact.WithKey(key), proxy.Options{})
	random := rand.New(rand.NewPCG(3, 4))
	replaced := 0
	for n := range 40 {
		text, secrets := randomText(random)
		got := copied(t, f, &randomReader{text, random})
		rest, parts := text, strings.Split(got.Text, "[REDACTED:")
		for i, part := range parts {
			if i > 0 {
				_, part, _ = strings.Cut(part, "]")
			}
			at := strings.Index(rest, part)
			if i == len(parts)-1 {
				at = strings.LastIndex(rest, part)
			}
			if at < 0 || i == 0 && at > 0 {
				t.Fatalf("text %d: %q is not of the input", n, part)
			}
			rest = rest[at+len(part):]
		}
		if rest != "" {
			t.Fatalf("text %d: the end is missing: %q", n, rest)
		}
		for _, secret := range secrets {
			if strings.Contains(got.Text, secret) {
				t.Errorf("text %d: a secret is left: %q", n, secret)
			}
		}
		if got.Stats.Redacted != len(parts)-1 {
			t.Errorf("text %d: counted %d of %d placeholders", n, got.Stats.Redacted, len(parts)-1)
		}
		replaced += len(parts) - 1
	}
	if replaced < 400 {
		t.Errorf("only %d secrets were replaced", replaced)
	}
}

func TestStats(t *testing.T) {
	f := newFilter(t)
	github, stripe := sample(t, 1, "github-pat"), sample(t, 1, "stripe-access-token")
	text := "one " + github + "\n\ntwo " + stripe + " " + github + "\r\nend"
	got := copied(t, f, strings.NewReader(text))
	want := proxy.Stats{
		Lines: 4, Bytes: len(text), Scanned: len(text), Redacted: 3,
		Rules: map[string]int{"github-pat": 2, "stripe-access-token": 1},
	}
	if diff := cmp.Diff(want, got.Stats); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	lines := strings.Split(got.Text, "\n")
	if lines[1] != "" || lines[3] != "end" || !strings.HasSuffix(lines[2], "]\r") {
		t.Errorf("lines changed: %q", got.Text)
	}
	tags := []string{lines[0][4:], strings.Fields(lines[2])[2]}
	if tags[0] != tags[1] || len(tags[0]) != len("[REDACTED:github-pat:12345678]") {
		t.Errorf("one secret has the placeholders %q", tags)
	}
	places := slices.IndexFunc(got.Found, func(s string) bool { return strings.HasPrefix(s, "3:5-3:") })
	if places < 0 {
		t.Errorf("no finding at 3:5: %q", got.Found)
	}
}

func TestEmptyInput(t *testing.T) {
	if diff := cmp.Diff(result{}, copied(t, newFilter(t), strings.NewReader(""))); diff != "" {
		t.Error(diff)
	}
}

// TestEvidenceAroundSecrets has what makes a value a secret on lines before it and
// behind it.
func TestEvidenceAroundSecrets(t *testing.T) {
	f := filterWith(t, parse(t, `
[[rules]]
id = "before"
regex = '''name:\s+(\w+)'''
[[rules]]
id = "behind"
regex = '''(\w+)\s+:name'''
`))
	text := "name:\n  alice\nx\nbob\n  :name\ny\n"
	want := "name:\n  [REDACTED:before]\nx\n[REDACTED:behind]\n  :name\ny\n"
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		if got := copied(t, f, r); got.Text != want {
			t.Errorf("got %q, want %q", got.Text, want)
		}
	}
}
