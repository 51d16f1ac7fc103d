package codec_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/stanch-dev/stanch/internal/codec"
)

func withCharset(t testing.TB, contentType string) codec.Chain {
	t.Helper()
	chain, err := codec.Chain{}.WithCharset(contentType)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func utf16Bytes(text string, little bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		pair := []byte{byte(unit >> 8), byte(unit)}
		if little {
			pair[0], pair[1] = pair[1], pair[0]
		}
		b.Write(pair)
	}
	return b.String()
}

func utf32Bytes(t testing.TB, text string, order utf32.Endianness) string {
	t.Helper()
	b, err := utf32.UTF32(order, utf32.IgnoreBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWithCharset(t *testing.T) {
	for contentType, want := range map[string]string{
		"":                                           "identity",
		"text/plain":                                 "identity",
		"text/plain; charset=utf-8":                  "identity",
		"text/plain; charset=UTF8":                   "identity",
		"text/plain; charset=us-ascii":               "identity",
		"text/plain; charset=ISO-8859-1":             "identity",
		"text/plain; charset=windows-1252":           "identity",
		"text/plain; charset=Shift_JIS":              "identity",
		"text/plain; charset=euc-kr":                 "identity",
		"text/plain; charset=gb18030":                "identity",
		"text/plain; charset=big5":                   "identity",
		"text/plain; charset=ibm437":                 "identity",
		"text/plain; charset=":                       "identity",
		"text/plain; x=\"; charset=utf-16\"":         "identity",
		"text/plain; charset=utf-8; foo":             "identity",
		"text/plain;charset=latin1;charset=utf-8":    "identity",
		"text/plain; charset=utf-16":                 "utf-16",
		"text/plain;CharSet = \"UTF-16LE\"":          "utf-16le",
		"text/plain; charset='utf-16be'":             "utf-16be",
		`text/plain; charset="utf\-32"`:              "utf-32",
		"charset=utf-32le":                           "utf-32le",
		";; charset=UTF-32BE ;":                      "utf-32be",
		"text/plain; charset=unicode":                "utf-16",
		"text/plain; charset=IBM037":                 "ibm037",
		"text/plain; charset=cp037":                  "ibm037",
		"text/plain; charset=ibm1047":                "ibm1047",
		"text/plain; charset=iso-2022-jp":            "iso-2022-jp",
		"text/plain; charset=utf-16; charset=utf-16": "utf-16",
	} {
		chain, err := codec.Chain{}.WithCharset(contentType)
		if err != nil || chain.String() != want || chain.Identity() != (want == "identity") {
			t.Errorf("%q: %v, %v, want %s", contentType, chain, err, want)
		}
	}
	chain, err := chainOf(t, "gzip").WithCharset("text/plain; charset=utf-16le")
	if err != nil || chain.String() != "utf-16le, gzip" {
		t.Errorf("%v, %v", chain, err)
	}
}

func TestWithCharsetRefuses(t *testing.T) {
	for _, params := range []string{"charset=utf-7", "charset=unicode-1-1-utf-7", "charset=none", "charset=hz-gb-2312", "charset=iso-2022-kr", "charset=scsu",
		"charset=utf-16; charset=utf-8", "charset=utf-8; charset=utf-16le", "charset=utf-16le; charset=utf-16be", "charset*=utf-8''utf-16", "charset=utf-16, text/html"} {
		_, err := codec.Chain{}.WithCharset("text/html; " + params)
		var unknown *codec.UnknownCodingError
		if !errors.As(err, &unknown) {
			t.Errorf("%s: %v", params, err)
		}
	}
}

// samples are texts in charsets, with the text that must be seen.
func charsetSamples(t testing.TB) []struct{ charset, bytes, text string } {
	const text = `{"key": "näïve 日本 😀"}` + "\r\n"
	const mark = "\ufeff"
	ebcdic, err := charmap.CodePage037.NewEncoder().String(`{"key": "näïve"}`)
	if err != nil {
		t.Fatal(err)
	}
	jis, err := japanese.ISO2022JP.NewEncoder().String("key=日本語 ｱｲ\r\nvalue=日本")
	if err != nil {
		t.Fatal(err)
	}
	return []struct{ charset, bytes, text string }{
		{"utf-16", "", ""},
		{"utf-16", utf16Bytes(mark+text, true), mark + text},
		{"utf-16", utf16Bytes(mark+text, false), mark + text},
		{"utf-16", utf16Bytes(text, true), text},
		{"utf-16", utf16Bytes(text, false), text},
		{"utf-16", utf16Bytes(mark, true), mark},
		{"utf-16le", utf16Bytes(text, true), text},
		{"utf-16le", utf16Bytes("日本", true), "日本"},
		{"utf-16be", utf16Bytes("日本", false), "日本"},
		{"utf-16le", utf16Bytes(mark+text, true), mark + text},
		{"utf-16be", utf16Bytes(text+mark+text, false), text + mark + text},
		{"utf-16be", utf16Bytes("replaced: \ufffd", false), "replaced: \ufffd"},
		{"utf-32", utf32Bytes(t, mark+text, utf32.LittleEndian), mark + text},
		{"utf-32", utf32Bytes(t, mark+text, utf32.BigEndian), mark + text},
		{"utf-32", utf32Bytes(t, text, utf32.LittleEndian), text},
		{"utf-32", utf32Bytes(t, text, utf32.BigEndian), text},
		{"utf-32le", utf32Bytes(t, text, utf32.LittleEndian), text},
		{"utf-32be", utf32Bytes(t, "日本", utf32.BigEndian), "日本"},
		{"IBM037", ebcdic, `{"key": "näïve"}`},
		{"iso-2022-jp", jis, "key=日本語 ｱｲ\r\nvalue=日本"},
	}
}

func TestCharsetRoundTrip(t *testing.T) {
	for _, sample := range charsetSamples(t) {
		for _, times := range []int{1, 1000} {
			body, text := strings.Repeat(sample.bytes, times), strings.Repeat(sample.text, times)
			for how, r := range map[string]io.Reader{
				"whole": strings.NewReader(body), "byte by byte": iotest.OneByteReader(strings.NewReader(body)), "end with data": iotest.DataErrReader(strings.NewReader(body)),
			} {
				chain := withCharset(t, "text/plain; charset="+sample.charset)
				got, err := decoded(chain, r)
				if err != nil || string(got) != text {
					t.Fatalf("%s, %s: %.60q, %v", sample.charset, how, got, err)
				}
				var back bytes.Buffer
				w := chain.NewWriter(&back)
				if _, err := io.Copy(w, iotest.OneByteReader(bytes.NewReader(got))); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(w.Flush(), w.Close()); err != nil || back.String() != body {
					t.Fatalf("%s, %s: written back as %.60q, %v", sample.charset, how, back.String(), err)
				}
			}
		}
	}
}

// TestCharsetInCoding takes both off and puts both on again.
func TestCharsetInCoding(t *testing.T) {
	body := utf16Bytes("\ufeffpassword: x", true)
	chain, err := chainOf(t, "gzip").WithCharset("text/plain; charset=utf-16")
	if err != nil {
		t.Fatal(err)
	}
	got, err := decoded(chain, bytes.NewReader(encoded(t, chainOf(t, "gzip"), []byte(body))))
	if err != nil || string(got) != "\ufeffpassword: x" {
		t.Fatalf("%q, %v", got, err)
	}
	back, err := decoded(chainOf(t, "gzip"), bytes.NewReader(encoded(t, chain, got)))
	if err != nil || string(back) != body {
		t.Errorf("%q, %v", back, err)
	}
}

func TestCharsetInvalid(t *testing.T) {
	for name, bad := range map[string]struct{ charset, body string }{
		"half a unit":              {"utf-16le", "a\x00b"},
		"one byte":                 {"utf-16", "a"},
		"lone high surrogate":      {"utf-16be", "\x00a\xd8\x00\x00b"},
		"lone low surrogate":       {"utf-16be", "\x00a\xdc\x00\x00b"},
		"high surrogate at end":    {"utf-16be", "\x00a\xd8\x00"},
		"no order":                 {"utf-16", "\x65\xe5\x67\x2c"},
		"zeros":                    {"utf-16", "\x00\x00\x00a"},
		"mark against the name":    {"utf-16le", "\xfe\xff\x00a"},
		"beyond the last":          {"utf-32be", "\x00\x00\x00a\x00\x11\x00\x00"},
		"surrogate":                {"utf-32le", "\x00\xd8\x00\x00"},
		"three bytes":              {"utf-32", "\x00\x00\x00"},
		"unit cut":                 {"utf-32", "\x00\x00\x00a\x00\x00"},
		"no such escape":           {"iso-2022-jp", "a\x1b$Zb"},
		"needless escape":          {"iso-2022-jp", "a\x1b(Bb"},
		"many escapes":             {"iso-2022-jp", strings.Repeat("\x1b$B\x1b(B", 1000)},
		"not shifted back":         {"iso-2022-jp", "a\x1b$B\x46\x7c"},
		"byte of eight bits":       {"iso-2022-jp", "a\x80"},
		"invalid long after valid": {"utf-16be", strings.Repeat("\x00a", 10_000) + "\xdc\x00"},
	} {
		chain := withCharset(t, "text/plain; charset="+bad.charset)
		for _, r := range []io.Reader{strings.NewReader(bad.body), iotest.OneByteReader(strings.NewReader(bad.body))} {
			got, err := decoded(chain, r)
			var damage *codec.DecodeError
			if !errors.As(err, &damage) || damage.Coding != bad.charset || strings.Contains(string(got), "\ufffd") {
				t.Errorf("%s: %.60q, %v", name, got, err)
			}
		}
	}
}

func TestCharsetSourceError(t *testing.T) {
	for _, sample := range charsetSamples(t) {
		broken := errors.New("connection reset")
		for n := range len(sample.bytes) {
			chain := withCharset(t, "text/plain; charset="+sample.charset)
			_, err := decoded(chain, io.MultiReader(strings.NewReader(sample.bytes[:n]), iotest.ErrReader(broken)))
			if err != broken {
				t.Fatalf("%s after %d bytes: %v", sample.charset, n, err)
			}
		}
	}
}

func TestCharsetLive(t *testing.T) {
	for _, sample := range charsetSamples(t) {
		var src tap
		r := withCharset(t, "text/plain; charset="+sample.charset).NewReader(&src, codec.Limits{})
		src.WriteString(sample.bytes)
		if _, err := io.ReadFull(r, make([]byte, len(sample.text))); err != nil {
			t.Errorf("%s: %v", sample.charset, err)
		}
		r.Close()
	}
}

// TestCharsetHasNotAll holds that text the charset cannot write is refused, not changed.
func TestCharsetHasNotAll(t *testing.T) {
	for charset, text := range map[string]string{"ibm037": "日", "iso-2022-jp": "😀", "utf-16be": ""} {
		w := withCharset(t, "text/plain; charset="+charset).NewWriter(io.Discard)
		_, err := io.WriteString(w, text)
		if err = errors.Join(err, w.Close()); (err != nil) != (text != "") {
			t.Errorf("%s: %v", charset, err)
		}
	}
}

// TestOpenOrderIsBig holds what a writer does that no reader has told the order.
func TestOpenOrderIsBig(t *testing.T) {
	if got := encoded(t, withCharset(t, "text/plain; charset=utf-16"), []byte("a")); string(got) != "\x00a" {
		t.Errorf("%q", got)
	}
}
