package split_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/internal/codec/split"
)

// run is a stretch of a body in one text.
type run struct {
	Kind split.Kind
	Text int
	Data string
}

// taken is a body that was taken apart.
type taken struct {
	Runs []run
	Last []int // texts that ended, in order
}

// text returns all of one text.
func (k *taken) text(n int) string {
	var b strings.Builder
	for _, r := range k.Runs {
		if r.Kind != split.Frame && r.Text == n {
			b.WriteString(r.Data)
		}
	}
	return b.String()
}

func (k *taken) body() string {
	var b strings.Builder
	for _, r := range k.Runs {
		b.WriteString(r.Data)
	}
	return b.String()
}

// recorder collects parts and holds them to what every format must keep.
type recorder struct {
	t     testing.TB
	got   taken
	data  [][]byte // of the runs
	kinds map[int]split.Kind
}

func (r *recorder) take(p split.Part) error {
	r.t.Helper()
	if (p.Kind == split.Packed) != (p.Envelope != nil) {
		r.t.Errorf("part of kind %d: envelope %v", p.Kind, p.Envelope)
	}
	if p.Envelope != nil {
		checkEnvelope(r.t, p)
	}
	if p.Kind == split.Frame {
		if p.Last {
			r.t.Error("a frame ends a text")
		}
		p.Text = 0
	} else {
		if slices.Contains(r.got.Last, p.Text) {
			r.t.Errorf("text %d goes on after its end", p.Text)
		}
		if kind, ok := r.kinds[p.Text]; ok && kind != p.Kind {
			r.t.Errorf("text %d is of the kinds %d and %d", p.Text, kind, p.Kind)
		}
		r.kinds[p.Text] = p.Kind
	}
	if p.Last {
		r.got.Last = append(r.got.Last, p.Text)
	}
	n := len(r.data)
	switch {
	case len(p.Data) == 0:
	case n > 0 && r.got.Runs[n-1].Kind == p.Kind && r.got.Runs[n-1].Text == p.Text:
		r.data[n-1] = append(r.data[n-1], p.Data...)
	default:
		r.got.Runs = append(r.got.Runs, run{p.Kind, p.Text, ""})
		r.data = append(r.data, bytes.Clone(p.Data))
	}
	return nil
}

// takeApart takes input apart, cut before each of cuts. Of what a splitter refuses
// it returns the parts before.
func takeApart(t testing.TB, body split.Body, input []byte, cuts ...int) (*taken, error) {
	t.Helper()
	r := &recorder{t: t, kinds: map[int]split.Kind{}}
	err := feed(body.NewSplitter(r.take), input, cuts)
	for i := range r.data {
		r.got.Runs[i].Data = string(r.data[i])
	}
	if err != nil {
		return &r.got, err
	}
	for text := range r.kinds {
		if !slices.Contains(r.got.Last, text) {
			t.Errorf("text %d has no end", text)
		}
	}
	if all := bytes.Join(r.data, nil); !bytes.Equal(all, input) {
		t.Errorf("parts make %q, want %q", all, input)
	}
	return &r.got, nil
}

// feed writes input in pieces, of which nothing may be used after the call.
func feed(s split.Splitter, input []byte, cuts []int) error {
	at := 0
	for _, cut := range append(cuts, len(input)) {
		p := bytes.Clone(input[at:cut])
		err := s.Write(p)
		clear(p)
		if err != nil {
			return err
		}
		at = cut
	}
	return s.End()
}

// everyByte cuts at every byte.
func everyByte(input []byte) []int {
	cuts := make([]int, len(input))
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}

// checkSplits takes input apart in many ways, which must all give the same.
func checkSplits(t *testing.T, body split.Body, input []byte) {
	t.Helper()
	want, wantErr := takeApart(t, body, input)
	check := func(cuts ...int) error {
		got, err := takeApart(t, body, input, cuts...)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			return fmt.Errorf("error %v, in one piece %v", err, wantErr)
		}
		if err != nil {
			if !strings.HasPrefix(string(input), got.body()) {
				return errors.New("parts before the error are not the start of the body")
			}
			return nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("(-one piece +cut):\n%s", diff)
		}
		return nil
	}
	if err := check(everyByte(input)...); err != nil {
		t.Errorf("cut at every byte: %v", err)
	}
	for i := 0; i < len(input); i += 1 + len(input)/500 {
		if err := check(i); err != nil {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(input)), 0, 8).Draw(t, "cuts")
		slices.Sort(cuts)
		if err := check(cuts...); err != nil {
			t.Fatalf("cut at %v: %v", cuts, err)
		}
	})
}

