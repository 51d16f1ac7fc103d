package proxy_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

const testRules = `
[[rules]]
id = "token"
regex = '''\btok\d{4,12}\b'''
[[rules]]
id = "endless"
regex = '''\bend_[a-z]{8,}'''
`

func newFilter(tb testing.TB, opts proxy.Options) *proxy.Filter {
	tb.Helper()
	set, err := rules.Parse("test.toml", []byte(testRules))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
	if err != nil {
		tb.Fatal(err)
	}
	return proxy.New(s, redact.New().SealTo(sealKey(tb)), opts)
}

func sealKey(tb testing.TB) *redact.SealKey {
	tb.Helper()
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := redact.ParseSealKey([]byte(base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes())))
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// passed is what came out of a filter.
type passed struct {
	Text     string
	Reported []string
	Stats    proxy.Stats
}

// pass takes text through a stream in parts of size bytes.
func pass(f *proxy.Filter, text string, size int) (p passed, err error) {
	var out bytes.Buffer
	st := f.NewStream(proxy.To(&out), proxy.StreamOptions{Report: func(r *proxy.Redaction) {
		p.Reported = append(p.Reported, fmt.Sprintf("%s %s %d-%d %q", r.Finding.Rule.ID, r.Decision.Style, r.Finding.Secret.Start, r.Finding.Secret.End, r.Text))
	}})
	for len(text) > 0 && err == nil {
		n := min(size, len(text))
		_, err = st.Write([]byte(text[:n]))
		text = text[n:]
	}
	if err == nil {
		err = st.End()
	}
	p.Text, p.Stats = out.String(), st.Stats()
	return p, err
}

func TestStyles(t *testing.T) {
	// What follows in base64 moves by whole groups, which asterisks fill.
	inBase64 := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	text := "a tok1234 b\r\n\x00\xff%74ok5678&x " + inBase64("tok99990 is a token") + "\xe4"
	for style, want := range map[redact.Style]string{
		redact.Placeholder: "a [REDACTED:token] b\r\n\x00\xff%5BREDACTED%3Atoken%5D&x " + inBase64("[REDACTED:token]* is a token") + "\xe4",
		redact.Fixed:       "a [REDACTED] b\r\n\x00\xff%5BREDACTED%5D&x " + inBase64("[REDACTED]* is a token") + "\xe4",
		redact.Length:      "a ******* b\r\n\x00\xff*********&x " + inBase64("******** is a token") + "\xe4",
		redact.Drop:        "a  b\r\n\x00\xff&x " + inBase64("** is a token") + "\xe4",
	} {
		for _, size := range []int{len(text), 1} {
			got, err := pass(newFilter(t, proxy.Options{Style: style}), text, size)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Text); diff != "" {
				t.Errorf("%s, %d bytes at a time: -want +got\n%s", style, size, diff)
			}
		}
	}
	got, err := pass(newFilter(t, proxy.Options{Style: redact.Sealed}), text, 3)
	if err != nil || strings.Count(got.Text, "[SEALED:token:") != 1 || strings.Contains(got.Text, "tok1234") {
		t.Errorf("sealed: %q, %v", got.Text, err)
	}
}

// TestLengthStays holds that the style length never changes it, even of a value that
// went on too long to be kept.
func TestLengthStays(t *testing.T) {
	f := newFilter(t, proxy.Options{Style: redact.Length})
	for _, text := range []string{
		"tok1234", "%74%6fk1234", `{"a":"\u0074ok1234\n"}`, "746f6b31323334206973206120746f6b656e20746f6b", "&#116;ok55555;", "c2F5IHRvazEyMzQgbm93IQ==",
	} {
		got, err := pass(f, text, 1)
		if err != nil || len(got.Text) != len(text) || got.Stats.Redacted != 1 {
			t.Errorf("%q became %q, %v, %+v", text, got.Text, err, got.Stats)
		}
	}
}

