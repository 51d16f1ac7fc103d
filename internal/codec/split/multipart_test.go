package split_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/internal/codec/split"
)

const sampleBoundary = "b1"

// lines joins lines with CR LF.
func lines(s ...string) string { return strings.Join(s, "\r\n") }

var multiparts = []struct {
	name, body string
	sized      []string // texts from 1 on
	fails      bool
}{
	{"nothing", "", nil, false},
	{"no parts", "--b1--", nil, false},
	{"form", lines("--b1", `Content-Disposition: form-data; name="a"`, "", "text", "--b1--", ""), nil, false},
	{"file", lines("--b1", `Content-Disposition: form-data; name="f"; filename="f"`, "Content-Type: image/png", "", "\x00\r\n--b\n-", "--b1--", ""), []string{"\x00\r\n--b\n-"}, false},
	{"files and texts", lines("--b1", "content-type: application/zip", "", "one", "--b1", "", "text", "--b1", "content-type: Image/PNG", "", "two", "--b1--", ""), []string{"one", "two"}, false},
	{"transfer encoding", lines("--b1", "Content-Transfer-Encoding: Binary", "", "raw", "--b1--"), []string{"raw"}, false},
	{"folded field", lines("--b1", "Content-Type:", "  image/png", "", "raw", "--b1--"), []string{"raw"}, false},
	{"broken header", lines("--b1", "Content-Type image/png", "", "text", "--b1--"), nil, false},
	{"empty file", lines("--b1", "Content-Type: image/png", "", "", "--b1--"), []string{""}, false},
	{"empty file, no line end", lines("--b1", "Content-Type: image/png", "", "--b1--"), []string{""}, false},
	{"bare line feeds", "--b1\nContent-Type: image/png\n\nx\r\r\n--b1--\n", []string{"x\r"}, false},
	{"line ends before the delimiter", lines("--b1", "Content-Type: image/png", "", "x\r\r\n", "--b1--"), []string{"x\r\r\n"}, false},
	{"preamble and epilogue", lines("before", "--b1  ", "Content-Type: image/png", "", "x", "--b1-- \t", "after", "--b1", ""), []string{"x"}, false},
	{"boundary within a line", lines("--b1", "Content-Type: image/png", "", "x--b1", " --b1", "--b1--"), []string{"x--b1\r\n --b1"}, false},
	{"longer boundary", lines("--b1", "Content-Type: image/png", "", "x", "--b12", "", "text", "--b1--"), []string{"x"}, false},
	{"nested", lines("--b1", "Content-Type: multipart/mixed; boundary=c", "", "--c", "Content-Type: image/png", "", "x", "--c--", "--b1--"), nil, false},
	{"dashes apart", lines("--b1", "", "x", "--b1-x-", "Content-Type: image/png", "", "y", "--b1--"), []string{"y"}, false},

	{"no delimiter", "text", nil, true},
	{"cut in a boundary", "--b", nil, true},
	{"cut in a delimiter", "--b1-", nil, true},
	{"cut in a header", "--b1\r\nContent-Type: image/png\r\n", nil, true},
	{"cut in a part", lines("--b1", "Content-Type: image/png", "", "x\r"), nil, true},
	{"long header", "--b1\r\nX: " + strings.Repeat("x", 16<<10), nil, true},
	{"long header block", "--b1\r\n" + strings.Repeat("X: y\r\n", 3000), nil, true},
}

func TestMultipart(t *testing.T) {
	for _, test := range multiparts {
		got, err := takeApart(t, sampleBody("multipart"), []byte(test.body))
		var wrong *codec.FormatError
		if errors.As(err, &wrong) != test.fails || (err != nil) != test.fails {
			t.Errorf("%s: error %v", test.name, err)
		}
		if err != nil {
			continue
		}
		var sized []string
		for i := 1; i < len(got.Last); i++ {
			sized = append(sized, got.text(i))
		}
		if diff := cmp.Diff(test.sized, sized); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		for _, r := range got.Runs {
			want := split.Text
			if r.Text > 0 {
				want = split.Sized
			}
			if r.Kind != want {
				t.Errorf("%s: run %+v, want kind %d", test.name, r, want)
			}
		}
	}
}

func TestMultipartPushHasNoEnd(t *testing.T) {
	body := split.Body{ContentType: "multipart/x-mixed-replace; boundary=b1"}
	got, err := takeApart(t, body, []byte(lines("--b1", "Content-Type: image/jpeg", "", "x\r\n-")))
	if err != nil || got.text(1) != "x\r\n-" {
		t.Errorf("error %v, text %q", err, got.text(1))
	}
}
