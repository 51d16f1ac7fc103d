package logical_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/logical"
)

func decode(t testing.TB, text string) (data map[string]any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	if err := dec.Decode(&data); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFields holds the ways in which clients write a value of each type.
func TestFields(t *testing.T) {
	read := map[logical.FieldType]func(logical.Fields) any{
		logical.String: func(f logical.Fields) any { return f.String("v") }, logical.Int: func(f logical.Fields) any { return f.Int("v") },
		logical.Bool: func(f logical.Fields) any { return f.Bool("v") }, logical.Duration: func(f logical.Fields) any { return f.Duration("v") },
		logical.Strings: func(f logical.Fields) any { return f.Strings("v") }, logical.Pairs: func(f logical.Fields) any { return f.Pairs("v") },
		logical.Object: func(f logical.Fields) any { return f.Object("v") }, logical.Time: func(f logical.Fields) any { return f.Time("v") },
		logical.Any: func(f logical.Fields) any { return f.Raw("v") },
	}
	for _, c := range []struct {
		typ  logical.FieldType
		text string
		want any // nil: an error
	}{
		{logical.String, `"a"`, "a"}, {logical.String, `1.50`, "1.50"}, {logical.String, `true`, "true"}, {logical.String, `{}`, nil}, {logical.String, `[]`, nil},
		{logical.Int, `3`, 3}, {logical.Int, `"-3"`, -3}, {logical.Int, `1.5`, nil}, {logical.Int, `1e99`, nil}, {logical.Int, `[]`, nil},
		{logical.Bool, `true`, true}, {logical.Bool, `"1"`, true}, {logical.Bool, `0`, false}, {logical.Bool, `"yes"`, nil}, {logical.Bool, `{}`, nil},
		{logical.Duration, `90`, 90 * time.Second}, {logical.Duration, `"90"`, 90 * time.Second}, {logical.Duration, `"1h30m"`, 90 * time.Minute},
		{logical.Duration, `"2d"`, 48 * time.Hour}, {logical.Duration, `""`, time.Duration(0)}, {logical.Duration, `-1`, nil}, {logical.Duration, `"-1h"`, nil},
		{logical.Duration, `99999999999999999`, nil}, {logical.Duration, `"9999999999d"`, nil}, {logical.Duration, `"soon"`, nil}, {logical.Duration, `[]`, nil},
		{logical.Strings, `["a"," b"]`, []string{"a", "b"}}, {logical.Strings, `"a, b,"`, []string{"a", "b"}}, {logical.Strings, `""`, []string{}}, {logical.Strings, `[{}]`, nil},
		{logical.Pairs, `{"a":"b","c":1}`, map[string]string{"a": "b", "c": "1"}}, {logical.Pairs, `"a=b"`, map[string]string{"a": "b"}},
		{logical.Pairs, `["a=b=c"]`, map[string]string{"a": "b=c"}}, {logical.Pairs, `"a"`, nil}, {logical.Pairs, `{"a":[]}`, nil},
		{logical.Object, `{"a":[1]}`, map[string]any{"a": []any{json.Number("1")}}}, {logical.Object, `"a"`, nil},
		{logical.Time, `"2026-11-24T10:00:00Z"`, time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}, {logical.Time, `1`, time.Unix(1, 0).UTC()}, {logical.Time, `"now"`, nil},
		{logical.Any, `[1]`, []any{json.Number("1")}},
	} {
		f, err := logical.ParseFields([]logical.Field{{Name: "v", Type: c.typ}}, decode(t, `{"v": `+c.text+`}`), nil)
		if c.want == nil {
			var e *logical.Error
			if !errors.As(err, &e) || e.Status != 400 || !strings.Contains(e.Text, `"v"`) {
				t.Errorf("type %d of %s: error %v", c.typ, c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("type %d of %s: %v", c.typ, c.text, err)
			continue
		}
		if diff := cmp.Diff(c.want, read[c.typ](f)); diff != "" {
			t.Errorf("type %d of %s: %s", c.typ, c.text, diff)
		}
	}
}

// TestGiven holds what counts where a field comes in several ways, or not at all.
func TestGiven(t *testing.T) {
	schema := []logical.Field{{Name: "path"}, {Name: "n", Type: logical.Int, Default: 7}, {Name: "m", Type: logical.Int}}
	f, err := logical.ParseFields(schema, decode(t, `{"path": "other", "unknown": 1, "m": null}`), map[string]string{"path": "a/b"})
	if err != nil {
		t.Fatal(err)
	}
	if f.String("path") != "a/b" || f.Int("n") != 7 || f.Has("n") || f.Has("m") || f.Int("m") != 0 || f.Has("unknown") {
		t.Errorf("%+v", f)
	}
}

// FuzzFields holds that no value makes a parser panic.
func FuzzFields(f *testing.F) {
	for _, text := range []string{`{"v":"1h"}`, `{"v":[1,"a"]}`, `{"v":{"a":null}}`, `{"v":1e400}`} {
		f.Add([]byte(text), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, typ uint8) {
		var data map[string]any
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if dec.Decode(&data) != nil {
			return
		}
		logical.ParseFields([]logical.Field{{Name: "v", Type: logical.FieldType(typ) % (logical.Any + 1)}}, data, nil)
	})
}
