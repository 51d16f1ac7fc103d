package check

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var percentEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// percent decodes %XX, once with + as a blank and once as itself.
func percent(text string) (out []string) {
	decode := func(s string) string {
		return percentEscape.ReplaceAllStringFunc(s, func(e string) string { return character(e[1:], 16, 1) })
	}
	if strings.Contains(text, "+") {
		out = append(out, decode(strings.ReplaceAll(text, "+", " ")))
	}
	return append(out, decode(text))
}

// character returns the byte (width 1) or character of a number, or "" for none.
func character(digits string, base, width int) string {
	n, err := strconv.ParseUint(digits, base, 32)
	switch {
	case err != nil:
		return ""
	case width == 1:
		return string([]byte{byte(n)})
	default:
		return string(rune(n))
	}
}

var escape = regexp.MustCompile(`\\(?:x([0-9A-Fa-f]{2})|((?:u[0-9A-Fa-f]{4}\\?)+)|U([0-9A-Fa-f]{8})|u\{([0-9A-Fa-f]{1,6})\}|([0-3][0-7]{2})|([^xuU0-3]))`)

// simpleEscapes are the letters that stand for something else.
var simpleEscapes = strings.NewReplacer("n", "\n", "r", "\r", "t", "\t", "b", "\b", "f", "\f", "a", "\a", "v", "\v", "e", "\x1b")

// escapes decodes the backslash escapes of JSON, C, Go and Python.
func escapes(text string) []string {
	if !strings.Contains(text, `\`) {
		return nil
	}
	return []string{escape.ReplaceAllStringFunc(text, func(e string) string {
		m := escape.FindStringSubmatch(e)
		switch {
		case m[1] != "":
			return character(m[1], 16, 1)
		case m[2] != "":
			return unicodeRun(m[2])
		case m[3] != "" || m[4] != "":
			return character(m[3]+m[4], 16, 4)
		case m[5] != "":
			return character(m[5], 8, 1)
		default:
			return simpleEscapes.Replace(m[6])
		}
	})}
}

// unicodeRun decodes \uXXXX\uXXXX… without the first backslash; a pair of
// surrogates is one character. A backslash at the end belongs to what follows.
func unicodeRun(run string) string {
	rest := ""
	if strings.HasSuffix(run, `\`) {
		run, rest = run[:len(run)-1], `\`
	}
	var units []uint16
	for _, digits := range strings.Split(run, `\`) {
		n, err := strconv.ParseUint(digits[1:], 16, 16)
		if err != nil {
			return run
		}
		units = append(units, uint16(n))
	}
	return string(utf16.Decode(units)) + rest
}

// base64Run is standard or URL base64, perhaps in lines.
var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{10,}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]{4,})*`)

var toStandard = strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "", " ", "", "\t", "")

// base64Runs decodes each run at all four alignments: where a part of it has been
// replaced, the rest may start anywhere. Only what is readable counts.
func base64Runs(text string) (out []string) {
	for start := range 4 {
		var b strings.Builder
		for _, run := range base64Run.FindAllString(text, -1) {
			run = toStandard.Replace(run)
			if start < len(run) {
				readable(&b, decodeBase64(run[start:]))
			}
		}
		out = append(out, b.String())
	}
	return out
}

// decodeBase64 decodes as far as whole bytes go.
func decodeBase64(run string) []byte {
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	decoded, err := base64.RawStdEncoding.DecodeString(run)
	if err != nil {
		return nil // cannot be: the run holds digits only
	}
	return decoded
}

// leastReadable is the length of the shortest text worth reading, in bytes.
const leastReadable = 8

// readable appends the stretches of data that are text, one in a line. Data that
// is UTF-16 is appended as it is.
func readable(b *strings.Builder, data []byte) {
	if zeros := strings.Count(string(data), "\x00"); zeros > len(data)/4 {
		b.Write(data)
		return
	}
	start := 0
	flush := func(end int) {
		if end-start >= leastReadable {
			b.Write(data[start:end])
			b.WriteByte('\n')
		}
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			flush(i)
			start = i + size
		}
		i += size
	}
	flush(len(data))
}

// hexRun is eight bytes and more in hexadecimal, alike in what stands between them.
var hexRun = regexp.MustCompile(`(?:[0-9A-Fa-f]{2}){8,}|[0-9A-Fa-f]{2}(?:[ :,-][0-9A-Fa-f]{2}){7,}|0x[0-9A-Fa-f]{2}(?:,? ?0x[0-9A-Fa-f]{2}){7,}`)

var separators = strings.NewReplacer("0x", "", " ", "", ":", "", ",", "", "-", "")

// hexRuns decodes hexadecimal, at either alignment.
func hexRuns(text string) (out []string) {
	for start := range 2 {
		var b strings.Builder
		for _, run := range hexRun.FindAllString(text, -1) {
			run = separators.Replace(run)[start:]
			if decoded, err := hex.DecodeString(run[:len(run)&^1]); err == nil {
				readable(&b, decoded)
			}
		}
		out = append(out, b.String())
	}
	return out
}

func entities(text string) []string {
	if !strings.Contains(text, "&") {
		return nil
	}
	return []string{html.UnescapeString(text)}
}

var quotedEscape = regexp.MustCompile(`=(?:\r?\n|[0-9A-Fa-f]{2})`)

func quotedPrintable(text string) []string {
	return []string{quotedEscape.ReplaceAllStringFunc(text, func(e string) string {
		if strings.HasSuffix(e, "\n") {
			return ""
		}
		return character(e[1:], 16, 1)
	})}
}

// utf16Text reads text with many zero bytes as UTF-16 of either order, from either
// of the first two bytes.
func utf16Text(text string) (out []string) {
	if strings.Count(text, "\x00") < 4 {
		return nil
	}
	for start := range 2 {
		var little, big []uint16
		for i := start; i+1 < len(text); i += 2 {
			little = append(little, uint16(text[i])|uint16(text[i+1])<<8)
			big = append(big, uint16(text[i])<<8|uint16(text[i+1]))
		}
		out = append(out, string(utf16.Decode(little)), string(utf16.Decode(big)))
	}
	return out
}
