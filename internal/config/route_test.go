package config_test

import (
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/config"
)

// TestNeverReached holds that a route is missed only behind one that takes all of it.
func TestNeverReached(t *testing.T) {
	for paths, never := range map[string]bool{
		"/a /a": true, "/a* /a": true, "/a* /ab*": true, "/* /": true, "/a* /a*": true,
		"/a /a*": false, "/ab* /a*": false, "/a /ab": false, "/a/* /a": false,
	} {
		first, second, _ := strings.Cut(paths, " ")
		in := config.Ingress{Upstream: "http://h", Routes: []config.Route{{Path: first}, {Path: second}}}
		in.SetDefaults()
		if err := in.Check(); (err != nil) != never {
			t.Errorf("%s: %v", paths, err)
		}
	}
}
