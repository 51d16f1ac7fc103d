package corpus

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"unicode/utf16"
)

// maxEncoded limits, in bytes, what nested encodings may blow an example up to.
const maxEncoded = 20_000

// encodings are the writings gitleaks decodes, and near misses of them.
var encodings = []func(string) string{
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return hex.EncodeToString([]byte(s)) },
	func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	url.QueryEscape,
	url.PathEscape,
	func(s string) string { return eachByte("%%%02x", s) },
	func(s string) string { return eachByte("%%%02X", s) },
	func(s string) string { return eachUnit(`\u%04x`, s) },
	func(s string) string { return eachUnit(`\\u%04X`, s) },
	func(s string) string { return eachUnit("U+%04X ", s) },
	func(s string) string { return eachUnit(`\x%02x`, s) }, // gitleaks does not decode it
}

func eachByte(format, s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func eachUnit(format, s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, format, unit)
	}
	return b.String()
}

// encode writes a part of s, often all of it, in one encoding or in several, one
// around the other.
func encode(rng *rand.Rand, s string) string {
	for {
		from, to := 0, len(s)
		if rng.IntN(3) == 0 {
			from = rng.IntN(len(s) + 1)
			to = from + rng.IntN(len(s)-from+1)
		}
		s = s[:from] + encodings[rng.IntN(len(encodings))](s[from:to]) + s[to:]
		if rng.IntN(3) > 0 || len(s) > maxEncoded/6 { // 6: \uXXXX for a byte
			return s
		}
	}
}
