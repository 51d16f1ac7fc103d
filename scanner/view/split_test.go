package view_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

// checkSplits compares the segments of a text that arrives at once with those of the same
// text in parts: of single bytes, of a few, and of many.
func checkSplits(t *testing.T, text string, frames bool, rng *rand.Rand) (segments int) {
	t.Helper()
	want := whole(t, text, frames)
	for _, most := range []int{1, 7, 100, 5000} {
		if most == 1 && len(text) > 3000 {
			continue
		}
		got := segmentsOf(t, text, frames, func() int { return 1 + rng.IntN(most) })
		sameSegments(t, text, fmt.Sprintf("parts of up to %d", most), want, got)
	}
	return len(want)
}

func FuzzAnySplit(f *testing.F) {
	for i, test := range cases {
		f.Add([]byte(test.text), uint64(i), test.frames)
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64, frames bool) {
		checkSplits(t, string(text), frames, rand.New(rand.NewPCG(seed, 1)))
	})
}

func TestAnySplit(t *testing.T) {
	rounds, segments := 2000, 0
	if testing.Short() {
		rounds = 300
	}
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 7))
		g := generator{rng}
		segments += checkSplits(t, g.text(), seed%2 == 0, rng)
	}
	if segments < 3*rounds {
		t.Errorf("only %d segments were compared", segments)
	}
}

// generator makes texts of encoded values that adjoin each other, of parts of them, and of
// what looks like them.
type generator struct{ *rand.Rand }

func (g generator) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g generator) text() string {
	var b strings.Builder
	for range 1 + g.IntN(12) {
		part := g.part()
		if g.IntN(5) == 0 && len(part) > 1 {
			part = part[:1+g.IntN(len(part)-1)]
		}
		b.WriteString(part)
		b.WriteString(g.pick("", "", "", " ", "\n", "\"", ":", "/", "=", "\\", "%", "\x00", "-", "\r\n"))
	}
	return b.String()
}

func (g generator) part() string {
	switch g.IntN(14) {
	case 0:
		return g.pick("the word is be", "09:41:07,113", "2024-03-11T09:41:07.123456789Z stdout P ", "2024-03-11T09:41:07Z stdout F ", "2024-03-11T09:41:07Z stderr P ",
			"/api/v1/items/getApplicationContext", "550e8400-e29b-41d4-a716-446655440000", "de:ad:be:ef:00:01", strings.Repeat("QUJDREVGR0hJSktMzz/", 1+g.IntN(300)), strings.Repeat("QUJDREVGR0hJSktMTU5Pzz/zz-"[:20+g.IntN(6)], 1+g.IntN(9)))
	case 1:
		return g.pick(`\\n`, `\"`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, `\x41`, `\101`, `\u{1f600}`, `\/`, `\q`, `\u12`, `\r\n`)
	case 2:
		return g.pick("%41", "%2B", "%zz", "%4", "%25%32", "%3D")
	case 3:
		return g.pick("&quot;", "&amp;lt;", "&#65;", "&#x41;", "&am", "&#43;", "&#1114112;")
	case 4:
		return g.pick("=3D", "=C3=A9=20", "=\n", "=\r\n", "=41", "==", "=")
	case 5:
		return wrapAt(base64.StdEncoding.EncodeToString([]byte(g.value(500))), []int{64, 76, 60}[g.IntN(3)], g.pick("\n", "\r\n"))
	case 6:
		return g.pick(`{"log":"`, `","stream":"stdout","time":"2024-03-11T09:41:07.12Z"}`+"\n"+`{"log":"`, `\n","stream":"stdout","time":"2024-03-11T09:41:07.12Z"}`+"\n"+`{"log":"`)
	case 7:
		return utf16Of(g.value(40), g.IntN(2) == 0)
	case 8:
		return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(g.value(60))))
	case 9:
		return separate(hex.EncodeToString([]byte(g.value(40))), g.pick(":", " ", "-"))
	case 10, 11:
		return g.pick("", "0x") + hex.EncodeToString([]byte(g.value(60)))
	default:
		encoding := []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding}[g.IntN(4)]
		return encoding.EncodeToString([]byte(g.value([]int{30, 90, 300, 9000}[g.IntN(4)])))
	}
}

// value returns a text of up to n bytes, one in three not of ASCII or binary.
func (g generator) value(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-+/=:?>~"
	kind := g.IntN(6)
	var b strings.Builder
	for n = 1 + g.IntN(n); b.Len() < n; {
		switch {
		case kind == 0 && g.IntN(3) == 0:
			b.WriteString(g.pick("é", "\u20ac", "😀"))
		case kind == 1 && g.IntN(20) == 0:
			b.WriteByte(byte(g.Uint32()))
		default:
			b.WriteByte(letters[g.IntN(len(letters))])
		}
	}
	return b.String()
}

func wrapAt(text string, n int, lineEnd string) string {
	var b strings.Builder
	for len(text) > n {
		b.WriteString(text[:n] + lineEnd)
		text = text[n:]
	}
	return b.String() + text
}

func separate(digits, separator string) string {
	var pairs []string
	for ; len(digits) >= 2; digits = digits[2:] {
		pairs = append(pairs, digits[:2])
	}
	return strings.Join(pairs, separator)
}

func utf16Of(text string, big bool) string {
	order := binary.AppendByteOrder(binary.LittleEndian)
	if big {
		order = binary.BigEndian
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}
