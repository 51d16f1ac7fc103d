package kv_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/vault/engine/kv"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

// FuzzRequest does two requests of any kind. Whatever a client writes, the answer is
// an error meant for it or one that can be written as JSON.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ path, body string }{
		{"data/a", `{"data":{"k":{"a":1}},"options":{"cas":0,"stage":"pending"}}`},
		{"data/a", `{"data":{"k":null},"options":{"cas":"x"},"watch":1,"timeout":0}`},
		{"metadata/a", `{"max_versions":4294967296,"custom_metadata":{"a":null},"stanch":{"uses":["a:1/b"],"max_age":"1d"}}`},
		{"stages/a", `{"current":1,"cas":0}`},
		{"undelete/a/b", `{"versions":"1,2"}`},
		{"subkeys/a", `{"depth":-1,"version":-1}`},
		{"config", `{"delete_version_after":"-1s"}`},
		{"../\x00", `{}`},
		{"", `{"after":1,"limit":-1}`},
	} {
		f.Add(seed.path, seed.body)
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		dec := json.NewDecoder(strings.NewReader(body))
		dec.UseNumber()
		var data map[string]any
		if dec.Decode(&data) != nil {
			return
		}
		if data == nil {
			data = map[string]any{}
		}
		data["timeout"] = 0
		for _, b := range []logical.Backend{kv.NewV1(), kv.NewV2()} {
			h := logicaltest.New(b)
			for _, first := range operations {
				for _, op := range []logical.Operation{first, logical.Read, logical.List} {
					r, err := h.Do(t.Context(), op, path, data)
					if e := (*logical.Error)(nil); err != nil && !errors.As(err, &e) {
						t.Fatalf("%s %q: %v", op, path, err)
					}
					if r == nil {
						continue
					}
					if _, err := json.Marshal(r.Data); err != nil {
						t.Fatalf("%s %q: %v", op, path, err)
					}
				}
			}
		}
	})
}

func TestLongValue(t *testing.T) {
	h := logicaltest.New(kv.NewV2())
	for name, value := range map[string]string{
		"longest":                     strings.Repeat("x", 32<<20-len(`{"k":""}`)-1),
		"longer, if escaped for HTML": strings.Repeat("<", 6<<20),
	} {
		if status, text := do(t, h, "POST data/a", `{"data":{"k":"`+value+`"}}`); status != 200 {
			t.Fatalf("%s: %d %.100s", name, status, text)
		}
		r, err := h.Do(t.Context(), logical.Read, "data/a", nil)
		if err != nil || r.Data["data"].(map[string]any)["k"] != value {
			t.Fatalf("%s: another value is read: %v", name, err)
		}
	}
	const tooLong = `the data of a secret may have 32 MiB at most`
	run(t, h, []step{{"POST data/b", `{"data":{"k":"` + strings.Repeat("x", 32<<20) + `"}}`, 413, tooLong}, {"GET data/b", ``, 404, ``}})
}

func TestManyVersions(t *testing.T) {
	const writes = 600
	h := logicaltest.New(kv.NewV2())
	run(t, h, []step{{"POST metadata/a", fmt.Sprintf(`{"max_versions":%d}`, uint32(math.MaxUint32)), 200, `"max_versions" is more than 65536: so many versions are kept at most.`}})
	for n := range writes {
		do(t, h, "POST data/a", fmt.Sprintf(`{"data":{"n":%d}}`, n+1))
	}
	if got, want := numbers(t, h, "a"), fmt.Sprintf("0 %d %[1]d", writes); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, n := range []int{1, 321, writes} {
		run(t, h, []step{{fmt.Sprintf("GET data/a?version=%d", n), ``, 200, read("data", fmt.Sprintf(`{"n":%d}`, n), version(n))}})
	}
}

// Any bytes but control characters make a name.
func TestNames(t *testing.T) {
	h := logicaltest.New(kv.NewV2())
	for _, name := range []string{"a b", "ü/日本", "%2f%00", "*", "+/+", `"\`, "{path}", "a\xffb", "-", "...", strings.Repeat("x", 2048), strings.Repeat("x/", 127) + "x"} {
		path := "data/" + name
		if _, err := h.Do(t.Context(), logical.Update, path, map[string]any{"data": map[string]any{"name": "v"}}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if r, err := h.Do(t.Context(), logical.Read, path, nil); err != nil || r == nil || r.Status != 0 {
			t.Errorf("%q: %v, %v", name, r, err)
		}
	}
	for c := range 0xa0 {
		if c >= 0x20 && c < 0x7f {
			continue
		}
		_, err := h.Do(t.Context(), logical.Update, "data/a"+string(rune(c)), map[string]any{"data": map[string]any{}})
		if status, _ := logical.Status(err); err == nil || status != 400 {
			t.Errorf("control character %#x: %v", c, err)
		}
	}
}
