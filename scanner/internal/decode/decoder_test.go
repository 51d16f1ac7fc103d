package decode_test

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/scanner/internal/decode"
)

// maxPasses is more than gitleaks ever makes.
const maxPasses = 7

// compare decodes text with d and with the oracle, to the end, and returns the
// number of segments that both found.
func compare(t *testing.T, d *decode.Decoder, text string) (found int) {
	t.Helper()
	source := []byte(text)
	d.Reset(source)
	var segments []oracleSegment
	if _, ok := d.Overlap(0, len(text)); ok || d.Segments() != nil {
		t.Fatalf("%q: segments before the first pass", text)
	}
	current := text
	for pass := 1; pass <= maxPasses; pass++ {
		next, made := oraclePass(current, segments)
		if ok := d.Next(); ok != (len(made) > 0) {
			t.Fatalf("%q: pass %d: Next returned %v, want %d segments", text, pass, ok, len(made))
		}
		if diff := cmp.Diff(next, string(d.Text())); diff != "" {
			t.Fatalf("%q: pass %d: text: (-want +got)\n%s", text, pass, diff)
		}
		if len(made) == 0 {
			break
		}
		current, segments = next, made
		found += len(made)
		want := make([]decode.Segment, len(made))
		for i, s := range made {
			want[i] = s.Segment
		}
		if !slices.Equal(want, d.Segments()) {
			t.Fatalf("%q: pass %d: segments: (-want +got)\n%s", text, pass, cmp.Diff(want, d.Segments()))
		}
		compareOverlaps(t, d, current, segments)
	}
	if string(source) != text {
		t.Fatalf("%q: the caller's text was changed", text)
	}
	return found
}

// compareOverlaps compares Overlap for spans that begin and end around segments.
func compareOverlaps(t *testing.T, d *decode.Decoder, text string, segments []oracleSegment) {
	t.Helper()
	edges := []int{0, len(text) / 3, len(text)}
	for _, s := range segments[:min(8, len(segments))] {
		for by := -1; by <= 1; by++ {
			edges = append(edges, s.Decoded.Start+by, s.Decoded.End+by)
		}
	}
	last := segments[len(segments)-1].Decoded
	edges = append(edges, last.Start, last.Start+1, last.End-1, last.End)
	slices.Sort(edges)
	for i, start := range slices.Compact(edges) {
		for _, end := range edges[i:] {
			if start < 0 || end > len(text) || end < start {
				continue
			}
			want, wantOK := oracleOverlap(text, segments, decode.Span{Start: start, End: end})
			got, ok := d.Overlap(start, end)
			if got != want || ok != wantOK {
				t.Fatalf("%q: Overlap(%d, %d) = %+v, %v; want %+v, %v", text, start, end, got, ok, want, wantOK)
			}
		}
	}
}

