package vector_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

func TestRoundTrip(t *testing.T) {
	want := []vector.Vector{
		{
			ID: "a", Axes: vector.Axes{Secret: "s", Encoding: "e", Place: "p", Chunking: "c"},
			Known: []vector.Known{{Name: "n", Value: "<ä&\"ö>=日本語密码鍵"}}, Input: []byte("one\ntwo \"three\" four"),
			Chunks: []int{3, 1}, Vanish: []string{"日本語日本語日本語", "short"}, Stay: []string{"one"}, Parse: "text",
		},
		{ID: "b", Input: []byte("\xff\xfea\x00b\x00c\x00d\x00"), Chunks: []int{}, Vanish: []string{"abcdefghijkl"}, Parse: "utf-16"},
	}
	text, err := vector.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := vector.Load(fstest.MapFS{"v.json": {Data: text}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMalformedFilesAreErrors(t *testing.T) {
	for _, text := range []string{"", "[]", `{"vectors": [{"no": 1}]}`, `{"vectors": [{"hex": true, "input": ["0"]}]}`} {
		if _, err := vector.Load(fstest.MapFS{"v.json": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}
