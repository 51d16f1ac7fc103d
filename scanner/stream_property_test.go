package scanner_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner"
)

// writing is a way to write a value, and back.
type writing struct {
	name   string
	encode func(string) string
	decode func(string) (string, error)
}

var writings = []writing{
	{"json", func(s string) string { b, _ := json.Marshal(s); return string(b) }, func(s string) (out string, err error) {
		return out, json.Unmarshal([]byte(s), &out)
	}},
	{"percent", url.QueryEscape, url.QueryUnescape},
	{"every byte in percent", func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	}, url.QueryUnescape},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, func(s string) (string, error) {
		b, err := base64.StdEncoding.DecodeString(s)
		return string(b), err
	}},
	{"base64 for URLs", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }, func(s string) (string, error) {
		b, err := base64.RawURLEncoding.DecodeString(s)
		return string(b), err
	}},
	{"hex", func(s string) string { return hex.EncodeToString([]byte(s)) }, func(s string) (string, error) {
		b, err := hex.DecodeString(s)
		return string(b), err
	}},
}

// TestKnownSecretsVanish writes a known secret in up to three encodings, one in the
// other, into a text, and holds: it is replaced, the text decodes as before, all other
// bytes stay as they were, and cuts make no difference.
func TestKnownSecretsVanish(t *testing.T) {
	s := newScanner(t, parse(t, ""), streamOptions)
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[A-Za-z0-9]{24,40}|[A-Za-z0-9/+_.!@-]{30,60}`).Draw(t, "value")
		set := known.Needles([]known.Value{{Secret: known.Secret{ID: "store/db", Version: 1}, Plain: secret.Of([]byte(value))}})
		around := rapid.StringMatching(`[a-z ={}:,]{0,20}`)
		before, behind := around.Draw(t, "before"), around.Draw(t, "behind")
		inner := before + " " + value + " " + behind
		stack := rapid.SliceOfN(rapid.SampledFrom(writings), 0, 3).Draw(t, "writings")
		encoded := inner
		for _, w := range stack {
			encoded = w.encode(encoded)
		}
		head, tail := around.Draw(t, "head")+"[", "]"+around.Draw(t, "tail")
		text := head + encoded + tail

		opts := scanner.StreamOptions{Known: set}
		got := stream(s, opts, text, whole)
		n := rapid.IntRange(1, 7).Draw(t, "part")
		if parts := stream(s, opts, text, func() int { return n }); parts.Text != got.Text {
			t.Fatalf("%q in parts of %d", parts.Text, n)
		}
		out, ok := strings.CutPrefix(got.Text, head)
		out, ok2 := strings.CutSuffix(out, tail)
		if !ok || !ok2 {
			t.Fatalf("the text around changed: %q", got.Text)
		}
		for i := len(stack) - 1; i >= 0; i-- {
			var err error
			if out, err = stack[i].decode(out); err != nil {
				t.Fatalf("no %s any more: %v: %q of %q", stack[i].name, err, got.Text, text)
			}
		}
		rest, ok := strings.CutPrefix(out, before+" [REDACTED:known-secret]")
		if !ok || strings.TrimLeft(strings.TrimSuffix(rest, " "+behind), "*-") != "" || !strings.HasSuffix(rest, " "+behind) {
			t.Fatalf("%q became %q", inner, out)
		}
	})
}

// TestCleanBytesStay holds that the clean text and the sources of the secrets are
// the text, whatever that is.
func TestCleanBytesStay(t *testing.T) {
	s := newScanner(t, motionRules(t), streamOptions)
	part := rapid.OneOf(
		rapid.StringMatching(`(password|api_key|token)( = |=|": "|%3D)[a-zA-Z0-9]{0,40}`),
		rapid.StringMatching(`https?://[a-z]{1,8}:[a-zA-Z0-9%]{0,20}@[a-z]{1,9}/`),
		rapid.StringMatching(`[ -~\n]{0,40}`),
		rapid.StringOfN(rapid.Rune(), 0, 20, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 40), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.StringMatching(`(password|secret)=[a-zA-Z0-9]{8,40}\n`), writings[3].encode),
		rapid.Map(rapid.StringMatching(`(password|secret)=[a-zA-Z0-9]{8,40}\n`), writings[1].encode),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), " "))
		var out []byte
		st := s.NewStream(scanner.StreamOptions{}, func(p scanner.Piece) {
			if p.Secret != nil {
				out = append(out, p.Secret.Source.Reveal()...)
			}
			out = append(out, p.Text...)
		})
		for rest := text; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			st.Write(rest[:n])
			rest = rest[n:]
		}
		st.End(false)
		if !bytes.Equal(out, text) {
			t.Fatalf("%q became %q", text, out)
		}
	})
}