// cases are texts and what they are after one pass, or "" if that is the same.
var cases = []struct{ name, text, want string }{
	{"empty", "", ""},
	{"words only", "the getApplicationContextFactory of com/example/project/Main", ""},
	{"base64", "v: " + b64("longer encoded value") + ";", "v: longer encoded value;"},
	{"base64 with one pad", b64("a value: 14 by"), "a value: 14 by"},
	{"base64 with two pads", b64("a value of 16 by"), "a value of 16 by"},
	{"base64 with a third pad", b64("a value of 16 by") + "=", "a value of 16 by="},
	{"base64 with a pad too few", strings.TrimSuffix(b64("a value of 16 by"), "="), ""},
	{"base64 that needs no pad", b64("fifteen bytes !") + "=", ""},
	{"base64 of one character more", b64("fifteen bytes !") + "x", ""},
	{"base64 too short", b64("11 bytes...")[:15], ""},
	{"base64 of both alphabets", strings.Replace(b64("is it >>> now ??? a"), "+", "-", 1), ""},
	{"url variant", base64.RawURLEncoding.EncodeToString([]byte("is it >>> now ??? a")), "is it >>> now ??? a"},
	{"url variant with pad", base64.URLEncoding.EncodeToString([]byte("is it >>> now ??? a")), ""},
	{"base64 unlike base64", base64.RawStdEncoding.EncodeToString([]byte("i\xb7\x1dy\xf8!i\xb7\x1dy\xf8!")), ""},
	{"base64 of unprintable", b64("twelve bytes\x7ftwelve bytes"), ""},
	{"base64 of unprintable at the end", b64("twelve bytes\x08"), ""},
	{"letters of base64 only", "SGVsbGZyZWR" + "SGVsbGZyZW", ""},
	{"hex", hexOf("sixteen bytes ..") + " x", "sixteen bytes .. x"},
	{"hex in upper case", strings.ToUpper(hexOf("sixteen bytes ..")), "sixteen bytes .."},
	{"hex of odd length", hexOf("sixteen bytes ..") + "2", ""},
	{"hex too short is base64", hexOf("fifteen bytes ."), ""},
	{"hex within base64", "x" + hexOf("sixteen bytes .."), ""},
	{"hex before base64", hexOf("sixteen bytes ..") + "x" + b64("fifteen bytes !"), "sixteen bytes ..x" + b64("fifteen bytes !")},
	{"hex before code point", hexOf("sixteen bytes ..") + "U+0041 ", hexOf("sixteen bytes ..") + "A"},
	{"percent", "a%41b", "aAb"},
	{"percent to the last of the line", "%41 %zz é\xff %42 %4\n%4", "A %zz é\xff B %4\n%4"},
	{"percent of two lines", "%41 x%4g\n%42", "A x%4g\nB"},
	{"percent of unprintable", "%41 %00 %42", ""},
	{"percent before base64", "%41" + b64("fifteen bytes !") + " %00", ""},
	{"percent behind base64", b64("fifteen bytes !") + "%41", b64("fifteen bytes !") + "A"},
	{"unprintable percent behind base64", b64("fifteen bytes !") + "%00", ""},
	{"pad before hex that is not text", b64("sixteen bytes .. ") + strings.Repeat("90", 16) + " %41", b64("sixteen bytes .. ") + strings.Repeat("90", 16) + " A"},
	{"pads before hex of odd length", b64("a value of 16 by") + hexOf("sixteen bytes ..") + "2", ""},
	{"pad before too little hex", b64("sixteen bytes .. ") + strings.Repeat("90", 15), "sixteen bytes .. " + strings.Repeat("90", 15)},
	{"pad before hex", b64("sixteen bytes .. ") + hexOf("sixteen bytes .."), b64("sixteen bytes .. ") + "sixteen bytes .."},
	{"base64 behind base64", b64("a value of 16 by") + b64("a value of 16 by"), "a value of 16 bya value of 16 by"},
	{"percent in the middle of a run", "%41abcdefgh" + b64("fifteen bytes !"), "Aabcdefgh" + b64("fifteen bytes !")},
	{"code points", "U+0041 U+0042\tU+0043\nU+0044", "ABCD"},
	{"code point only at the end of a run", "U+0041U+0042 ", "U+0041B"},
	{"code point without space", "U+0041, U+0042\v", ""},
	{"code point in lower case", "u+0041 ", ""},
	{"code point behind a word", "xU+0041 ", "xA"},
	{"code point behind a long word", "abcdefghijU+0041 ", ""},
	{"code point at the start before percent", "U+0041\n%42", "U+0041\nB"},
	{"code points before percent", "U+0041 %42", "U+0041 B"},
	{"code point behind hex that is not text", strings.Repeat("90", 16) + "xyzU+0041 ", strings.Repeat("90", 16) + "xyzA"},
	{"code point behind hex and a long word", strings.Repeat("90", 16) + "ghijklmnopU+0041 U+0042 ", strings.Repeat("90", 16) + "ghijklmnopU+0041 B"},
	{"code point behind an escape and a word", "%00abcdefghiU+0041 ", "%00abcdefghiA"},
	{"code point behind an escape and a long word", "%00abcdefghijU+0041 ", ""},
	{"code point at the end behind a long word", "abcdefghijU+0041", ""},
	{"escapes", `\u0041\\u0042\U0043\\\u0044`, `ABC\D`},
	{"escape of half a pair", `\ud83d\u0000`, "\ufffd\x00"},
	{"escape without digits", `\u004 \\u004g \u`, ""},
	{"escape before base64", `\u0041` + b64("fifteen bytes !"), "A" + b64("fifteen bytes !")},
	{"escapes around percent", `\u0041%42\u0043`, `\u0041B\u0043`},
}

