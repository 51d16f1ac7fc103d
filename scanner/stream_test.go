package scanner_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// streamed is what came out of a stream.
type streamed struct {
	Text  string // with each secret as [REDACTED:rule]
	Found []string
	Stats scanner.StreamStats
}

// stream puts text through a stream in parts, whose sizes next gives.
func stream(s *scanner.Scanner, opts scanner.StreamOptions, text string, next func() int) (out streamed) {
	var b strings.Builder
	st := s.NewStream(opts, func(p scanner.Piece) {
		if p.Secret == nil {
			b.Write(p.Text)
			return
		}
		f := &p.Secret.Finding
		b.Write(p.Secret.Encode(nil, []byte("[REDACTED:"+f.Rule.ID+"]")))
		out.Found = append(out.Found, fmt.Sprintf("%s %d-%d %d:%d-%d:%d %s %q forced %t unclosed %t", f.Rule.ID, f.Secret.Start, f.Secret.End,
			f.StartLine, f.StartColumn, f.EndLine, f.EndColumn, f.Encoding, p.Secret.Value.Reveal(), p.Secret.Forced, p.Secret.Unclosed))
	})
	for len(text) > 0 {
		n := min(len(text), next())
		st.Write([]byte(text[:n]))
		text = text[n:]
	}
	st.End(false)
	out.Text, out.Stats = b.String(), st.Stats()
	return out
}

const iterations = 4000

func whole() int { return 1 << 40 }

func single() int { return 1 }

func motionRules(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Motion()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

var streamOptions = scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true}

// TestStreamAnySplit strings together at random what rules are made of, and holds
// that the cuts of a text make no difference.
func TestStreamAnySplit(t *testing.T) {
	set := parse(t, `
[[rules]]
id = "token"
regex = '''\btok\d{2,}'''
[[rules]]
id = "generic-value"
regex = '''[\w.-]{0,20}key[ \t\w.-]{0,20}\s{0,3}=\s{0,3}(\w{4,8})'''
[[rules]]
id = "leading"
regex = '''\b([0-9a-f]{4,12}~Q[0-9a-f]{3})(?:\s|$)'''
[[rules]]
id = "lazy"
regex = '''(?s)curl.*?--pass\s(\w{4,})'''
[[rules]]
id = "private-key"
regex = '''-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S-]{64,}?KEY(?: BLOCK)?-----'''
`)
	s := newScanner(t, set, streamOptions)
	random := rand.New(rand.NewPCG(5, 6))
	parts := []string{
		"key", "=", "abcd", "tok12", "hex", "00ff00", "~Q", "abc", "\n", "\n", "\n", "\r\n", " ", "\t", "x: ", "a b c\n", "\x00", "世", "curl ", "--pass ", "-----",
		"-----BEGIN PRIVATE " + "KEY-----", "-----END PRIVATE " + "KEY-----", strings.Repeat("Ab3/Cd4+", 4), "-----", `\n`,
		"%2574ok33", `\u0074ok44`, `\\u0074ok4`, "&#116;ok55", "key&#61;", `key\":\"=`, "dG9rNzcgaXMgYSB0b2tlbg==", "a2V5PWFiY2QxMjM0IQ==", "key%3D", "tok3%34", "%74ok33", strings.Repeat("line of text\n", 90), strings.Repeat("9", 300), "746f6b3535206973206120746f6b656e20746f6b",
	}
	redacted := 0
	for range iterations {
		var b strings.Builder
		for range random.IntN(40) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		want := stream(s, scanner.StreamOptions{}, b.String(), whole)
		for _, next := range []func() int{func() int { return 1 + random.IntN(40) }, single} {
			if diff := cmp.Diff(want, stream(s, scanner.StreamOptions{}, b.String(), next)); diff != "" {
				t.Fatalf("%q: -whole +split\n%s", b.String(), diff)
			}
		}
		redacted += len(want.Found)
	}
	if redacted < iterations {
		t.Errorf("only %d secrets in all texts", redacted)
	}
}

// TestStreamFindsSamples puts a sample of every default rule into a stream.
func TestStreamFindsSamples(t *testing.T) {
	s := newScanner(t, motionRules(t), streamOptions)
	for _, sample := range corpus.Samples(1) {
		text := "before " + sample.Value + "\nafter\n"
		want := stream(s, scanner.StreamOptions{}, text, whole)
		if len(want.Found) == 0 {
			t.Errorf("%s: nothing found", sample.Rule)
		}
		if diff := cmp.Diff(want, stream(s, scanner.StreamOptions{}, text, single)); diff != "" {
			t.Errorf("%s: -whole +split\n%s", sample.Rule, diff)
		}
	}
}
