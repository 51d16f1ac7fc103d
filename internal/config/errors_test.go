package config_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/stanch-dev/stanch/internal/config"
)

var update = flag.Bool("update", false, "rewrite the expected errors")

const goldens = "testdata/errors.txtar"

// TestErrors holds the errors of broken files. Each file of testdata/errors.txtar is
// followed by one with its errors.
func TestErrors(t *testing.T) {
	archive, err := txtar.ParseFile(goldens)
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Files) < 20 {
		t.Fatalf("%d files", len(archive.Files))
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, want := archive.Files[i], &archive.Files[i+1]
		if want.Name != "errors" {
			t.Fatalf("%s is not followed by errors", in.Name)
		}
		got := ""
		if _, err := config.Parse(in.Data, in.Name); err != nil {
			got = err.Error() + "\n"
		}
		if *update {
			want.Data = []byte(got)
		}
		if diff := cmp.Diff(string(want.Data), got); diff != "" || got == "" {
			t.Errorf("%s: -want +got\n%s", in.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(goldens, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestErrorsHoldNoValues holds that values stay out of errors: some are put in the
// wrong place.
func TestErrorsHoldNoValues(t *testing.T) {
	value := "hunter2" + "hunter2"
	for _, text := range []string{
		"ingress: {listen: V}", "ingress: {upstream: 'https://u:V@host/%zz'}", "ingress: {upstream: 'https://u:V@host'}", "ingress: V", "V",
		"ingress: {limits: {header: V}}", "ingress: {timeouts: {idle: V}}", "ingress: {shadow: V}", "ingress: {unscannable: V}",
		"ingress: {limits: V}", "ingress: {limits: {ratio: V}}", "ingress: {routes: [{path: V, lift: [{query: V, header: 'V:', scheme: 'V V'}]}]}",
		"ingress: {trusted_proxies: [V]}", "ingress: {health: {path: V}}", "ingress: {listen: *V}", "ingress: [V", "ingress: {listen: \"V\\q\"}",
		"ingress: {upstream: 'https://host?key=V'}", "ingress: {routes: V}", "ingress: !!int V", "ingress: {shadow: !!V x}",
	} {
		_, err := config.Parse([]byte(strings.ReplaceAll(text, "V", value)), "f")
		if err == nil || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestCheck holds that what Go code sets is checked too, all of it at once.
func TestCheck(t *testing.T) {
	var zero config.Ingress
	err := zero.Check()
	var first *config.Problem
	if !errors.As(err, &first) || first.Path != "ingress.listen" {
		t.Fatal(err)
	}
	for _, want := range []string{"ingress.limits.buffer: it is from 4KiB to 16MiB", "ingress.timeouts.drain: it is above zero and at most 24h", "ingress.upstream: it is not set"} {
		if !strings.Contains(err.Error(), want+"\n") && !strings.Contains(err.Error(), want+":") {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
	good := config.Ingress{Upstream: "h2c://[::1]:9000/base", Admin: "9464", TrustedProxies: []string{"10.0.0.0/8"}}
	good.SetDefaults()
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	again := good
	again.SetDefaults()
	if diff := cmp.Diff(good, again); diff != "" {
		t.Error(diff)
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		"64KiB": "64KiB", "65536": "64KiB", "1000": "1000", "1MB": "1000000", "3GiB": "3GiB", "1 kB": "1000", "7B": "7", "1024KiB": "1MiB",
		"0": "", "-1": "", "1.5MiB": "", "x": "", "KiB": "", "9223372036854775807KiB": "", "[1]": "",
	} {
		var size config.Size
		err := yaml.Unmarshal([]byte(text), &size)
		if got := size.String(); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"30s": "30s", "60s": "1m", "90s": "1m30s", "3600s": "1h", "100ms": "100ms", "1h0m5s": "1h0m5s", "24h": "24h", "10h30m": "10h30m",
		"0": "", "0s": "", "-1s": "", "30": "", "soon": "", "{a: b}": "",
	} {
		var span config.Duration
		err := yaml.Unmarshal([]byte(text), &span)
		if got := span.String(); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	if text, err := os.ReadFile(reference); err == nil {
		f.Add(text)
	}
	archive, err := txtar.ParseFile(goldens)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse(text, "f")
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "f:") {
					t.Fatalf("an error without its place: %q", line)
				}
			}
			return
		}
		c.Ingress.Upstream = "http://127.0.0.1:9000"
		c.Ingress.UpstreamTLS = config.UpstreamTLS{}
		if err := c.Ingress.Check(); err != nil {
			t.Fatalf("accepted, and then %v", err)
		}
	})
}
