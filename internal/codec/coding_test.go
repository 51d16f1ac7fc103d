package codec_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/internal/codec"
)

// realCodings names the codings that do something, and so go through every test here.
func realCodings() (names []string) {
	for _, c := range codec.Codings() {
		if c.Name != "identity" {
			names = append(names, c.Name)
		}
	}
	return names
}

func chainOf(t testing.TB, contentEncoding string) codec.Chain {
	t.Helper()
	chain, err := codec.ParseChain([]string{contentEncoding})
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func encoded(t testing.TB, chain codec.Chain, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := chain.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decoded reads all of r through chain, with the default limits.
func decoded(chain codec.Chain, r io.Reader) ([]byte, error) {
	body := chain.NewReader(r, codec.Limits{})
	defer body.Close()
	return io.ReadAll(body)
}

// prose is n bytes that compress about as well as JSON does.
func prose(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields(`{"id": "name": "created_at": the quick brown fox true, false, null, [ ] { } 17, 42.5,`)
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[rnd.IntN(len(words))])
		b.WriteByte("  \n0123456789abcdef"[rnd.IntN(19)])
	}
	return b.Bytes()[:n]
}

func noise(n int) []byte {
	rnd, b := rand.New(rand.NewPCG(3, 4)), make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func TestCodingsTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range codec.Codings() {
		if c.Name == "" || c.Doc == "" || seen[c.Name] {
			t.Errorf("%q, %q: without a name or a word on it, or there twice", c.Name, c.Doc)
		}
		seen[c.Name] = true
	}
	for _, name := range []string{"gzip", "deflate", "br", "zstd", "identity"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	bodies := map[string][]byte{"empty": {}, "byte": {'x'}, "short": prose(700), "long": prose(300 << 10), "noise": noise(200 << 10)}
	readers := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "halves": iotest.HalfReader, "end with data": iotest.DataErrReader,
	}
	for _, coding := range append(realCodings(), "gzip, br", "zstd, deflate, gzip", "identity") {
		chain := chainOf(t, coding)
		for name, body := range bodies {
			packed := encoded(t, chain, body)
			for how, reader := range readers {
				got, err := decoded(chain, reader(bytes.NewReader(packed)))
				if err != nil || !bytes.Equal(got, body) {
					t.Errorf("%s, %s, %s: %d bytes of %d, %v", coding, name, how, len(got), len(body), err)
				}
			}
		}
	}
}

func TestRoundTripAnySplit(t *testing.T) {
	for _, coding := range append(realCodings(), "br, gzip") {
		t.Run(coding, rapid.MakeCheck(func(t *rapid.T) {
			chain, err := codec.ParseChain([]string{coding})
			if err != nil {
				t.Fatal(err)
			}
			body := prose(rapid.IntRange(0, 20_000).Draw(t, "length"))
			var packed bytes.Buffer
			w := chain.NewWriter(&packed)
			for rest := body; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "written")
				if _, err := w.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
				if rapid.Bool().Draw(t, "flush") {
					if err := w.Flush(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r := chain.NewReader(&packed, codec.Limits{})
			defer r.Close()
			var got []byte
			for err == nil {
				buf := make([]byte, rapid.IntRange(1, 5000).Draw(t, "buffer"))
				var n int
				n, err = r.Read(buf)
				got = append(got, buf[:n]...)
			}
			if err != io.EOF || !bytes.Equal(got, body) {
				t.Fatalf("%d bytes of %d: %v", len(got), len(body), err)
			}
		}))
	}
}

// TestForeign reads what others write and lets others read what is written here.
func TestForeign(t *testing.T) {
	body := prose(100 << 10)
	for name, foreign := range map[string]struct {
		coding string
		writer func(io.Writer) io.WriteCloser
		reader func(io.Reader) (io.ReadCloser, error)
	}{
		"gzip": {"gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
			func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }},
		"zlib": {"deflate", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, zlib.NewReader},
		"raw":  {"deflate", rawDeflate, nil},
	} {
		var packed bytes.Buffer
		w := foreign.writer(&packed)
		w.Write(body)
		w.Close()
		if got, err := decoded(chainOf(t, foreign.coding), &packed); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(body), err)
		}
		if foreign.reader == nil {
			continue
		}
		r, err := foreign.reader(bytes.NewReader(encoded(t, chainOf(t, foreign.coding), body)))
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s, theirs: %d bytes of %d, %v", name, len(got), len(body), err)
		}
	}
}