// samples are bodies of every format, also seeds of the fuzz targets.
func samples(format string) [][]byte {
	var inputs []string
	switch format {
	case "sse":
		for _, s := range tokenStreams() {
			inputs = append(inputs, s.body)
		}
		inputs = append(inputs, malformedSSE...)
	case "multipart":
		for _, s := range multiparts {
			inputs = append(inputs, s.body)
		}
	case "grpc":
		for _, s := range grpcStreams() {
			inputs = append(inputs, s.body)
		}
	default:
		inputs = []string{"", "x", "a\r\nb\x00\xff", `{"text":"data: [DONE]"}`}
	}
	var all [][]byte
	for _, s := range inputs {
		all = append(all, []byte(s))
	}
	return all
}

// sampleTypes are content types by the name of their format, one for each.
var sampleTypes = map[string]string{
	"sse":           "text/event-stream; charset=utf-8",
	"grpc":          "application/grpc+proto",
	"grpc-web-text": "application/grpc-web-text+proto",
	"multipart":     "multipart/form-data; boundary=" + sampleBoundary,
	"opaque":        "application/octet-stream",
	"plain":         "application/json",
}

func sampleBody(format string) split.Body {
	return split.Body{ContentType: sampleTypes[format], GRPCEncoding: "gzip"}
}

func TestEveryFormatAnySplit(t *testing.T) {
	for _, f := range split.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			if f.Doc == "" || sampleBody(f.Name).Format() != f.Name {
				t.Fatalf("format %q (%s): its sample has the format %q", f.Name, f.Doc, sampleBody(f.Name).Format())
			}
			for i, input := range samples(f.Name) {
				t.Run(fmt.Sprint(i), func(t *testing.T) { checkSplits(t, sampleBody(f.Name), input) })
			}
		})
	}
}

func TestFormat(t *testing.T) {
	for contentType, want := range map[string]string{
		"":                                  "plain",
		"text/plain":                        "plain",
		"Application/JSON":                  "plain",
		"application/x-ndjson":              "plain",
		"image/svg+xml":                     "plain",
		"audio/x-mpegurl":                   "plain",
		"nonsense":                          "plain",
		"application/vnd.api+json":          "plain",
		"application/x-www-form-urlencoded": "plain",
		"multipart/form-data":               "plain",
		`multipart/mixed; boundary=""`:      "plain",
		"multipart/mixed; boundary=a; boundary=b":    "plain",
		"multipart/mixed; boundary=a b":              "plain",
		"multipart/mixed; boundary=" + long(71):      "plain",
		"multipart/mixed; boundary=" + long(70):      "multipart",
		`Multipart/Mixed; charset=x; Boundary="a b"`: "multipart",
		"image/png":                                     "opaque",
		"VIDEO/mp4 ; codecs=x":                          "opaque",
		"application/zip":                               "opaque",
		"application/x-zip":                             "opaque",
		"application/epub+zip":                          "opaque",
		"application/x-protobuf":                        "opaque",
		"application/x-git-upload-pack-result":          "opaque",
		"application/vnd.oci.image.layer.v1.tar+gzip":   "opaque",
		"application/vnd.ms-excel":                      "opaque",
		"text/event-stream":                             "sse",
		"Text/Event-Stream;charset=utf-8":               "sse",
		"application/grpc":                              "grpc",
		"application/grpc+json":                         "grpc",
		"application/grpc-web":                          "grpc",
		"application/grpc-web+proto":                    "grpc",
		"application/connect+json":                      "grpc",
		"application/grpc-web-text":                     "grpc-web-text",
		"application/grpc-web-text+proto; charset=utf8": "grpc-web-text",
	} {
		if got := (split.Body{ContentType: contentType}).Format(); got != want {
			t.Errorf("format of %q is %q, want %q", contentType, got, want)
		}
	}
}

func TestWholeBodies(t *testing.T) {
	for format, kind := range map[string]split.Kind{"plain": split.Text, "opaque": split.Sized} {
		got, err := takeApart(t, sampleBody(format), []byte("ab"), 1)
		want := &taken{Runs: []run{{kind, 0, "ab"}}, Last: []int{0}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", format, err, diff)
		}
	}
}

func TestPlainIsFree(t *testing.T) {
	parts := 0
	p := []byte("data")
	s := sampleBody("plain").NewSplitter(func(part split.Part) error {
		parts++
		if &part.Data[0] != &p[0] || len(part.Data) != len(p) {
			t.Error("the part is not what was written")
		}
		return nil
	})
	allocs := testing.AllocsPerRun(100, func() { s.Write(p) })
	if allocs != 0 || parts != 101 {
		t.Errorf("%v allocations and %d parts for 101 writes, want 0 and 101", allocs, parts)
	}
}