func b64(value string) string { return base64.StdEncoding.EncodeToString([]byte(value)) }

func hexOf(value string) string { return hex.EncodeToString([]byte(value)) }

func TestNext(t *testing.T) {
	var d decode.Decoder
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want == "" {
				want = test.text
			}
			d.Reset([]byte(test.text))
			if changed := d.Next(); changed != (test.want != "") {
				t.Errorf("Next returned %v", changed)
			}
			if diff := cmp.Diff(want, string(d.Text())); diff != "" {
				t.Errorf("text: (-want +got)\n%s", diff)
			}
			// The same across the border of two words of the bitmaps, at each place.
			for shift := range 70 {
				compare(t, &d, strings.Repeat(" ", shift)+test.text)
				compare(t, &d, strings.Repeat(" ", shift)+test.text+"\n"+test.text)
			}
		})
	}
}

func TestOverlapOfThreeLayers(t *testing.T) {
	inner := "key=" + hexOf("sixteen bytes ..")
	middle := b64(inner)
	text := "first line\n\"" + strings.ReplaceAll(middle, "=", "%3D") + "%20\" end\nlast line"
	var d decode.Decoder
	d.Reset([]byte(text))
	for d.Next() {
	}
	current := string(d.Text())
	if want := "first line\n\"key=sixteen bytes .. \" end\nlast line"; current != want {
		t.Fatalf("text is %q, want %q", current, want)
	}
	start := strings.Index(current, "sixteen")
	got, ok := d.Overlap(start, start+len("sixteen"))
	want := decode.Origin{
		Start: strings.Index(text, middle[:16]), End: strings.Index(text, "\" end"),
		Encodings: decode.Percent | decode.Hex | decode.Base64, Depth: 3,
		LineStart: strings.Index(current, "\n"), LineEnd: strings.LastIndex(current, "\n"),
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok is %v (-want +got)\n%s", ok, diff)
	}
	if _, ok := d.Overlap(0, len("first")); ok {
		t.Error("a span far from what is decoded overlaps")
	}
}

func TestRandomTexts(t *testing.T) {
	var d decode.Decoder
	segments := 0
	for seed := range uint64(2000) {
		segments += compare(t, &d, newGenerator(seed).text(1+int(seed%9)))
	}
	for seed := range uint64(4) {
		segments += compare(t, &d, newGenerator(seed).text(700))
	}
	if segments < 10000 {
		t.Errorf("only %d segments were compared", segments)
	}
}

func TestRandomLines(t *testing.T) {
	var d decode.Decoder
	segments := 0
	for seed := range uint64(500) {
		segments += compare(t, &d, newGenerator(seed).lines(2+int(seed%20)))
	}
	if segments < 10000 {
		t.Errorf("only %d segments were compared", segments)
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	plain, encoded := sourceText(t), []byte(newGenerator(1).text(3000))
	var d decode.Decoder
	run := func(text []byte) func() {
		return func() {
			d.Reset(text)
			for d.Next() {
				d.Overlap(0, len(d.Text())/2)
			}
		}
	}
	for _, text := range [][]byte{plain, encoded} {
		if n := testing.AllocsPerRun(10, run(text)); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	for _, test := range cases {
		f.Add(test.text)
	}
	for seed := range uint64(50) {
		f.Add(newGenerator(seed).text(6))
	}
	var d decode.Decoder
	f.Fuzz(func(t *testing.T, text string) { compare(t, &d, text) })
}

// FuzzGenerated varies the seed of the generator, which nests better than bytes do.
func FuzzGenerated(f *testing.F) {
	f.Add(uint64(1), uint8(9))
	var d decode.Decoder
	f.Fuzz(func(t *testing.T, seed uint64, pieces uint8) {
		compare(t, &d, newGenerator(seed).text(1+int(pieces)/2))
		compare(t, &d, newGenerator(seed).lines(1+int(pieces)/8))
	})
}
