package view

import "unicode/utf8"

const (
	minHex   = 32 // digits in a row
	minPairs = 12 // with separators between them
)

// notHex is what nibble has for bytes that are no hexadecimal digits.
const notHex = 0xff

// nibble is the value of each hexadecimal digit.
var nibble = func() (values [256]byte) {
	for i := range values {
		values[i] = notHex
	}
	for i, b := range []byte(digits + "abcdef") {
		values[b] = byte(i)
	}
	for i, b := range []byte("ABCDEF") {
		values[b] = byte(10 + i)
	}
	return values
}()

func isHex(c byte) bool { return nibble[c] != notHex }

// hex looks for digits that stand for text within the run of tokens from s to e. If the
// run is cut off there they may go on.
func (d *Decoder) hex(in *input, s, e int, cut bool) outcome {
	run := in.text[s:e]
	for probe := minHex - 1; probe < len(run); probe += minHex {
		if !isHex(run[probe]) {
			continue // a run of so many has one digit at one of these places
		}
		start := probe
		for start > 0 && isHex(run[start-1]) {
			start--
		}
		for probe < len(run) && isHex(run[probe]) {
			probe++
		}
		if probe-start < minHex {
			continue
		}
		// Of an odd number of digits the first or the last is something else's.
		for odd := range 1 + (probe-start)%2 {
			if end, ok := d.hexText(run, start+odd, probe, cut && probe == len(run)); ok {
				if start >= 2 && odd == 0 && run[start-2] == '0' && run[start-1]|0x20 == 'x' {
					start -= 2
				}
				_, out := d.take(Hex, s+start+odd, s+end)
				return out
			}
		}
	}
	return absent
}

// hexText decodes the digits of run from start to end if they stand for text, or those
// of them at the start that do.
func (d *Decoder) hexText(run []byte, start, end int, cut bool) (textEnd int, ok bool) {
	const first = 8
	if c := nibble[run[start]]<<4 | nibble[run[start+1]]; c < utf8.RuneSelf && !isPlain[c] {
		return 0, false
	}
	d.buf = appendHex(d.buf[:0], run[start:start+2*first])
	if !isText(d.buf, true) {
		return 0, false
	}
	end -= (end - start) % 2
	d.buf = appendHex(d.buf[:0], run[start:end])
	n := textLen(d.buf)
	if n == len(d.buf) || cut && isText(d.buf, true) {
		if cut {
			d.long = long{kind: Hex}
		}
		return end, true
	}
	d.buf = d.buf[:n]
	return start + 2*n, n >= minHex/2
}

// appendHex appends what pairs of digits stand for.
func appendHex(dst, digits []byte) []byte {
	for ; len(digits) >= 2; digits = digits[2:] {
		dst = append(dst, nibble[digits[0]]<<4|nibble[digits[1]])
	}
	return dst
}

// pairs looks at pairs of digits with separators between them, of which the first is
// at at.
func (d *Decoder) pairs(in *input, at int) (next int, out outcome) {
	if at+2 >= len(in.text) {
		return at + 1, absent
	}
	separator := in.text[at+2]
	if separator != ':' && separator != ' ' && separator != '-' {
		return at + 1, absent
	}
	end, more, out := d.decodePairs(in, at, separator)
	switch {
	case out == undecided:
		return at, undecided
	case end == at:
		return at + 1, absent
	case len(d.buf) < minPairs || !isText(d.buf, more):
		// The last pair can be the first of others with another separator.
		return max(at+1, end-2), absent
	}
	if more {
		d.long = long{kind: Hex, separator: separator}
	}
	return d.take(Hex, at, end)
}

// decodePairs decodes pairs of digits with a separator between them, up to about
// stepSource bytes of them; then there may be more, and the last separator is included.
func (d *Decoder) decodePairs(in *input, at int, separator byte) (end int, more bool, out outcome) {
	d.buf, end = d.buf[:0], at
	for i := at; ; i += 3 {
		if i-at >= stepSource {
			return i, true, found
		}
		pair := 0
		for pair < 2 && i+pair < len(in.text) && isHex(in.text[i+pair]) {
			pair++
		}
		behind := i + pair
		if in.open(behind) {
			return at, false, undecided
		}
		last := !in.is(behind, separator)
		if pair < 2 || last && behind < len(in.text) && isToken(in.text[behind]) {
			return end, false, found
		}
		d.buf = append(d.buf, nibble[in.text[i]]<<4|nibble[in.text[i+1]])
		if end = behind; last {
			return end, false, found
		}
	}
}

// pairsTail returns where at the end of text begins a row of pairs that is too short
// to be a place yet, not before pos.
func pairsTail(text []byte, pos int) int {
	start := len(text)
	for start > pos && len(text)-start < 2 && isHex(text[start-1]) {
		start--
	}
	if start < len(text) && start > pos && isToken(text[start-1]) {
		return len(text)
	}
	for separator := byte(0); start-3 >= pos; start -= 3 {
		c := text[start-1]
		if c != ':' && c != ' ' || separator != 0 && c != separator || !isHex(text[start-2]) || !isHex(text[start-3]) {
			break
		}
		if start-4 >= 0 && isToken(text[start-4]) {
			break
		}
		separator = c
	}
	return start
}