func TestOutFails(t *testing.T) {
	broken := errors.New("broken")
	for format := range sampleTypes {
		for _, input := range samples(format) {
			parts := len(partsOf(t, format, input))
			for fail := range parts {
				n := 0
				s := sampleBody(format).NewSplitter(func(split.Part) error {
					if n++; n > fail {
						return broken
					}
					return nil
				})
				err := s.Write(input)
				if err == nil {
					err = s.End()
				}
				if !errors.Is(err, broken) || n != fail+1 {
					t.Fatalf("%s: part %d of %d failed: error %v after %d parts", format, fail, parts, err, n)
				}
			}
		}
	}
}

// partsOf returns the texts of all parts of input, up to an error.
func partsOf(t *testing.T, format string, input []byte) []int {
	t.Helper()
	var parts []int
	s := sampleBody(format).NewSplitter(func(p split.Part) error {
		parts = append(parts, p.Text)
		return nil
	})
	if s.Write(input) == nil {
		s.End()
	}
	return parts
}

// TestMemoryIsBounded writes bodies of 16 MiB that tempt a splitter to keep them.
func TestMemoryIsBounded(t *testing.T) {
	const size, limit = 16 << 20, 1 << 20
	fill := func(pattern string) []byte {
		return bytes.Repeat([]byte(pattern), 32<<10/len(pattern))
	}
	for _, test := range []struct{ name, format, start, pattern string }{
		{"plain", "plain", "", "x"},
		{"opaque", "opaque", "", "x"},
		{"sse line", "sse", "data: ", `{"text":"`},
		{"sse short lines", "sse", "", "\r"},
		{"sse many texts", "sse", "", `data: {"x":[[],{},{"text":"y"}],"text":"x"}` + "\n"},
		{"sse nested", "sse", "", "data: " + strings.Repeat("[", 4000) + "\n"},
		{"sse wide", "sse", "", "data: [" + strings.Repeat("{},", 1300) + "{}]\n"},
		{"multipart preamble", "multipart", "", "\r\n--"},
		{"multipart text", "multipart", "--" + sampleBoundary + "\r\n\r\n", "\r"},
		{"multipart parts", "multipart", "", "\n--" + sampleBoundary + "\nContent-Type: image/png\n\nx"},
		{"grpc message", "grpc", "\x00\xff\xff\xff\xff", "x"},
		{"grpc messages", "grpc", "", "\x00\x00\x00\x00\x03xyz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := 0
			s := sampleBody(test.format).NewSplitter(func(p split.Part) error {
				seen += len(p.Data)
				return nil
			})
			if err := s.Write([]byte(test.start)); err != nil {
				t.Fatal(err)
			}
			piece := fill(test.pattern)
			written := len(test.start)
			before := liveBytes()
			for written < size {
				if err := s.Write(piece); err != nil {
					t.Fatal(err)
				}
				written += len(piece)
			}
			if used := liveBytes() - before; used > limit {
				t.Errorf("keeps %d bytes of %d, want at most %d", used, written, limit)
			}
			if held := written - seen; held > 64<<10 {
				t.Errorf("holds %d bytes back", held)
			}
			runtime.KeepAlive(s)
		})
	}
}

// liveBytes returns how much memory is in use.
func liveBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func long(n int) string { return strings.Repeat("b", n) }

func FuzzSSE(f *testing.F)       { fuzzFormat(f, "sse") }
func FuzzMultipart(f *testing.F) { fuzzFormat(f, "multipart") }
func FuzzGRPC(f *testing.F)      { fuzzFormat(f, "grpc") }
func FuzzPlain(f *testing.F)     { fuzzFormat(f, "plain") }
func FuzzOpaque(f *testing.F)    { fuzzFormat(f, "opaque") }

// fuzzFormat cuts any input in two and at every byte.
func fuzzFormat(f *testing.F, format string) {
	for i, input := range samples(format) {
		f.Add(input, uint16(i))
	}
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		body := sampleBody(format)
		want, wantErr := takeApart(t, body, input)
		for _, cuts := range [][]int{{int(cut) % (len(input) + 1)}, everyByte(input)} {
			got, err := takeApart(t, body, input, cuts...)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("error %v, in one piece %v", err, wantErr)
			}
			if diff := cmp.Diff(want, got); err == nil && diff != "" {
				t.Fatalf("(-one piece +cut):\n%s", diff)
			}
		}
	})
}
