package hostile_test

import (
	"strings"
	"testing"
)

// hidden is a request that must never be understood as one.
const hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"

// smuggles are requests that servers could understand differently. Behind each comes a
// hidden one.
var smuggles = []struct {
	name, head, body string
	// want is the status, all that are right. Where 200 is, the upstream must have got a
	// request that can be understood in one way only, which it checks.
	want string
}{
	{"TE twice", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", "400 501"},
	{"TE twice, one unknown", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n", "400 501"},
	{"TE list", "POST % HTTP/1.1\r\nTransfer-Encoding: identity, chunked\r\n", "0\r\n\r\n", "400 501"},
	{"TE list with chunked first", "POST % HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked, identity\r\n", "abcd", "400 501"},
	{"TE unknown", "POST % HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: xchunked\r\n", "abcd", "400 501"},
	{"TE with vertical tab", "POST % HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: \vchunked\r\n", "abcd", "400 501"},
	{"TE empty", "POST % HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding:\r\n", "abcd", "400 501"},
	{"TE quoted", "POST % HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: \"chunked\"\r\n", "abcd", "400 501"},
	{"TE folded", "POST % HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding:\r\n chunked\r\n", "abcd", "400 501"},
	{"TE with space before colon", "POST % HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding : chunked\r\n", "abcd", "400"},
	{"TE behind a tab", "POST % HTTP/1.1\r\nContent-Length: 4\r\n\tTransfer-Encoding: chunked\r\n", "abcd", "400"},
	{"CL twice, differing", "POST % HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n", "abcd", "400"},
	{"CL list, differing", "POST % HTTP/1.1\r\nContent-Length: 4, 5\r\n", "abcd", "400"},
	{"CL with plus", "POST % HTTP/1.1\r\nContent-Length: +4\r\n", "abcd", "400"},
	{"CL with minus", "POST % HTTP/1.1\r\nContent-Length: -4\r\n", "abcd", "400"},
	{"CL hexadecimal", "POST % HTTP/1.1\r\nContent-Length: 0x4\r\n", "abcd", "400"},
	{"CL with underscore", "POST % HTTP/1.1\r\nContent-Length: 1_0\r\n", "abcd", "400"},
	{"CL with space", "POST % HTTP/1.1\r\nContent-Length: 4 4\r\n", "abcd", "400"},
	{"CL empty", "POST % HTTP/1.1\r\nContent-Length:\r\n", "abcd", "400"},
	{"CL of 2^64", "POST % HTTP/1.1\r\nContent-Length: 18446744073709551620\r\n", "abcd", "400"},
	{"space before colon", "GET % HTTP/1.1\r\nX-A : b\r\n", "", "400"},
	{"no colon", "GET % HTTP/1.1\r\nX-A\r\n", "", "400"},
	{"empty name", "GET % HTTP/1.1\r\n: b\r\n", "", "400"},
	{"name with NUL", "GET % HTTP/1.1\r\nX\x00A: b\r\n", "", "400"},
	{"name that is not ASCII", "GET % HTTP/1.1\r\nX\xc3\x84: b\r\n", "", "400"},
	{"value with NUL", "GET % HTTP/1.1\r\nX-A: b\x00c\r\n", "", "400"},
	{"value with CR", "GET % HTTP/1.1\r\nX-A: b\rX-B: c\r\n", "", "400"},
	{"first field folded", "GET % HTTP/1.1\r\n X-A: b\r\n", "", "400"},
	{"two hosts", "GET % HTTP/1.1\r\nHost: y\r\n", "", "400"},
	{"chunk of 2^64", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "10000000000000004\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk of 0x4", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "0x4\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk of +4", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "+4\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk of -1", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "-1\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk of nothing", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk shorter than it is", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk line with LF alone", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "4\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk extension with LF alone", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "4;\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk extension with CR alone", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "4;\rx\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk extension of 1 MiB", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "4;" + strings.Repeat("x", 1<<20) + "\r\nabcd\r\n0\r\n\r\n", "400"},
	{"chunk extensions of 1 MiB in all", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", strings.Repeat("1;"+strings.Repeat("x", 1000)+"\r\na\r\n", 1<<10) + "0\r\n\r\n", "400"},
	{"trailer of 1 MiB", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "0\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "400"},
	{"trailer with a length", "POST % HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n", "4\r\nabcd\r\n0\r\nContent-Length: 3\r\n\r\n", "400"},
	{"HTTP 0.9", "GET %\r\n", "", "400"},
	{"HTTP 3.0", "GET % HTTP/3.0\r\n", "", "400 505"},
	{"HTTP 1.10", "GET % HTTP/1.10\r\n", "", "400 505"},
	{"lower case http", "GET % http/1.1\r\n", "", "400"},
	{"spaces in the request line", "GET  %  HTTP/1.1\r\n", "", "400"},
	{"space in the target", "GET % x HTTP/1.1\r\n", "", "400"},
	{"NUL in the target", "GET %\x00 HTTP/1.1\r\n", "", "400"},
	{"bad method", "G(T % HTTP/1.1\r\n", "", "400"},
	{"target with bad escapes", "GET %/%zz HTTP/1.1\r\n", "", "400"},
}

// TestSmuggling sends requests that must be refused, and no other request found in
// what comes behind.
func TestSmuggling(t *testing.T) {
	f := newField(t, nil)
	t.Run("all", func(t *testing.T) {
		for _, tc := range smuggles {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				f.api.on("/smuggled", says("HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n"+stored))
				p := f.dial(t)
				head := strings.Replace(tc.head, "%", "/smuggled", 1)
				go p.send(strings.Replace(head, "\r\n", "\r\nHost: x\r\n", 1) + "\r\n" + tc.body + hidden)
				if a := parse(t, "POST", p.all()); !a.among(tc.want) || a.rest != "" {
					t.Errorf("%+v, want %s", a, tc.want)
				}
				f.healthy(t)
			})
		}
	})
	if n := f.api.asked("/hidden") + f.api.asked("/smuggled"); n != 0 {
		t.Errorf("%d requests have reached the upstream", n)
	}
}

// TestAmbiguous sends requests that may be understood, if only in one way: the
// upstream checks that it gets nothing else.
func TestAmbiguous(t *testing.T) {
	f := newField(t, nil)
	f.api.on("/a", says("HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n"+stored))
	for _, tc := range []struct{ name, request, want string }{
		{"CL twice, the same", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", "abcd"},
		{"CL and TE", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", "abcd"},
		{"TE and CL", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", "abcd"},
		{"TE in HTTP 1.0", "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n" + hidden, ""},
		{"TE and CL in HTTP 1.0", "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nabcd" + hidden, "abcd"},
		{"TE in capitals", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTRANSFER-ENCODING:\tChunked\t\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", "abcd"},
		{"TE with underscore", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\nTransfer_Encoding: chunked\r\n\r\nabcd", "abcd"},
		{"lengths nominated as hop-by-hop", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close, Content-Length, Host\r\nContent-Length: 4\r\n\r\nabcd", "abcd"},
		{"GET with content", "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd", "abcd"},
		{"chunk size with zeros", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0004\r\nabcd\r\n000\r\n\r\n", "abcd"},
		{"chunk extension", "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4;a=\"0\"\r\nabcd\r\n0\r\n\r\n", "abcd"},
		{"LF alone", "POST /a HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 4\n\nabcd", "abcd"},
		{"folded field", "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: b\r\n\tContent-Length: 4\r\n\r\n", ""},
		{"absolute form", "GET http://evil.example/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""},
		{"absolute form with userinfo", "GET http://u:p@evil.example:99/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""},
		{"absolute form of another scheme", "GET ftp:/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""},
		{"HTTP 1.0", "GET /a HTTP/1.0\r\n\r\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got *call
			f.api.on("/a", func(c *call) bool {
				got = c
				return says("HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" + stored)(c)
			})
			p := f.dial(t)
			p.send(tc.request)
			a := parse(t, "GET", p.all())
			if a.status != 200 || a.body != gone || a.rest != "" {
				t.Errorf("%+v", a)
			}
			if got == nil || string(got.body) != tc.want {
				t.Fatalf("%+v", got)
			}
			if host := "\r\nHost: " + f.api.addr() + "\r\n"; !strings.Contains(got.head, host) {
				t.Errorf("%q lacks %q", got.head, host)
			}
		})
	}
	if f.api.asked("/hidden") != 0 {
		t.Error("a request in the content of another has reached the upstream")
	}
	f.healthy(t)
}

// TestAuthority holds which hosts and which targets are none.
func TestAuthority(t *testing.T) {
	f := newField(t, nil)
	for name, head := range map[string]string{
		"no host":                  "GET /healthy HTTP/1.1\r\n",
		"two hosts":                "GET /healthy HTTP/1.1\r\nHost: x\r\nHost: y\r\n",
		"host with space":          "GET /healthy HTTP/1.1\r\nHost: a b\r\n",
		"host with NUL":            "GET /healthy HTTP/1.1\r\nHost: a\x00b\r\n",
		"host not ASCII":           "GET /healthy HTTP/1.1\r\nHost: \xc3\xa4\r\n",
		"host with quote":          "GET /healthy HTTP/1.1\r\nHost: a\"b\r\n",
		"space behind host":        "GET /healthy HTTP/1.1\r\nHost : x\r\n",
		"target without path":      "GET x@evil.example HTTP/1.1\r\nHost: x\r\n",
		"target that is opaque":    "GET http:evil.example/ HTTP/1.1\r\nHost: x\r\n",
		"target of another scheme": "GET mailto:me@evil.example HTTP/1.1\r\nHost: x\r\n",
		"target with bad port":     "GET http://a:b/ HTTP/1.1\r\nHost: x\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := f.dial(t)
			p.send(head + "Connection: close\r\n\r\n")
			if a := parse(t, "GET", p.all()); a.status != 400 {
				t.Errorf("%+v", a)
			}
		})
	}
	f.healthy(t)
}