func TestBlock(t *testing.T) {
	f := newFilter(t, proxy.Options{Style: redact.Block})
	const text = "first\nand tok1234 then"
	for _, size := range []int{len(text), 1} {
		got, err := pass(f, text, size)
		var blocked *redact.BlockedError
		if !errors.As(err, &blocked) || blocked.Name != "token" || blocked.Offset != 10 {
			t.Errorf("error %v", err)
		}
		read := got.Stats.Bytes
		if got.Text != "first\nand " || got.Stats.Redacted != 0 || got.Stats.Withheld != read-10 {
			t.Errorf("%q, %+v", got.Text, got.Stats)
		}
		if diff := cmp.Diff([]string{`token block 10-17 ""`}, got.Reported); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNothingAfterAFailure holds that a stream which has failed lets nothing out,
// whatever is asked of it.
func TestNothingAfterAFailure(t *testing.T) {
	var out bytes.Buffer
	st := newFilter(t, proxy.Options{Style: redact.Block}).NewStream(proxy.To(&out), proxy.StreamOptions{})
	_, first := st.Write([]byte("tok1234 tok5678 text\n"))
	for name, call := range map[string]func() error{
		"Write": func() error { _, err := st.Write([]byte("more text\n")); return err },
		"Idle":  st.Idle, "End": st.End, "Break": st.Break,
		"Cut":  func() error { return st.Cut("[CUT]") },
		"Skip": func() error { return st.Skip([]byte("more")) },
	} {
		if err := call(); err == nil || err != first {
			t.Errorf("%s: error %v, want %v", name, err, first)
		}
	}
	if out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
}

// TestScannerFails has a scanner that panics, as one that was not made by its
// constructor does.
func TestScannerFails(t *testing.T) {
	got, err := pass(proxy.New(&scanner.Scanner{}, redact.New(), proxy.Options{}), "the content\n", 100)
	if err == nil || strings.Contains(err.Error(), "content") || got.Text != "" {
		t.Errorf("wrote %q, error %v", got.Text, err)
	}
	if s := got.Stats; s.Bytes != 12 || s.Scanned != 0 || s.Withheld != 12 {
		t.Errorf("counted %+v", s)
	}
}

func TestWriterFails(t *testing.T) {
	full := errors.New("disk full")
	st := newFilter(t, proxy.Options{}).NewStream(proxy.To(failingWriter{full}), proxy.StreamOptions{})
	if _, err := st.Write([]byte("text\n")); err != full {
		t.Errorf("error %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestShadow(t *testing.T) {
	const text = "a tok1234 b \x00 end_" + "abcdefghij"
	for _, style := range []redact.Style{redact.Placeholder, redact.Drop, redact.Block} {
		enforced, _ := pass(newFilter(t, proxy.Options{Style: style}), text, 5)
		got, err := pass(newFilter(t, proxy.Options{Style: style, Shadow: true}), text, 5)
		if err != nil || got.Text != text || got.Stats.Redacted != 2 || len(got.Reported) != 2 {
			t.Errorf("%s: %q, %v, %+v", style, got.Text, err, got)
		}
		if diff := cmp.Diff(enforced.Reported, got.Reported); diff != "" && style != redact.Block {
			t.Errorf("%s: reported otherwise than it is done: %s", style, diff)
		}
	}
}

func TestKnown(t *testing.T) {
	set := known.Needles([]known.Value{{Secret: known.Secret{ID: "db/main", Version: 3}, Plain: secret.Of([]byte("hunter2hunter2"))}})
	f := newFilter(t, proxy.Options{Known: set, Style: redact.Placeholder})
	const text = "a hunter2hunter2 b %68unter2hunter2 c tok1234"
	for _, size := range []int{len(text), 1} {
		got, err := pass(f, text, size)
		if err != nil || strings.Contains(got.Text, "hunter2") {
			t.Fatalf("%q, %v", got.Text, err)
		}
		if !strings.HasPrefix(got.Text, "a [REDACTED:db-main:") {
			t.Errorf("%q does not name the secret", got.Text)
		}
		if got.Stats.Known != 2 || got.Stats.Redacted != 3 {
			t.Errorf("counted %+v", got.Stats)
		}
	}
}

// TestCut holds that a known secret that was begun counts at a cut, and that places
// are those of the whole text.
func TestCut(t *testing.T) {
	set := known.Needles([]known.Value{{Secret: known.Secret{ID: "db", Version: 1}, Plain: secret.Of([]byte("hunter2hunter2"))}})
	var out bytes.Buffer
	var places []scanner.Span
	st := newFilter(t, proxy.Options{Known: set, Style: redact.Fixed}).NewStream(proxy.To(&out), proxy.StreamOptions{Report: func(r *proxy.Redaction) {
		places = append(places, r.Finding.Secret)
	}})
	io.WriteString(st, "a hunter2hunte")
	st.Cut("…")
	st.Skip([]byte("r2 and more"))
	io.WriteString(st, "\nb tok1234\n")
	if err := st.End(); err != nil || out.String() != "a [REDACTED]…\nb [REDACTED]\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if diff := cmp.Diff([]scanner.Span{{Start: 2, End: 14}, {Start: 28, End: 35}}, places); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	want := proxy.Stats{Lines: 2, Bytes: 36, Scanned: 25, Redacted: 2, Known: 1, Cut: 1, Rules: map[string]int{"known-secret": 1, "token": 1}}
	if diff := cmp.Diff(want, st.Stats()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestBreak holds that of a text which broke off the secrets go out as
// placeholders, and nothing from the first text on of which nothing can be said.
func TestBreak(t *testing.T) {
	var out bytes.Buffer
	st := newFilter(t, proxy.Options{}).NewStream(proxy.To(&out), proxy.StreamOptions{})
	io.WriteString(st, "a tok1234 b tok1")
	held := st.Held()
	if err := st.Break(); err == nil {
		t.Error("no error")
	}
	if out.String() != "a [REDACTED:token] b " || held != 4 || st.Stats().Withheld != 4 {
		t.Errorf("%q, %d held, %+v", out.String(), held, st.Stats())
	}
}

// TestIdle holds that a pause lets out what has not begun to be a secret, and only
// that.
func TestIdle(t *testing.T) {
	var out bytes.Buffer
	st := newFilter(t, proxy.Options{}).NewStream(proxy.To(&out), proxy.StreamOptions{})
	io.WriteString(st, "a t")
	st.Idle()
	if out.String() != "a t" {
		t.Errorf("%q after a pause", out.String())
	}
	io.WriteString(st, " tok12345")
	st.Idle()
	if out.String() != "a t " {
		t.Errorf("%q after a pause within a secret", out.String())
	}
	if err := st.End(); err != nil || out.String() != "a t [REDACTED:token]" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
