package codec_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/andybalholm/brotli"

	"github.com/stanch-dev/stanch/internal/codec"
)

func TestParseChain(t *testing.T) {
	for _, test := range []struct {
		fields []string
		want   string
	}{
		{nil, "identity"},
		{[]string{""}, "identity"},
		{[]string{" , ,\t"}, "identity"},
		{[]string{"identity"}, "identity"},
		{[]string{"gzip"}, "gzip"},
		{[]string{"GZip"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"X-GZIP,identity"}, "gzip"},
		{[]string{"deflate"}, "deflate"},
		{[]string{"br"}, "br"},
		{[]string{"\tzstd "}, "zstd"},
		{[]string{"gzip, br"}, "gzip, br"},
		{[]string{"gzip", "br"}, "gzip, br"},
		{[]string{"gzip,identity,br,", "zstd"}, "gzip, br, zstd"},
	} {
		chain, err := codec.ParseChain(test.fields)
		if err != nil || chain.String() != test.want || chain.Identity() != (test.want == "identity") {
			t.Errorf("%q: %v, %v", test.fields, chain, err)
		}
	}
}

func TestParseChainRefuses(t *testing.T) {
	for _, name := range []string{"compress", "x-compress", "aws-chunked", "gzip;q=1", "gzip br", "none", "*", "gzip\x00", "dcb"} {
		_, err := codec.ParseChain([]string{"gzip, " + name})
		var unknown *codec.UnknownCodingError
		if !errors.As(err, &unknown) || unknown.Name != name {
			t.Errorf("%q: %v", name, err)
		}
	}
	_, err := codec.ParseChain([]string{strings.Repeat("x", 10_000)})
	var unknown *codec.UnknownCodingError
	if !errors.As(err, &unknown) || len(err.Error()) > 300 {
		t.Errorf("long name: %v", err)
	}
	_, err = codec.ParseChain([]string{"gzip, gzip", "gzip", "identity, gzip"})
	var limit *codec.LimitError
	if !errors.As(err, &limit) || limit.Limit != 3 {
		t.Errorf("four codings: %v", err)
	}
}

// TestOrder holds that the coding named last is the outermost (RFC 9110 §8.4).
func TestOrder(t *testing.T) {
	packed := encoded(t, chainOf(t, "gzip, br"), []byte("hello"))
	z, err := gzip.NewReader(brotli.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSourceErrors holds that an error of the source is not taken for the end of the
// data, nor for damage. The worst is io.ErrUnexpectedEOF, which net/http gives for a
// connection that broke and decoders give for data that is cut.
func TestSourceErrors(t *testing.T) {
	body := prose(3000)
	for _, coding := range append(realCodings(), "gzip, br", "identity") {
		chain := chainOf(t, coding)
		packed := encoded(t, chain, body)
		for _, broken := range []error{errors.New("connection reset"), io.ErrUnexpectedEOF, io.ErrNoProgress} {
			for n := range len(packed) + 1 {
				r := io.MultiReader(bytes.NewReader(packed[:n]), iotest.ErrReader(broken))
				got, err := decoded(chain, r)
				if err != broken || !bytes.HasPrefix(body, got) {
					t.Fatalf("%s after %d of %d bytes: %v, want %v itself", coding, n, len(packed), err, broken)
				}
			}
		}
	}
}

// lazy fails when it is read.
type lazy struct{ read bool }

func (l *lazy) Read([]byte) (int, error) { l.read = true; return 0, io.EOF }

func TestReaderLife(t *testing.T) {
	for _, coding := range append(realCodings(), "identity") {
		var src lazy
		r := chainOf(t, coding).NewReader(&src, codec.Limits{})
		if src.read {
			t.Errorf("%s: reads before it is asked to", coding)
		}
		for range 2 {
			if err := r.Close(); err != nil {
				t.Errorf("%s: close: %v", coding, err)
			}
		}
		if _, err := r.Read(make([]byte, 8)); !errors.Is(err, os.ErrClosed) || src.read {
			t.Errorf("%s: read after close: %v", coding, err)
		}
	}
}

func TestReaderErrorStays(t *testing.T) {
	for _, coding := range realCodings() {
		r := chainOf(t, coding).NewReader(strings.NewReader("\xff\xff this is none of them \xff\xff"), codec.Limits{})
		_, first := io.ReadAll(r)
		_, second := r.Read(make([]byte, 8))
		var damage *codec.DecodeError
		if !errors.As(first, &damage) || first != second {
			t.Errorf("%s: %v, then %v", coding, first, second)
		}
		r.Close()
	}
}

// full takes n bytes and fails then.
type full struct{ n int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterErrors(t *testing.T) {
	for _, coding := range append(realCodings(), "gzip, br") {
		for _, room := range []int{0, 5, 2000} {
			w := chainOf(t, coding).NewWriter(&full{room})
			_, err := w.Write(noise(1 << 20))
			err = errors.Join(err, w.Flush(), w.Close())
			if !errors.Is(err, errFull) {
				t.Errorf("%s, room for %d: %v", coding, room, err)
			}
		}
	}
}

func TestWriterLife(t *testing.T) {
	for _, coding := range append(realCodings(), "identity") {
		var b bytes.Buffer
		w := chainOf(t, coding).NewWriter(&b)
		if _, err := w.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.Close(); err != nil {
				t.Errorf("%s: close: %v", coding, err)
			}
		}
		size := b.Len()
		_, err := w.Write([]byte("y"))
		if !errors.Is(err, os.ErrClosed) || !errors.Is(w.Flush(), os.ErrClosed) || b.Len() != size {
			t.Errorf("%s: after close: %v", coding, err)
		}
	}
}
