package har_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/cli/har"
)

const recording = `{"log": {"version": "1.2", "creator": {"name": "x", "entries": [1]}, "pages": [{}], "entries": [
	{"request": {"method": "POST", "url": "https://user:pw@api.example.com/v1/a%2Fb?q=1#top", "httpVersion": "h2",
		"headers": [{"name": ":authority", "value": "api.example.com"}, {"name": "accept", "value": "a"}, {"name": "accept", "value": "b"}, {"name": "content-encoding", "value": "gzip"}],
		"postData": {"mimeType": "text/plain", "text": "aGVsbG8=", "encoding": "base64"}},
	 "response": {"status": 404, "statusText": "Gone Fishing", "httpVersion": "HTTP/1.1",
		"headers": [{"name": "Content-Encoding", "value": "br"}, {"name": "Transfer-Encoding", "value": "chunked"}, {"name": "X-A", "value": "1"}],
		"content": {"size": 5, "mimeType": "application/json", "text": "{\"a\"}"}}},
	{"request": {"method": "POST", "url": "http://h/", "bodySize": 3, "headers": [],
		"postData": {"mimeType": "application/x-www-form-urlencoded; charset=utf-8", "params": [{"name": "a", "value": "1 2"}, {"name": "b", "value": "&"}]}},
	 "response": {"status": 0, "headers": [], "content": {}}},
	{"request": {"method": "PUT", "url": "http://h/", "bodySize": 3, "headers": []},
	 "response": {"status": 200, "headers": [], "content": {"size": 9, "mimeType": "text/html"}}},
	{"request": {"method": "PUT", "url": "http://h/", "headers": [], "postData": {"mimeType": "multipart/form-data", "params": [{"name": "a", "fileName": "x"}]}},
	 "response": {"status": 200, "headers": [], "content": {"text": "aGk=", "encoding": "base64"}}}
]}}`

// message is what a test looks at.
type message struct {
	Line, Host, Body string
	Header           http.Header
	Complete         bool
}

func TestRead(t *testing.T) {
	var got []message
	err := har.Read(strings.NewReader(recording), func(n int, e *har.Entry) error {
		r, complete, err := e.Request(context.Background())
		if err != nil {
			t.Fatal(n, err)
		}
		body, _ := io.ReadAll(r.Body)
		if int64(len(body)) != r.ContentLength {
			t.Errorf("%d: %d bytes, the length is %d", n, len(body), r.ContentLength)
		}
		got = append(got, message{strings.Join([]string{r.Method, r.URL.String(), r.RequestURI, r.Proto}, " "), r.Host, string(body), r.Header, complete})
		resp, complete, err := e.Response(r)
		if err != nil {
			t.Fatal(n, err)
		}
		if resp == nil {
			got = append(got, message{})
			return nil
		}
		body, _ = io.ReadAll(resp.Body)
		got = append(got, message{resp.Proto + " " + resp.Status, "", string(body), resp.Header, complete})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []message{
		{"POST https://api.example.com/v1/a%2Fb?q=1 /v1/a%2Fb?q=1 HTTP/2.0", "api.example.com", "hello",
			http.Header{"Accept": {"a", "b"}, "Content-Type": {"text/plain"}, "Content-Length": {"5"}}, true},
		{"HTTP/1.1 404 Gone Fishing", "", `{"a"}`, http.Header{"X-A": {"1"}, "Content-Type": {"application/json"}, "Content-Length": {"5"}}, true},
		{"POST http://h/ / HTTP/1.1", "h", "a=1+2&b=%26", http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}, "Content-Length": {"11"}}, true},
		{},
		{"PUT http://h/ / HTTP/1.1", "h", "", http.Header{}, false},
		{"HTTP/1.1 200", "", "", http.Header{"Content-Type": {"text/html"}}, false},
		{"PUT http://h/ / HTTP/1.1", "h", "", http.Header{"Content-Type": {"multipart/form-data"}}, false},
		{"HTTP/1.1 200", "", "hi", http.Header{"Content-Length": {"2"}}, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestBroken holds that errors say what is wrong and show no content.
func TestBroken(t *testing.T) {
	value := "hunter2" + "hunter2"
	for text, want := range map[string]string{
		"": "it ends too early", "[]": "not where it should be", "{}": "no log.entries", `{"log": {"entries": [`: "it ends too early",
		`{"log": {"x": 1}}`: "no log.entries", `{"log": V}`: "its JSON is broken near byte", `{"log": {"entries": {}}}`: "not where it should be",
		`{"log": {"entries": [{"request": {"method": {"a": "V"}}}]}}`: "exchange 1: not a recording: request.method is of another type",
		`{"log": {"entries": [{}, V]}}`:                               "exchange 2: not a recording: its JSON is broken",
	} {
		err := har.Read(strings.NewReader(strings.ReplaceAll(text, "V", value)), func(int, *har.Entry) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"request": {"url": "V:V"}}`:                                                                      "the request's URL is none",
		`{"request": {"url": "http://h/%V"}}`:                                                              "the request's URL is none",
		`{"request": {"method": "V V", "url": "http://h/"}}`:                                               "the request's method is none",
		`{"request": {"url": "http://h/", "postData": {"text": "V!", "encoding": "x"}}}`:                   "the request's content: its encoding is not base64",
		`{"request": {"url": "http://h/"}, "response": {"content": {"text": "V!", "encoding": "base64"}}}`: "the response's content: it is not base64",
	} {
		text = `{"log": {"entries": [` + strings.ReplaceAll(text, "V", value) + `]}}`
		err := har.Read(strings.NewReader(text), func(_ int, e *har.Entry) error {
			r, _, err := e.Request(context.Background())
			if err == nil {
				_, _, err = e.Response(r)
			}
			return err
		})
		if err == nil || err.Error()[:len(want)] != want || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestTooLong(t *testing.T) {
	none := func(int, *har.Entry) error { return nil }
	if err := har.Read(io.MultiReader(strings.NewReader(`{"log": {"entries": [`), strings.NewReader(strings.Repeat("{},", 100_001))), none); !errors.Is(err, har.ErrTooLong) {
		t.Errorf("many exchanges: %v", err)
	}
	size := int64(len(recording))
	if err := har.ReadUpTo(strings.NewReader(recording), size, none); err != nil {
		t.Errorf("as many bytes as there may be: %v", err)
	}
	if err := har.ReadUpTo(strings.NewReader(recording), size-10, none); !errors.Is(err, har.ErrTooLong) {
		t.Errorf("many bytes: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(recording))
	f.Add([]byte(`{"log": {"entries": [{}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_ = har.Read(strings.NewReader(string(text)), func(n int, e *har.Entry) error {
			r, _, err := e.Request(context.Background())
			if err != nil {
				return nil
			}
			if r.URL.User != nil || r.Header.Get("Content-Encoding") != "" {
				t.Fatal("what is not on the wire")
			}
			if resp, _, err := e.Response(r); err == nil && resp != nil && resp.Body == nil {
				t.Fatal("a response without content to read")
			}
			return nil
		})
	})
}
