package decode_test

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"

	"github.com/stanch-dev/stanch/scanner/internal/decode"
)

// The oracle states what gitleaks does as plainly as it can be said, with a regular
// expression, the standard library's decoders and searches from end to end.

// oracleSegment is a decoded value and, in before, all those of the pass before.
type oracleSegment struct {
	decode.Segment
	depth  int
	before []oracleSegment
}

// encodedValue has one group for each encoding, in the order of precedence.
var encodedValue = regexp.MustCompile(`(%[0-9A-Fa-f]{2}(?:.*%[0-9A-Fa-f]{2})?)` +
	`|((?:U\+[0-9A-Fa-f]{4}(?:\s|$))+|(?i:(?:\\{1,2}u[0-9a-f]{4})+))` +
	`|([0-9A-Fa-f]{32,})` +
	`|([\w/+-]{16,}={0,2})`)

var (
	percentEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	codePoint     = regexp.MustCompile(`(?i)(?:U\+|\\\\?u)([0-9a-f]{4})\s?`)
	unlikeWord    = regexp.MustCompile(`[0-9+/_-]`)
	printableOnly = regexp.MustCompile(`^[\x09-\x7e]*$`)
)

type oracleMatch struct {
	decode.Span
	encoding decode.Encoding
}

// oraclePass returns text after one pass and the segments of that pass.
func oraclePass(text string, before []oracleSegment) (string, []oracleSegment) {
	var found []oracleMatch
	for _, at := range encodedValue.FindAllStringSubmatchIndex(text, -1) {
		for group := 1; group <= 4; group++ {
			if at[2*group] >= 0 {
				found = append(found, oracleMatch{decode.Span{Start: at[0], End: at[1]}, 1 << (group - 1)})
			}
		}
	}
	var segments []oracleSegment
	result, rest := "", 0
	for i, m := range found {
		if i > 0 && found[i-1].End == m.Start && found[i-1].encoding < m.encoding {
			continue
		}
		if i+1 < len(found) && found[i+1].Start == m.End && found[i+1].encoding < m.encoding {
			continue
		}
		value := oracleDecode(m.encoding, text[m.Start:m.End])
		if value == "" {
			continue
		}
		result += text[rest:m.Start]
		s := oracleSegment{depth: 1, before: before}
		s.Encoded = m.Span
		s.Decoded = decode.Span{Start: len(result), End: len(result) + len(value)}
		s.Original = oracleOriginal(before, m.Span)
		s.Encodings = m.encoding
		for _, b := range before {
			s.depth = b.depth + 1
			if touches(b.Decoded, m.Span) {
				s.Encodings |= b.Encodings
			}
		}
		segments = append(segments, s)
		result += value
		rest = m.End
	}
	return result + text[rest:], segments
}

// oracleDecode returns what value stands for, or "" if it is not to be decoded.
func oracleDecode(encoding decode.Encoding, value string) string {
	switch encoding {
	case decode.Percent:
		printable := true
		value = percentEscape.ReplaceAllStringFunc(value, func(escape string) string {
			b, _ := hex.DecodeString(escape[1:])
			printable = printable && printableOnly.Match(b)
			return string(b)
		})
		if !printable {
			return ""
		}
		return value
	case decode.Unicode:
		return codePoint.ReplaceAllStringFunc(value, func(escape string) string {
			n, _ := strconv.ParseInt(codePoint.FindStringSubmatch(escape)[1], 16, 32)
			return string(rune(n))
		})
	case decode.Hex:
		b, err := hex.DecodeString(value)
		if err != nil || !strings.ContainsAny(value, "0123456789") || !printableOnly.Match(b) {
			return ""
		}
		return string(b)
	}
	if !unlikeWord.MatchString(value) {
		return ""
	}
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if b, err := alphabet.DecodeString(value); err == nil && printableOnly.Match(b) {
			return string(b)
		}
	}
	return ""
}

func touches(a, b decode.Span) bool { return b.Start <= a.End && b.End >= a.Start }

func merge(a, b decode.Span) decode.Span {
	return decode.Span{Start: min(a.Start, b.Start), End: max(a.End, b.End)}
}

// oracleOriginal maps span, of the text that segments are in, to the original.
func oracleOriginal(segments []oracleSegment, span decode.Span) decode.Span {
	var up decode.Span
	var before []oracleSegment
	found := false
	for _, s := range segments {
		if !touches(s.Decoded, span) {
			continue
		}
		if merge(s.Decoded, span) == s.Decoded {
			return s.Original
		}
		around := merge(s.Decoded, span)
		encoded := decode.Span{
			Start: s.Encoded.Start + around.Start - s.Decoded.Start,
			End:   s.Encoded.End + around.End - s.Decoded.End,
		}
		if !found {
			up = encoded
		}
		up, before, found = merge(up, encoded), s.before, true
	}
	if !found {
		return span
	}
	return oracleOriginal(before, up)
}

// oracleOverlap is Overlap.
func oracleOverlap(text string, segments []oracleSegment, span decode.Span) (o decode.Origin, ok bool) {
	var touched []oracleSegment
	for _, s := range segments {
		if touches(s.Decoded, span) {
			touched = append(touched, s)
		}
	}
	if len(touched) == 0 {
		return decode.Origin{}, false
	}
	whole := touched[0].Decoded
	for _, s := range touched {
		o.Encodings |= s.Encodings
		o.Depth = s.depth
		whole = merge(whole, s.Decoded)
	}
	original := oracleOriginal(touched, span)
	o.Start, o.End = original.Start, original.End
	for o.LineStart = whole.Start; o.LineStart > 0 && text[o.LineStart] != '\n'; {
		o.LineStart--
	}
	for o.LineEnd = whole.End; o.LineEnd < len(text) && text[o.LineEnd] != '\n'; {
		o.LineEnd++
	}
	return o, true
}
