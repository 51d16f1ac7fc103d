package route_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy/ingress/route"
)

func TestOf(t *testing.T) {
	table := route.New([]config.Route{{Path: "/v1/users"}, {Path: "/v1/*"}, {Path: "/"}})
	for path, want := range map[string]string{
		"/v1/users": "/v1/users", "/v1/users/": "/v1/*", "/v1/": "/v1/*", "/v1": "", "/": "/", "/x": "", "/v1/../x": "", "/v1/%2e%2e/x": "",
	} {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Of(u); got.Name != want || want == "" && got.Label() != "other" {
			t.Errorf("%s: %q, want %q", path, got.Name, want)
		}
	}
}

func TestLift(t *testing.T) {
	table := route.New([]config.Route{{Path: "/*", Lift: []config.Lift{{Query: "t", Header: "Authorization", Scheme: "Bearer"}}}})
	for target, want := range map[string]string{
		"/a?t=abc&x=%7e": "/a?x=%7e Bearer abc", "/a?t=%0a": "/a?t=%0a ", "/a?t=": "/a?t= ", "/a?t=a&t=b": "/a Bearer a", "/a": "/a ",
	} {
		r := httptest.NewRequest("GET", target, nil)
		table.Of(r.URL).Lift(r)
		if got := r.URL.RequestURI() + " " + r.Header.Get("Authorization"); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}
