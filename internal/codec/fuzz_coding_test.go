package codec_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stanch-dev/stanch/internal/codec"
)

// FuzzDecode reads anything in any coding: no panic, no more than the limits allow, no
// error but the ones the contract names, and what was read can be read again after it
// was written.
func FuzzDecode(f *testing.F) {
	for i, coding := range realCodings() {
		f.Add(uint8(i), encoded(f, chainOf(f, coding), prose(500)))
		f.Add(uint8(i), encoded(f, chainOf(f, coding), nil))
	}
	f.Add(uint8(1), []byte("\x01\x01\x00\xfe\xffA"))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		coding := realCodings()[int(which)%len(realCodings())]
		chain := chainOf(t, coding)
		r := chain.NewReader(bytes.NewReader(data), codec.Limits{Ratio: 10, Window: 1 << 20})
		defer r.Close()
		body, err := io.ReadAll(r)
		if len(body) > max(1<<20, 10*len(data)) {
			t.Fatalf("%s: %d bytes from %d", coding, len(body), len(data))
		}
		if err != nil {
			checkError(t, err)
			return
		}
		again, err := decoded(chain, bytes.NewReader(encoded(t, chain, body)))
		if err != nil || !bytes.Equal(again, body) {
			t.Fatalf("%s: another body of %d bytes for %d, %v", coding, len(again), len(body), err)
		}
	})
}

// FuzzEncode writes anything in pieces of any size, with a flush between them.
func FuzzEncode(f *testing.F) {
	f.Add(uint8(0), uint16(7), prose(100))
	f.Add(uint8(2), uint16(1000), noise(5000))
	f.Fuzz(func(t *testing.T, which uint8, piece uint16, body []byte) {
		coding := append(realCodings(), "gzip, br")[int(which)%(len(realCodings())+1)]
		chain := chainOf(t, coding)
		var src tap
		w, r := chain.NewWriter(&src), chain.NewReader(&src, codec.Limits{})
		defer r.Close()
		for rest := body; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			w.Write(rest[:n])
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, n)
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, rest[:n]) {
				t.Fatalf("%s with %d bytes left: %v", coding, len(rest), err)
			}
			rest = rest[n:]
		}
		w.Close()
		src.closed = true
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Fatalf("%s at the end: %d bytes, %v", coding, n, err)
		}
	})
}

// FuzzCharset holds that what decodes is written back as it was, byte for byte.
func FuzzCharset(f *testing.F) {
	names := []string{"utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be", "ibm037", "ibm1047", "iso-2022-jp"}
	for i := range names {
		for _, sample := range charsetSamples(f) {
			f.Add(uint8(i), []byte(sample.bytes))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		chain := withCharset(t, "text/plain; charset="+names[int(which)%len(names)])
		text, err := decoded(chain, bytes.NewReader(data))
		if err != nil {
			checkError(t, err)
			return
		}
		if back := encoded(t, chain, text); !bytes.Equal(back, data) {
			t.Fatalf("%v: %q became %q", chain, data, back)
		}
	})
}

// FuzzHeaders reads any fields; what is accepted has a name of its own.
func FuzzHeaders(f *testing.F) {
	f.Add("gzip, br", "text/plain; charset=utf-16")
	f.Add("x-gzip,,identity", `text/html; x="a\"; charset=y"; charset="utf-8"`)
	f.Fuzz(func(t *testing.T, contentEncoding, contentType string) {
		chain, err := codec.ParseChain([]string{contentEncoding})
		if err == nil {
			chain, err = chain.WithCharset(contentType)
		}
		if err != nil {
			checkError(t, err)
		} else if chain.Identity() != (chain.String() == "identity") {
			t.Fatalf("%q, %q: %v", contentEncoding, contentType, chain)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var damage *codec.DecodeError
	var limit *codec.LimitError
	var unknown *codec.UnknownCodingError
	if !errors.As(err, &damage) && !errors.As(err, &limit) && !errors.As(err, &unknown) {
		t.Fatalf("an error of another kind: %v", err)
	}
}
