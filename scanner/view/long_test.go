package view_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner/view"
)

// longValues are values that go on for long, by name, made of so many bytes.
var longValues = []struct {
	name string
	kind view.Kind
	make func(g generator, n int) string
}{
	{"base64", view.Base64, func(g generator, n int) string { return b64(g.ascii(n)) }},
	{"base64 of URLs", view.Base64, func(g generator, n int) string { return base64.RawURLEncoding.EncodeToString([]byte(g.ascii(n))) }},
	{"base64 in lines", view.Base64, func(g generator, n int) string { return wrapAt(b64(g.ascii(n)), 76, "\n") }},
	{"hex", view.Hex, func(g generator, n int) string { return hex.EncodeToString([]byte(g.ascii(n))) }},
	{"hex in pairs", view.Hex, func(g generator, n int) string { return separate(hex.EncodeToString([]byte(g.ascii(n))), ":") }},
	{"escapes", view.Escape, func(g generator, n int) string { return strings.Repeat(`\u0041\n`, n/2) }},
	{"percent", view.Percent, func(g generator, n int) string { return strings.Repeat("%41", n) }},
	{"UTF-16", view.UTF16, func(g generator, n int) string { return utf16Of(g.ascii(n), true) }},
}

// ascii returns a text of n bytes without line ends.
func (g generator) ascii(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(' ' + g.IntN('~'-' '))
	}
	return string(b)
}

// TestLongValue decodes values that are longer than what is looked at, into segments
// that follow each other.
func TestLongValue(t *testing.T) {
	for _, value := range longValues {
		t.Run(value.name, func(t *testing.T) {
			g := generator{rand.New(rand.NewPCG(1, 2))}
			before, encoded := "value: ", value.make(g, 30_000)
			text := before + encoded + "\n"
			segments := whole(t, text, false)
			if len(segments) < 5 {
				t.Fatalf("only %d segments", len(segments))
			}
			at := len(before)
			for i, s := range segments {
				if s.Start != at || s.Kind != value.kind || s.Apart || s.End-s.Start > 4200 {
					t.Fatalf("segment %d: %s; the one before ended at %d", i, describe(segments[i:i+1]), at)
				}
				at = s.End
			}
			if at != len(text)-1 {
				t.Errorf("the value ends at %d, its segments at %d", len(text)-1, at)
			}
			sameSegments(t, value.name, "parts of 100", segments, segmentsOf(t, text, false, func() int { return 100 }))
		})
	}
}

// TestLongBinaryValue has a text far inside of binary base64.
func TestLongBinaryValue(t *testing.T) {
	binary := strings.Repeat("\x00\x01\x02\xff", 2500)
	for _, wrapped := range []bool{false, true} {
		encoded := b64(binary + poem + binary)
		if wrapped {
			encoded = wrapAt(encoded, 64, "\n")
		}
		var apart strings.Builder
		end := 0
		for _, s := range whole(t, encoded, false) {
			if !s.Apart || end > 0 && s.Start != end {
				t.Fatalf("%s behind %d", describe([]view.Segment{s}), end)
			}
			end = s.End
			apart.Write(s.Decoded)
		}
		if !strings.Contains(apart.String(), poem) {
			t.Errorf("wrapped %v: the text is not in what was decoded apart: %.100q", wrapped, apart.String())
		}
	}
}

// TestMemory looks at how much text a decoder wants kept while values go on for a megabyte.
func TestMemory(t *testing.T) {
	values := map[string]string{
		"tokens":   strings.Repeat("AB0_", 250_000),
		"binary":   b64(strings.Repeat("\x00\xff\x10", 250_000)),
		"lines":    wrapAt(b64(strings.Repeat("\x00\xff\x10", 250_000)), 64, "\n"),
		"digests":  strings.Repeat("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n", 15_000),
		"equals":   strings.Repeat("=", 1_000_000),
		"slashes":  strings.Repeat(`\`, 1_000_000),
		"nuls":     strings.Repeat("\x00", 1_000_000),
		"entities": strings.Repeat("&#0000", 160_000),
		"quoted":   strings.Repeat("=3D", 300_000),
		"pairs":    strings.Repeat("ff ", 300_000),
	}
	g := generator{rand.New(rand.NewPCG(3, 4))}
	for _, value := range longValues {
		values[value.name] = value.make(g, 200_000)
	}
	for name, text := range values {
		if held := mostHeld(text, 1000); held > 6000 {
			t.Errorf("%s: %d bytes were undecided", name, held)
		}
	}
}

// mostHeld returns how many bytes are undecided at most while text arrives in steps.
func mostHeld(text string, step int) (most int) {
	var d view.Decoder
	at, all := 0, []byte(text)
	for arrived := 0; arrived < len(text); {
		arrived = min(len(text), arrived+step)
		for {
			seg, settled, ok := d.Next(all[:arrived], at, false)
			if at = settled; !ok {
				break
			}
			at = seg.End
		}
		most = max(most, arrived-at)
	}
	return most
}

// TestSettled looks at what is undecided at the end of a text.
func TestSettled(t *testing.T) {
	for _, test := range []struct{ text, held string }{
		{"a line\n", ""},
		{"a line.", ""},
		{"a line", "line"},
		{"to be ", "be "},
		{"at 09:41:07.", ""},
		{"at 09:41:07", "09:41:07"},
		{"x=", "="},
		{"x=y", "y"},
		{"a&y", "y"},
		{"a&am", "&am"},
		{`a\u00`, `\u00`},
		{`a\n`, `\n`},
		{`a\n"`, ""},
		{"50%", "%"},
		{"50%4", "%4"},
		{"50%41", "%41"},
		{"é", ""},
		{"a\x00", "\x00"},
		{"a\x00b", "\x00b"},
		{"a\x00\x01", ""},
		{"see /path/to/it", "/path/to/it"},
		{"v " + b64(poem[:45]), b64(poem[:45])},
	} {
		var d view.Decoder
		at := 0
		for {
			_, settled, ok := d.Next([]byte(test.text), at, false)
			if at = settled; !ok {
				break
			}
		}
		if held := test.text[at:]; held != test.held {
			t.Errorf("%q: %q is undecided, want %q", test.text, held, test.held)
		}
	}
}

// TestPatchAcrossSegments redacts a secret at each place around the border of two segments
// of a long value.
func TestPatchAcrossSegments(t *testing.T) {
	const secret = "kTqKHqTMTh!.KjYvhgkzNYrJHgW"
	for i := range forms {
		f := &forms[i]
		if f.kind != view.Base64 && f.kind != view.Hex && f.kind != view.UTF16 {
			continue
		}
		for before := 1300; before < 3200; before += 29 {
			g := generator{rand.New(rand.NewPCG(uint64(before), 5))}
			head, tail := strings.ReplaceAll(g.ascii(before), "*", "."), strings.ReplaceAll(g.ascii(4000-before), "*", ".")
			redacted, _, ok := redact(t, f.before+f.encode(head+secret+tail)+f.behind, secret)
			if !ok {
				t.Fatalf("%s: not found behind %d bytes", f.name, before)
			}
			got, err := f.decode(strings.TrimSuffix(strings.TrimPrefix(redacted, f.before), f.behind))
			if err != nil {
				t.Fatalf("%s: behind %d bytes: %v", f.name, before, err)
			}
			if want := head + placeholder + tail; strings.ReplaceAll(got, "*", "") != want || len(got) > len(want)+6 {
				t.Fatalf("%s: behind %d bytes: %s", f.name, before, fmt.Sprintf("%.200q", got[max(0, before-20):]))
			}
		}
	}
}
