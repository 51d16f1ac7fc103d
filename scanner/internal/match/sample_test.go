package match_test

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sampler writes strings that an expression matches, and disturbs them.
type sampler struct {
	*rand.Rand
	text strings.Builder
}

// text returns strings that tree matches, most of them disturbed, with other text
// around them.
func sampleText(r *rand.Rand, tree *syntax.Regexp) []byte {
	var text []byte
	for range 1 + r.IntN(3) {
		s := sampler{Rand: r}
		s.write(tree)
		sample := []byte(s.text.String())
		for range r.IntN(3) {
			sample = disturb(r, sample)
		}
		text = append(text, around(r)...)
		text = append(text, sample...)
	}
	return append(text, around(r)...)
}

func (s *sampler) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			for fold := s.IntN(4); re.Flags&syntax.FoldCase != 0 && fold > 0; fold-- {
				r = unicode.SimpleFold(r)
			}
			s.text.WriteRune(r)
		}
	case syntax.OpCharClass:
		s.text.WriteRune(s.member(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		s.text.WriteRune(s.member([]rune{' ', '~', 0x80, 0x2fff}))
	case syntax.OpStar:
		s.repeat(re.Sub[0], 0, -1)
	case syntax.OpPlus:
		s.repeat(re.Sub[0], 1, -1)
	case syntax.OpQuest:
		s.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		s.repeat(re.Sub[0], re.Min, re.Max)
	case syntax.OpAlternate:
		s.write(re.Sub[s.IntN(len(re.Sub))])
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			s.write(sub)
		}
	}
}

// member returns a rune of ranges, most often one of the first few ranges, which
// are ASCII.
func (s *sampler) member(ranges []rune) rune {
	if len(ranges) == 0 {
		return utf8.RuneError
	}
	i := 2 * s.IntN(len(ranges)/2)
	for s.IntN(8) > 0 && ranges[i] >= utf8.RuneSelf && i > 0 {
		i = 2 * s.IntN(len(ranges)/2)
	}
	hi := min(ranges[i+1], ranges[i]+300)
	if ranges[i] < utf8.RuneSelf && s.IntN(20) > 0 {
		hi = min(hi, unicode.MaxASCII)
	}
	return ranges[i] + s.Int32N(hi-ranges[i]+1)
}

func (s *sampler) repeat(re *syntax.Regexp, least, most int) {
	n := least
	switch {
	case most < 0:
		n += s.IntN(12)
	case s.IntN(6) == 0:
		n = most
	default:
		n += s.IntN(min(most-least, 12) + 1)
	}
	for range n {
		s.write(re)
	}
}

// oddities are inserted into samples.
var oddities = []string{"\x00", "\xff", "\xe2\x84", "\u212a", "\u017f", "\ufffd", "\n", "\r\n", " ", "=", "\"", "中", "x", "-", "_", "/", "."}

// disturb changes one place of text.
func disturb(r *rand.Rand, text []byte) []byte {
	if len(text) == 0 {
		return text
	}
	at := r.IntN(len(text))
	switch r.IntN(6) {
	case 0:
		text[at] = byte(r.IntN(256))
	case 1:
		text[at] ^= 0x20 // the other case of a letter
	case 2:
		return text[:at]
	case 3:
		return append(text[:at:at], text[at+1:]...)
	case 4:
		return append(text[:at:at], append([]byte(oddities[r.IntN(len(oddities))]), text[at:]...)...)
	case 5:
		return append(text, text[at:]...)
	}
	return text
}

// surroundings are what stands between samples.
var surroundings = []string{"", "", " ", "\n", "\"", "'", ";", "key", "apiKey = \"", "token: ", "curl ", "a.b-c_d", "/", "é", "\xff", "=", "0", "\t", "\\n", "x"}

func around(r *rand.Rand) string {
	return surroundings[r.IntN(len(surroundings))] + surroundings[r.IntN(len(surroundings))]
}
