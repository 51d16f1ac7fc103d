package message_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

const ruleText = `
[[rules]]
id = "token"
regex = '''tok[0-9]{4,}'''
`

// knownValue is a secret that the filters of these tests know.
const knownValue = "hunter2" + "hunter2"

// asking decides as a test says.
type asking func(*proxy.Question) proxy.Decision

func (f asking) Decide(_ context.Context, q *proxy.Question) proxy.Decision { return f(q) }

func newTexts(tb testing.TB, opts proxy.Options) *proxy.Filter {
	tb.Helper()
	set, err := rules.Parse("rules.toml", []byte(ruleText))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
	if err != nil {
		tb.Fatal(err)
	}
	opts.Known = known.Needles([]known.Value{{Secret: known.Secret{ID: "db", Version: 1}, Plain: secret.Of([]byte(knownValue))}})
	return proxy.New(s, redact.WithKey([redact.KeySize]byte{1}), opts)
}

// answer is a response to pass.
func answer(header http.Header, body io.Reader, length int64) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: 200, Status: "200 OK", Header: header, Body: io.NopCloser(body), ContentLength: length}
}

// seen is what a client sees of a response.
type seen struct {
	Header  http.Header
	Length  int64
	Body    string
	Trailer http.Header
}

// passResponse takes a response through a filter.
func passResponse(f *message.Filter, r *http.Response) (seen, error) {
	if err := f.Exchange(context.Background(), message.Peer{Host: "api.test", Route: "/x"}).Response(r); err != nil {
		return seen{}, err
	}
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	return seen{r.Header, r.ContentLength, string(body), r.Trailer}, err
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func gunzip(t *testing.T, text string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestNothingFound holds that a message without secrets stays what it is: fields,
// length and bytes.
func TestNothingFound(t *testing.T) {
	f := message.New(newTexts(t, proxy.Options{}), message.Options{})
	for name, tc := range map[string]struct {
		encoding string
		body     []byte
		length   func(n int) int64
	}{
		"length":  {"", []byte(`{"a": 1}`), func(n int) int64 { return int64(n) }},
		"chunked": {"", []byte(`{"a": 1}`), func(int) int64 { return -1 }},
		"gzip":    {"gzip", gzipped(`{"a": 1}`), func(n int) int64 { return int64(n) }},
		"empty":   {"", nil, func(int) int64 { return 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Etag": {`"v1"`}, "Content-Type": {"application/json"}, "Digest": {"sha-256=x"}, "Accept-Ranges": {"bytes"}}
			if tc.encoding != "" {
				header.Set("Content-Encoding", tc.encoding)
			}
			want := seen{header.Clone(), tc.length(len(tc.body)), string(tc.body), nil}
			got, err := passResponse(f, answer(header, bytes.NewReader(tc.body), want.Length))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFound holds what becomes of a message with a secret in its content.
func TestFound(t *testing.T) {
	f := message.New(newTexts(t, proxy.Options{}), message.Options{})
	header := func() http.Header {
		return http.Header{"Etag": {`"v1"`}, "Content-Type": {"text/plain"}, "Content-Digest": {"x"}, "Accept-Ranges": {"bytes"}, "Content-Length": {"11"}}
	}
	got, err := passResponse(f, answer(header(), strings.NewReader("a tok1234 b"), 11))
	if err != nil {
		t.Fatal(err)
	}
	want := seen{http.Header{"Etag": {`W/"v1"`}, "Content-Type": {"text/plain"}, "Content-Length": {"20"}}, 20, "a [REDACTED:token] b", nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	packed := gzipped("a tok1234 b")
	h := header()
	h.Set("Content-Encoding", "gzip")
	if got, err = passResponse(f, answer(h, bytes.NewReader(packed), int64(len(packed)))); err != nil {
		t.Fatal(err)
	}
	if text := gunzip(t, got.Body); text != "a [REDACTED:token] b" || got.Length != int64(len(got.Body)) || got.Header.Get("Content-Length") != fmt.Sprint(got.Length) {
		t.Errorf("%q, length %d, %v", text, got.Length, got.Header)
	}
}

// TestLong holds that content which is longer than the buffer passes redacted, and
// that its header says nothing that may be wrong.
func TestLong(t *testing.T) {
	filler := strings.Repeat("nothing to see here\n", 1000)
	text := filler + "tok1234 " + filler + knownValue + "\n" + filler
	want := strings.NewReplacer("tok1234", "[REDACTED:token]", knownValue, "[REDACTED:db:").Replace(text)
	for _, length := range []int64{int64(len(text)), -1} {
		f := message.New(newTexts(t, proxy.Options{}), message.Options{Buffer: 1000})
		got, err := passResponse(f, answer(http.Header{"Etag": {`"v1"`}, "Content-Length": {"60000"}}, strings.NewReader(text), length))
		if err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(got.Body, "[REDACTED:db:")
		if head, tail, _ := strings.Cut(want, "[REDACTED:db:"); before != head || rest[8:] != "]"+tail {
			t.Errorf("length %d: redacted otherwise", length)
		}
		if got.Length != -1 || got.Header.Get("Etag") != `W/"v1"` || got.Header.Get("Content-Length") != "" {
			t.Errorf("length %d: header %v", got.Length, got.Header)
		}
	}
}

// TestAnySplit holds that what comes out does not depend on how content comes in.
func TestAnySplit(t *testing.T) {
	text := "start tok1234 middle %74ok5678 " + knownValue + " end\n"
	for _, opts := range []message.Options{{}, {Buffer: 10}} {
		f := message.New(newTexts(t, proxy.Options{}), opts)
		for _, encoding := range []string{"", "gzip", "deflate", "br", "zstd", "gzip, br"} {
			chain, err := codec.ParseChain([]string{encoding})
			if err != nil {
				t.Fatal(err)
			}
			var packed bytes.Buffer
			w := chain.NewWriter(&packed)
			io.WriteString(w, text)
			w.Close()
			var first string
			whole := func(r io.Reader) io.Reader { return r }
			for i, split := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
				for _, length := range []int64{-1, int64(packed.Len())} {
					got, err := passResponse(f, answer(http.Header{"Content-Encoding": {encoding}}, split(bytes.NewReader(packed.Bytes())), length))
					if err != nil {
						t.Fatalf("%s, reader %d: %v", encoding, i, err)
					}
					out, err := io.ReadAll(chain.NewReader(strings.NewReader(got.Body), codec.Limits{}))
					if err != nil {
						t.Fatalf("%s, reader %d: %v", encoding, i, err)
					}
					if first == "" {
						first = string(out)
					}
					if string(out) != first || strings.Contains(first, "1234") || strings.Contains(first, "hunter") {
						t.Errorf("%s, reader %d: %q, want %q", encoding, i, out, first)
					}
				}
			}
		}
	}
}

// TestRefused holds that what cannot be looked into does not pass, and with which
// status; and that by option it passes as it is, and is counted.
func TestRefused(t *testing.T) {
	bomb := gzipped(strings.Repeat("a", 4<<20))
	for name, tc := range map[string]struct {
		header http.Header
		body   string
		status int // of a request
		long   bool
	}{
		"unknown coding":  {http.Header{"Content-Encoding": {"snappy"}}, "x", 415, false},
		"unknown charset": {http.Header{"Content-Type": {"text/plain; charset=utf-7"}}, "x", 415, false},
		"not gzip":        {http.Header{"Content-Encoding": {"gzip"}}, "plain text", 400, false},
		"cut gzip":        {http.Header{"Content-Encoding": {"gzip"}}, string(gzipped("text")[:20]), 400, false},
		"bomb":            {http.Header{"Content-Encoding": {"gzip"}}, string(bomb), 413, false},
		"hidden gzip":     {http.Header{"Content-Type": {"text/plain"}}, string(gzipped("text")), 400, false},
		"too deep":        {http.Header{"Content-Encoding": {"gzip, gzip, gzip, gzip"}}, "x", 413, false},
		"bad grpc":        {http.Header{"Content-Type": {"application/grpc"}}, "xxxxx", 400, true},
	} {
		t.Run(name, func(t *testing.T) {
			var passages []*message.Passage
			opts := message.Options{Done: func(p *message.Passage) { passages = append(passages, p) }}
			f := message.New(newTexts(t, proxy.Options{}), opts)
			var refused *message.RefusedError
			got, err := passResponse(f, answer(tc.header.Clone(), strings.NewReader(tc.body), int64(len(tc.body))))
			if !errors.As(err, &refused) || message.Status(err) != 502 || got.Body != "" {
				t.Errorf("response: %q, %v", got.Body, err)
			}
			r := &http.Request{Method: "POST", URL: &url.URL{Path: "/"}, Header: tc.header.Clone(), Body: io.NopCloser(strings.NewReader(tc.body)), ContentLength: int64(len(tc.body))}
			err = f.Exchange(context.Background(), message.Peer{}).Request(r)
			if err == nil {
				_, err = io.ReadAll(r.Body)
			}
			if message.Status(err) != tc.status {
				t.Errorf("request: status %d of %v, want %d", message.Status(err), err, tc.status)
			}
			if len(passages) != 2 || passages[0].Err == nil || passages[0].Unscanned != 0 {
				t.Errorf("counted %+v", passages)
			}
			if tc.long {
				return
			}
			passages = nil
			opts.Pass = true
			got, err = passResponse(message.New(newTexts(t, proxy.Options{}), opts), answer(tc.header.Clone(), strings.NewReader(tc.body), int64(len(tc.body))))
			if err != nil || got.Body != tc.body || len(passages) != 1 || passages[0].Unscanned != len(tc.body) {
				t.Errorf("with Pass: %d bytes, %v, %+v", len(got.Body), err, passages)
			}
		})
	}
}

// TestBlocked holds that content with a secret that is not to pass does not.
func TestBlocked(t *testing.T) {
	texts := newTexts(t, proxy.Options{Decider: asking(func(*proxy.Question) proxy.Decision { return proxy.Decision{Action: proxy.Block} })})
	for _, buffer := range []int{0, 4} {
		f := message.New(texts, message.Options{Buffer: buffer, Pass: true})
		got, err := passResponse(f, answer(nil, strings.NewReader("some text tok1234"), 17))
		if message.Status(err) != 502 || strings.Contains(got.Body, "tok") {
			t.Errorf("buffer %d: %q, %v", buffer, got.Body, err)
		}
	}
}

// TestSourceFails holds that content which breaks off does not look complete.
func TestSourceFails(t *testing.T) {
	broken := errors.New("connection reset")
	for _, buffer := range []int{0, 4} {
		f := message.New(newTexts(t, proxy.Options{}), message.Options{Buffer: buffer, Pass: true})
		got, err := passResponse(f, answer(nil, io.MultiReader(strings.NewReader("some text to"), iotest.ErrReader(broken)), 100))
		if !errors.Is(err, broken) || strings.HasSuffix(got.Body, "to") {
			t.Errorf("buffer %d: %q, %v", buffer, got.Body, err)
		}
	}
}
