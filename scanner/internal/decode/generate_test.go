package decode_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes texts of encoded values: nested, adjacent and broken ones.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 7))} }

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// text returns a text of up to about n pieces.
func (g generator) text(n int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(g.pick("a", " ", ".", "é"), g.IntN(140)*g.IntN(2)))
	for range 1 + g.IntN(n) {
		if g.IntN(3) == 0 {
			b.WriteString(g.plain())
		} else {
			b.WriteString(g.encoded(g.IntN(5)))
		}
		if g.IntN(3) == 0 {
			b.WriteString(g.pick(" ", "\n", "\r\n", "=", "\"", ": ", "\t", "==", "&", "\x00", "é", "\xff", "\f", "\v"))
		}
	}
	return g.damage(b.String())
}

// damage changes, removes or doubles a few bytes, more often none.
func (g generator) damage(text string) string {
	for range g.IntN(6) - 2 {
		if text == "" {
			break
		}
		at := g.IntN(len(text))
		switch g.IntN(3) {
		case 0:
			text = text[:at] + g.pick("%", "\\", "U", "+", "=", "\n", "0", "Z", "-", "/", "_", " ", "\x80", "%4", "u") + text[at+1:]
		case 1:
			text = text[:at] + text[at+1:]
		default:
			text = text[:at] + text[at:at+1] + text[at:]
		}
	}
	return text
}

// lines returns a text of up to n lines, of which most are plain and so long that the
// others are far apart. The others are made for what newlines and passes do to one
// another: values that need several passes at the ends of lines, newlines and the last
// parts of code points that only a pass makes, and values that wait next to them.
func (g generator) lines(n int) string {
	var b strings.Builder
	for range 1 + g.IntN(n) {
		switch g.IntN(4) {
		case 0:
			b.WriteString(strings.Repeat(g.pick("plain text; ", "com/example/Main ", "U+0041, 100% "), 20+g.IntN(40)))
		case 1:
			b.WriteString(g.text(3))
		default:
			for range 1 + g.IntN(4) {
				b.WriteString(g.atLineEnd())
			}
		}
		b.WriteString(g.pick("\n", "\n", "\n", "\r\n", ""))
	}
	return b.String()
}

// atLineEnd returns a piece of a line that lines puts last, or before others of these.
func (g generator) atLineEnd() string {
	value := g.pick("U+0041", "U+0041\n", "U+00", "41\n", "%41", "%4", "1", "\n", "\n\n%41", "\nU+0041 ", "U+0041\nU+0042", "U+", "an ordinary value\n", g.encoded(1))
	for range g.IntN(4) {
		if g.IntN(3) == 0 {
			value = g.pick("", "padding to sixteen", "\n", "U+004", "%25") + value + g.pick("", "", "\n", "1", " ", "and more of it ..")
		}
		value = g.encode(value)
	}
	return value
}

// plain returns something that is not encoded but may look so.
func (g generator) plain() string {
	switch g.IntN(6) {
	case 0:
		return g.pick("if", "x", "getApplicationContextFactory", "com/example/project/Main", "some_long_identifier_name", "%s", "%d%%", "\\n", "a+b", "U+", "ü", "日本語", "deadbeef")
	case 1:
		return g.of("0123456789abcdef", 1+g.IntN(70))
	case 2:
		return g.of("ABCXYZabcxyz0129+/-_", 1+g.IntN(40))
	case 3:
		return g.of("%4aU+\\u0 =\n", g.IntN(30))
	case 4:
		return g.of("abc def;\t\n", g.IntN(20))
	default:
		b := make([]byte, g.IntN(12))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return string(b)
	}
}

func (g generator) of(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(b)
}

// encoded returns a value under layers of encodings.
func (g generator) encoded(layers int) string {
	value := g.of("abcdefgh >?~ZUu+-%\\=0123456789{}\":\n", 1+g.IntN(40))
	for range layers {
		value = g.encode(value)
		if g.IntN(4) == 0 {
			value = g.plain() + value
		}
		if g.IntN(4) == 0 {
			value += g.plain()
		}
	}
	return value
}

func (g generator) encode(value string) string {
	switch g.IntN(9) {
	case 0:
		return base64.StdEncoding.EncodeToString([]byte(value))
	case 1:
		return base64.RawURLEncoding.EncodeToString([]byte(value))
	case 2:
		return base64.RawStdEncoding.EncodeToString([]byte(value)) + g.pick("", "=", "==", "===")
	case 3:
		return base64.URLEncoding.EncodeToString([]byte(value))
	case 4:
		return hex.EncodeToString([]byte(value))
	case 5:
		return strings.ToUpper(hex.EncodeToString([]byte(value)))
	case 6:
		return g.perByte(value, "%%%02X", "%%%02x")
	case 7:
		return g.perByte(value, "U+%04X ", "U+%04x ", "U+%04X\n", "U+%04X\t")
	default:
		return g.perByte(value, `\u%04x`, `\\u%04X`, `\U%04x`)
	}
}

// perByte writes all or some bytes of value in one of the formats, or in all.
func (g generator) perByte(value string, formats ...string) string {
	var b strings.Builder
	mixed, some := g.IntN(3) == 0, g.IntN(2) == 0
	format := g.pick(formats...)
	for i := range len(value) {
		if mixed {
			format = g.pick(formats...)
		}
		if some && g.IntN(3) > 0 {
			b.WriteByte(value[i])
			continue
		}
		fmt.Fprintf(&b, format, value[i])
	}
	if g.IntN(3) == 0 {
		return strings.TrimSuffix(b.String(), " ")
	}
	return b.String()
}
