package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/config"
)

const reference = "../../deploy/stanch.yaml"

// commented is a key of the reference that is not set: no space is behind its #.
var commented = regexp.MustCompile(`(?m)^( *)#([a-z-])`)

// TestReference holds that deploy/stanch.yaml has every key, and the defaults.
func TestReference(t *testing.T) {
	got, err := config.Load(reference)
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{Ingress: config.Ingress{Upstream: got.Ingress.Upstream}}
	want.Ingress.SetDefaults()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults, -code +reference\n%s", diff)
	}
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Replace(commented.ReplaceAllString(string(text), "$1$2"), "http://", "https://", 1)
	if got, err = config.Parse([]byte(all), "all"); err != nil {
		t.Fatal(err)
	}
	if err := got.Ingress.Check(); err != nil {
		t.Error(err)
	}
	for _, key := range unset(reflect.ValueOf(*got), "") {
		if key != "ingress.shadow" { // whose default is no
			t.Errorf("the reference has no key %s", key)
		}
	}
}

// unset returns the keys in a value that are zero.
func unset(v reflect.Value, path string) (keys []string) {
	switch {
	case v.IsZero():
		return []string{strings.TrimPrefix(path, ".")}
	case v.Kind() == reflect.Pointer:
		return unset(v.Elem(), path)
	case v.Kind() == reflect.Slice:
		return unset(v.Index(0), path+"[0]")
	case v.Kind() == reflect.Struct:
		for field, value := range v.Fields() {
			keys = append(keys, unset(value, path+"."+field.Tag.Get("yaml"))...)
		}
	}
	return keys
}

func TestUnset(t *testing.T) {
	got := unset(reflect.ValueOf(config.Config{Ingress: config.Ingress{Listen: "x", Routes: []config.Route{{Path: "/"}}}}), "")
	if !slices.Contains(got, "ingress.routes[0].lift") || slices.Contains(got, "ingress.listen") {
		t.Error(got)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "stanch.yaml")
	text := `
ingress:
  known: secrets.index
  rules: /etc/rules.toml
  findings: "-"
  limits: {buffer: 1MB}
  timeouts: {stall: 500ms}
  routes: [{path: /v1/*, lift: [{query: key, header: X-Api-Key}, {query: t, header: authorization}]}]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Ingress{
		Known: filepath.Join(dir, "secrets.index"), Rules: "/etc/rules.toml", Findings: "-",
		Limits: config.Limits{Buffer: 1e6}, Timeouts: config.Timeouts{Stall: config.Duration(time.Second / 2)},
		Routes: []config.Route{{Path: "/v1/*", Lift: []config.Lift{{Query: "key", Header: "X-Api-Key"}, {Query: "t", Header: "authorization", Scheme: "Bearer"}}}},
	}
	want.SetDefaults()
	if diff := cmp.Diff(want, got.Ingress); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := got.Ingress.Check(); err == nil || !strings.HasPrefix(err.Error(), "ingress.upstream: it is not set") {
		t.Errorf("without an upstream: %v", err)
	}
	if _, err := config.Load(filepath.Join(dir, "missing.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(file, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(file); err == nil || !strings.HasSuffix(err.Error(), "at most 1 MiB") {
		t.Errorf("too long: %v", err)
	}
}

func TestNothingSet(t *testing.T) {
	want := &config.Config{}
	want.Ingress.SetDefaults()
	for _, text := range []string{"", "# nothing\n", "---\n", "ingress:\n", "ingress: {tls: null, limits: ~, timeouts: {idle: }}\n"} {
		got, err := config.Parse([]byte(text), "f")
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}
