package message_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
)

func newRequest(t *testing.T, target string, header http.Header) *http.Request {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	if header == nil {
		header = http.Header{}
	}
	return &http.Request{Method: "GET", URL: u, Header: header}
}

// TestRequestHead holds what becomes of a request line and of fields with secrets.
func TestRequestHead(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:tok1234"))
	for name, tc := range map[string]struct {
		target string
		header http.Header
		want   string
		fields http.Header
	}{
		"clean":          {"/a/b?c=d&e", http.Header{"X": {"1", "2"}}, "/a/b?c=d&e", http.Header{"X": {"1", "2"}}},
		"query":          {"/a?k=tok1234&x=%20y", nil, "/a?k=%5BREDACTED%3Atoken%5D&x=%20y", http.Header{}},
		"escaped":        {"/a?k=%74ok1234", nil, "/a?k=%5BREDACTED%3Atoken%5D", http.Header{}},
		"path":           {"/files/tok1234/x%2Fy", nil, "/files/%5BREDACTED%3Atoken%5D/x%2Fy", http.Header{}},
		"one of several": {"/", http.Header{"X": {"1", "a tok1234 b"}}, "/", http.Header{"X": {"1", "a [REDACTED:token] b"}}},
		"basic": {"/", http.Header{"Authorization": {basic}}, "/", http.Header{"Authorization": {
			"Basic " + base64.StdEncoding.EncodeToString([]byte("user:[REDACTED:token]"))}}},
		"ranges":         {"/", http.Header{"Range": {"bytes=0-1"}, "If-Range": {"x"}}, "/", http.Header{}},
		"known codings":  {"/", http.Header{"Accept-Encoding": {"gzip;q=0.5, br"}}, "/", http.Header{"Accept-Encoding": {"gzip;q=0.5, br"}}},
		"other codings":  {"/", http.Header{"Accept-Encoding": {"dcb, gzip;q=0.5, *"}}, "/", http.Header{"Accept-Encoding": {"gzip;q=0.5"}}},
		"only unknown":   {"/", http.Header{"Accept-Encoding": {"compress"}}, "/", http.Header{"Accept-Encoding": {"identity"}}},
		"binary of gRPC": {"/", http.Header{"X-Bin": {base64.StdEncoding.EncodeToString([]byte("ab tok1234 c"))}}, "/", http.Header{"X-Bin": {base64.StdEncoding.EncodeToString([]byte("ab ******* c"))}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRequest(t, tc.target, tc.header)
			if err := message.New(newTexts(t, proxy.Options{}), message.Options{}).Exchange(context.Background(), message.Peer{}).Request(r); err != nil {
				t.Fatal(err)
			}
			if got := r.URL.RequestURI(); got != tc.want {
				t.Errorf("target %q, want %q", got, tc.want)
			}
			if diff := cmp.Diff(tc.fields, r.Header); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSources holds what a decider is told of where a secret stands.
func TestSources(t *testing.T) {
	var got []proxy.Source
	texts := newTexts(t, proxy.Options{Carrier: "ingress", Decider: asking(func(q *proxy.Question) proxy.Decision {
		got = append(got, q.Source)
		return proxy.Decision{}
	})})
	x := message.New(texts, message.Options{}).Exchange(context.Background(), message.Peer{Host: "api.test", Principal: "spiffe://a/b"})
	r := newRequest(t, "/p/tok1111?q=tok2222", http.Header{"A": {"tok3333"}})
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("tok4444")), 7
	if err := x.Request(r); err != nil {
		t.Fatal(err)
	}
	if err := x.Response(answer(http.Header{"B": {"tok5555"}}, strings.NewReader("tok6666"), 7)); err != nil {
		t.Fatal(err)
	}
	const route = "/p/%5BREDACTED%3Atoken%5D"
	want := []proxy.Source{
		{Host: "api.test", Principal: "spiffe://a/b", Part: "url", Direction: "request"},
		{Host: "api.test", Principal: "spiffe://a/b", Part: "url", Direction: "request"},
		{Host: "api.test", Principal: "spiffe://a/b", Part: "header", Direction: "request", Name: "A"},
		{Host: "api.test", Principal: "spiffe://a/b", Part: "body", Direction: "request", Route: route},
		{Host: "api.test", Principal: "spiffe://a/b", Part: "header", Direction: "response", Name: "B", Route: route},
		{Host: "api.test", Principal: "spiffe://a/b", Part: "body", Direction: "response", Route: route},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestNames holds that a secret where nothing can stand in its place is refused.
func TestNames(t *testing.T) {
	f := message.New(newTexts(t, proxy.Options{}), message.Options{})
	r := newRequest(t, "/", http.Header{"X-tok1234": {"1"}})
	if err := f.Exchange(context.Background(), message.Peer{}).Request(r); message.Status(err) != 400 {
		t.Errorf("field: %v", err)
	}
	r = newRequest(t, "/", nil)
	r.Method = "tok1234"
	if err := f.Exchange(context.Background(), message.Peer{}).Request(r); message.Status(err) != 400 {
		t.Errorf("method: %v", err)
	}
	if _, err := passResponse(f, answer(http.Header{"X-tok1234": {"1"}}, strings.NewReader(""), 0)); message.Status(err) != 502 {
		t.Errorf("response: %v", err)
	}
}

// TestPresented holds that what a client shows is a secret in the response, encoded
// too, though no rule describes it; and that a new cookie is not.
func TestPresented(t *testing.T) {
	allowRequests := asking(func(q *proxy.Question) proxy.Decision {
		if q.Direction == "request" || q.Name == "Set-Cookie" {
			return proxy.Decision{Action: proxy.Allow}
		}
		return proxy.Decision{}
	})
	const bearer, cookie, password = "plainlooking-value", "s7Gh2kQ9xW4mZ8vB3nL6", "correct/horse&battery"
	for _, shadow := range []bool{false, true} {
		var reported []string
		f := message.New(newTexts(t, proxy.Options{Decider: allowRequests, Shadow: shadow}), message.Options{})
		x := f.Exchange(context.Background(), message.Peer{Report: func(r *proxy.Redaction) {
			reported = append(reported, r.Source.Direction+" "+r.Finding.Rule.ID)
		}})
		r := newRequest(t, "/", http.Header{
			"Authorization": {"Bearer " + bearer, "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+password))},
			"Cookie":        {"lang=english-words; sid=" + cookie}, "X-Key": {"tok9999"},
		})
		if err := x.Request(r); err != nil {
			t.Fatal(err)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer "+bearer {
			t.Errorf("sent %q", got)
		}
		text := "you sent " + bearer + " and " + url.QueryEscape(password) + " and " + cookie + " english-words"
		response := answer(http.Header{"Set-Cookie": {"sid=" + cookie}}, strings.NewReader(text), int64(len(text)))
		if err := x.Response(response); err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		const gone = "[REDACTED:presented-credential]"
		want := "you sent " + gone + " and " + url.QueryEscape(gone) + " and " + gone + " english-words"
		if shadow {
			want = text
		}
		if string(body) != want || response.Header.Get("Set-Cookie") != "sid="+cookie {
			t.Errorf("shadow %v: %q, %v", shadow, body, response.Header)
		}
		if diff := cmp.Diff([]string{"request token", "response presented-credential", "response presented-credential", "response presented-credential", "response presented-credential"}, reported); diff != "" {
			t.Error(diff)
		}
	}
}

// TestSigned holds that a request whose signature covers it is never changed.
func TestSigned(t *testing.T) {
	f := message.New(newTexts(t, proxy.Options{}), message.Options{})
	for name, header := range map[string]http.Header{
		"SigV4": {"Authorization": {"AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=y"}},
		"RFC":   {"Signature-Input": {`s=("@method")`}},
		"hook":  {"X-Hub-Signature-256": {"sha256=x"}},
	} {
		header["Range"], header["Accept-Encoding"] = []string{"bytes=0-1"}, []string{"dcb"}
		r := newRequest(t, "/?k=v", header)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("clean")), 5
		want := header.Clone()
		if err := f.Exchange(context.Background(), message.Peer{}).Request(r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Header); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		r = newRequest(t, "/?k=tok1234", header)
		if err := f.Exchange(context.Background(), message.Peer{}).Request(r); message.Status(err) != 403 {
			t.Errorf("%s: a secret in the query: %v", name, err)
		}
		r = newRequest(t, "/", header)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("tok1234")), 7
		if err := f.Exchange(context.Background(), message.Peer{}).Request(r); message.Status(err) != 403 {
			t.Errorf("%s: a secret in the body: %v", name, err)
		}
	}
}

// TestTrailers holds that what follows the content is redacted too.
func TestTrailers(t *testing.T) {
	for _, buffer := range []int{0, 4} {
		f := message.New(newTexts(t, proxy.Options{}), message.Options{Buffer: buffer})
		r := answer(nil, nil, -1)
		r.Trailer = http.Header{"Grpc-Message": nil}
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader("some text"), atEnd(func() { r.Trailer.Set("Grpc-Message", "no %74ok1234") })))
		got, err := passResponse(f, r)
		if err != nil || got.Trailer.Get("Grpc-Message") != "no %5BREDACTED%3Atoken%5D" {
			t.Errorf("buffer %d: %v, %v", buffer, got.Trailer, err)
		}
	}
}

type atEnd func()

func (f atEnd) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// TestStatusLine holds that a reason phrase is the standard one.
func TestStatusLine(t *testing.T) {
	r := answer(nil, strings.NewReader(""), 0)
	r.Status = "200 tok1234"
	if _, err := passResponse(message.New(newTexts(t, proxy.Options{}), message.Options{}), r); err != nil || r.Status != "200 OK" {
		t.Errorf("%q, %v", r.Status, err)
	}
}

func mustURL(target string) *url.URL {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		panic(err)
	}
	return u
}
