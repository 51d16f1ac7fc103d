package ingress_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/config"
)

func TestRoutes(t *testing.T) {
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RequestURI+" "+r.Header.Get("Authorization")+"|"+r.Header.Get("X-Api-Key"))
	}), func(cfg *config.Ingress) {
		cfg.Routes = []config.Route{
			{Path: "/v1/one", Lift: []config.Lift{{Query: "key", Header: "X-Api-Key"}}},
			{Path: "/v1/*", Lift: []config.Lift{{Query: "access_token"}, {Query: "t", Scheme: "Token"}}},
		}
	})
	for _, tc := range []struct{ path, header, want, route string }{
		{"/v1/one?key=abc", "", "/v1/one |abc", "/v1/one"},
		{"/v1/one?access_token=abc", "", "/v1/one?access_token=abc |", "/v1/one"},
		{"/v1/two?access_token=abc", "", "/v1/two Bearer abc|", "/v1/*"},
		{"/v1/two?b=%7e&access_token=a%2Fb+c%3D&&z=1;2", "", "/v1/two?b=%7e&&z=1;2 Bearer a/b+c=|", "/v1/*"},
		{"/v1/two?%61ccess_token=abc", "", "/v1/two Bearer abc|", "/v1/*"},
		{"/v1/two?t=abc&access_token=def", "", "/v1/two Token abc|", "/v1/*"},
		{"/v1/two?access_token=abc", "Basic eA==", "/v1/two Basic eA==|", "/v1/*"},
		{"/v1/two?access_token=a%0d%0ab", "", "/v1/two?access_token=a%0d%0ab |", "/v1/*"},
		{"/v1/two?access_token=&x", "", "/v1/two?access_token=&x |", "/v1/*"},
		{"/v1/two?access_token=%zz", "", "/v1/two?access_token=%zz |", "/v1/*"},
		{"/v2?access_token=abc", "", "/v2?access_token=abc |", "other"},
		{"/v1/../v2?access_token=abc", "", "/v1/../v2?access_token=abc |", "other"},
		{"/v1/%2e%2e/v2?access_token=abc", "", "/v1/%2e%2e/v2?access_token=abc |", "other"},
		{"/v1%2ftwo?access_token=abc", "", "/v1%2ftwo?access_token=abc |", "other"},
		{"/v1//two?access_token=abc", "", "/v1//two Bearer abc|", "/v1/*"},
		{"//v1/two?access_token=abc", "", "//v1/two?access_token=abc |", "other"},
		{"/v1/.known?access_token=abc", "", "/v1/.known Bearer abc|", "/v1/*"},
	} {
		before := len(d.access.String())
		request := "GET " + tc.path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		if tc.header != "" {
			request += "Authorization: " + tc.header + "\r\n"
		}
		text, _ := io.ReadAll(d.raw(t, request+"\r\n"))
		head, body, _ := strings.Cut(string(text), "\r\n\r\n")
		if body != tc.want {
			t.Errorf("%s: %q, want %q", tc.path, body, tc.want)
		}
		lifted := !strings.HasPrefix(tc.want, tc.path)
		if strings.Contains(head, "Referrer-Policy: no-referrer") != lifted {
			t.Errorf("%s: %s", tc.path, head)
		}
		eventually(t, "in the access log", func() bool { return len(d.access.String()) > before })
		if line := d.access.String()[before:]; !strings.Contains(line, `"route":"`+tc.route+`"`) {
			t.Errorf("%s: %s", tc.path, line)
		}
	}
}

// FuzzLift holds that of any query nothing but liftable parameters goes, and that the
// others stay byte by byte and in order.
func FuzzLift(f *testing.F) {
	for _, query := range []string{"access_token=abc", "a=1&&%61ccess_token=x%2F&b;c=%zz", "access_token=%0a&access_token", "access_token=a&access_token=b"} {
		f.Add(query)
	}
	d := deploy(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s\n%s", r.URL.RawQuery, r.Header.Get("Authorization"))
	}), func(cfg *config.Ingress) {
		cfg.Routes = []config.Route{{Path: "/*", Lift: []config.Lift{{Query: "access_token"}}}}
	})
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/a", nil)
		r.URL.RawQuery = query
		if _, err := url.ParseRequestURI(r.URL.RequestURI()); err != nil || strings.ContainsAny(query, " #") || strings.Contains(query, "tok") && !strings.Contains(query, "access_tok") {
			t.Skip()
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Skip() // not a URL, or one with secrets
		}
		got, authorization, _ := strings.Cut(w.Body.String(), "\n")
		left := strings.Split(got, "&")
		for pair := range strings.SplitSeq(query, "&") {
			if len(left) > 0 && left[0] == pair {
				left = left[1:]
				continue
			}
			name, _, _ := strings.Cut(pair, "=")
			if name, _ = url.PathUnescape(name); name != "access_token" || !strings.HasPrefix(authorization, "Bearer ") {
				t.Fatalf("%q: %q and %q: where is %q?", query, got, authorization, pair)
			}
		}
		if len(left) > 0 && got != "" {
			t.Fatalf("%q: %q", query, got)
		}
	})
}
