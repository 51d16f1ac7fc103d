package exactjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies/exactjson"
)

func TestCheck(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]string{
		`{"a": [1, "x", null, true, {"a": 2}], "b": {}}`: "",
		`7`:                               "",
		deep(exactjson.MaxDepth):          "",
		deep(exactjson.MaxDepth + 1):      "more than 64 objects and lists in one another (line 1)",
		"{\"a\": 1,\n\"a\": 2}":           "an object has a name twice (line 2)",
		`{"x": {"a": 1, "b": 2, "a": 3}}`: "an object has a name twice (line 1)",
		`{"a": 1, "A": 2}`:                "folded",
		`{"a": 1`:                         "the input is not JSON (line 1)",
		``:                                "the input is not JSON (line 1)",
		`{} {}`:                           "the input has more than one JSON value (line 1)",
		`1e999`:                           "a number is larger or longer than a double (line 1)",
		`0.` + strings.Repeat("1", 40):    "a number is larger or longer than a double (line 1)",
		"\"\xff\"":                        "the input is not UTF-8",
	} {
		for _, fold := range []bool{false, true} {
			want := want
			if want == "folded" {
				if want = ""; fold {
					want = "an object has a name twice (line 1)"
				}
			}
			got := ""
			if err := exactjson.Check([]byte(text), "input", fold); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%.60q, folded %v: %q, want %q", text, fold, got, want)
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a": [1, {"b": "c"}]}`))
	f.Add([]byte(`{"a": 1, "a": 2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if exactjson.Check(text, "text", true) != nil {
			return
		}
		if !json.Valid(text) || exactjson.Check(text, "text", false) != nil {
			t.Errorf("%q passes", text)
		}
	})
}
