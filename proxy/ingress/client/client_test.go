package client_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy/ingress/client"
)

func TestClient(t *testing.T) {
	trusted := client.Networks{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tc := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:80", nil, "192.0.2.1"},
		{"192.0.2.1:80", []string{"198.51.100.1"}, "192.0.2.1"},
		{"[::ffff:192.0.2.1]:80", nil, "192.0.2.1"},
		{"[fe80::1%eth0]:80", nil, "fe80::1"},
		{"10.0.0.1:80", nil, "10.0.0.1"},
		{"10.0.0.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:10.0.0.1]:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:80", []string{"1.1.1.1, 198.51.100.1 ,10.0.0.2"}, "198.51.100.1"},
		{"10.0.0.1:80", []string{"1.1.1.1", "198.51.100.1", "fd00::5"}, "198.51.100.1"},
		{"10.0.0.1:80", []string{"198.51.100.1:99"}, "198.51.100.1"},
		{"10.0.0.1:80", []string{"[2001:db8::1]:99"}, "2001:db8::1"},
		{"10.0.0.1:80", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"10.0.0.1:80", []string{"1.1.1.1, junk, 10.0.0.3"}, "10.0.0.3"},
		{"10.0.0.1:80", []string{"10.0.0.9, 10.0.0.8"}, "10.0.0.9"},
		{"10.0.0.1:80", []string{""}, "10.0.0.1"},
		{"10.0.0.1:80", []string{"192.0.2.9" + strings.Repeat(", 10.0.0.2", 99)}, "10.0.0.2"},
		{"@", nil, "invalid IP"},
	} {
		got, _ := trusted.Client(&http.Request{RemoteAddr: tc.remote, Header: http.Header{"X-Forwarded-For": tc.forwarded}})
		if got.String() != tc.want {
			t.Errorf("%s %q: %s, want %s", tc.remote, tc.forwarded, got, tc.want)
		}
	}
}

func FuzzClient(f *testing.F) {
	f.Add("10.0.0.1:80", "1.1.1.1, [::1]:5, x")
	trusted := client.Networks{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		got, believed := trusted.Client(&http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}})
		if plain, _ := (client.Networks)(nil).Client(&http.Request{RemoteAddr: remote}); !believed && got != plain {
			t.Errorf("%s although %s is not trusted", got, remote)
		}
	})
}

func TestGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := client.NewGuesses(config.KnownLimit{Secrets: 3, Per: config.Duration(time.Minute)})
		one := netip.MustParseAddr("192.0.2.1")
		var got []time.Duration
		for range 4 {
			got = append(got, g.Wait(one))
			g.Met(one)
		}
		got = append(got, g.Wait(one)) // one secret more than the share
		time.Sleep(39 * time.Second)
		got = append(got, g.Wait(one))
		time.Sleep(time.Second)
		got = append(got, g.Wait(one))
		for range 100 {
			g.Met(one)
		}
		got = append(got, g.Wait(one)) // at most a share over
		time.Sleep(time.Hour)
		got = append(got, g.Wait(one))
		want := []time.Duration{0, 0, 0, 20 * time.Second, 40 * time.Second, time.Second, 0, 80 * time.Second, 0}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestGuessesAreBounded(t *testing.T) {
	g := client.NewGuesses(config.KnownLimit{Secrets: 1, Per: config.Duration(time.Hour)})
	at := func(i int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff)) }
	for i := range 64<<10 + 1 {
		g.Met(at(i))
	}
	if g.Wait(at(0)) != 0 || g.Wait(at(1)) == 0 || g.Wait(at(64<<10)) == 0 {
		t.Error("the one that met a secret first is not the only one forgotten")
	}
}

func TestNoLimit(t *testing.T) {
	g := client.NewGuesses(config.KnownLimit{Secrets: -1, Per: config.Duration(time.Minute)})
	for range 100 {
		g.Met(netip.Addr{})
	}
	if g.Wait(netip.Addr{}) != 0 {
		t.Error("limited")
	}
}