func TestSeveralPiecesAreOneBody(t *testing.T) {
	for _, coding := range []string{"gzip", "zstd"} {
		chain := chainOf(t, coding)
		packed := bytes.Join([][]byte{encoded(t, chain, []byte("one ")), encoded(t, chain, nil), encoded(t, chain, []byte("two"))}, nil)
		if got, err := decoded(chain, bytes.NewReader(packed)); err != nil || string(got) != "one two" {
			t.Errorf("%s: %q, %v", coding, got, err)
		}
	}
}

// TestRawForms reads the shortest bodies of deflate in both of its forms.
func TestRawForms(t *testing.T) {
	for packed, want := range map[string]string{
		"\x03\x00":                                      "",
		"\x01\x01\x00\xfe\xffA":                         "A",
		"\x78\x9c\x03\x00\x00\x00\x00\x01":              "",
		"\x78\x01\x01\x01\x00\xfe\xffA\x00\x42\x00\x42": "A",
	} {
		if got, err := decoded(chainOf(t, "deflate"), strings.NewReader(packed)); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", packed, got, err)
		}
	}
}

func TestTruncated(t *testing.T) {
	body := prose(3000)
	for _, coding := range append(realCodings(), "gzip, zstd") {
		chain := chainOf(t, coding)
		packed := encoded(t, chain, body)
		for n := 1; n < len(packed); n++ {
			got, err := decoded(chain, bytes.NewReader(packed[:n]))
			var damage *codec.DecodeError
			if !errors.As(err, &damage) || !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(body, got) {
				t.Fatalf("%s cut at %d of %d: %d bytes, %v", coding, n, len(packed), len(got), err)
			}
		}
	}
}

func TestTrailing(t *testing.T) {
	body := prose(3000)
	for _, coding := range realCodings() {
		chain := chainOf(t, coding)
		for _, tail := range []string{"x", "\x00", strings.Repeat("\x00", 512), "more than a few bytes of another thing"} {
			packed := string(encoded(t, chain, body)) + tail
			for _, r := range []io.Reader{strings.NewReader(packed), iotest.OneByteReader(strings.NewReader(packed))} {
				got, err := decoded(chain, r)
				var damage *codec.DecodeError
				if !errors.As(err, &damage) || damage.Coding != coding || !bytes.HasPrefix(body, got) {
					t.Errorf("%s, then %.5q: %d bytes, %v", coding, tail, len(got), err)
				}
			}
		}
	}
}

// TestDamaged changes each byte in turn. Where the coding has a checksum, no change may
// give another body; br has none, so there only the kind of error is looked at.
func TestDamaged(t *testing.T) {
	body := prose(600)
	for _, coding := range realCodings() {
		chain := chainOf(t, coding)
		packed := encoded(t, chain, body)
		failed := 0
		for i := range packed {
			packed[i] ^= 0x55
			got, err := decoded(chain, bytes.NewReader(packed))
			packed[i] ^= 0x55
			var damage *codec.DecodeError
			var limit *codec.LimitError
			switch {
			case errors.As(err, &damage) || errors.As(err, &limit):
				failed++
			case err != nil:
				t.Errorf("%s damaged at %d: %v", coding, i, err)
			case coding != "br" && !bytes.Equal(got, body):
				t.Errorf("%s damaged at %d: another body", coding, i)
			}
		}
		if failed < len(packed)/4 {
			t.Errorf("%s: %d changes of %d were noticed", coding, failed, len(packed))
		}
	}
}

func TestEmpty(t *testing.T) {
	for _, coding := range append(realCodings(), "gzip, br", "identity") {
		if got, err := decoded(chainOf(t, coding), strings.NewReader("")); err != nil || len(got) != 0 {
			t.Errorf("%s: %q, %v", coding, got, err)
		}
	}
}

func TestSniff(t *testing.T) {
	for _, coding := range realCodings() {
		packed := encoded(t, chainOf(t, coding), prose(100))
		chain, ok := codec.Sniff(packed)
		if want := coding == "gzip" || coding == "zstd"; ok != want || ok && chain.String() != coding {
			t.Errorf("%s: %v, %v", coding, chain, ok)
		}
	}
	for _, first := range []string{"", "\x1f", "\x1f\x8b", "{", "\x28\xb5\x2f", "\x1f\x8b\x07\x00"} {
		if chain, ok := codec.Sniff([]byte(first)); ok {
			t.Errorf("%q: %v", first, chain)
		}
	}
}
