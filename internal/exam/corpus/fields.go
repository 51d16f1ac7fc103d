package corpus

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Alphabets of random text.
const (
	digits    = "0123456789"
	lowerHex  = "0123456789abcdef"
	upperHex  = "0123456789ABCDEF"
	base32Set = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	lowerSet  = "abcdefghijklmnopqrstuvwxyz0123456789"
	alnumSet  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64Set = alnumSet + "+/"
	base64URL = alnumSet + "-_"
)

// fields makes the fields of templates, by name, from their argument.
var fields = map[string]func(arg string) field{
	"time":   timeField,              // of the stream's clock; a layout of package time
	"epoch":  epochField,             // of the clock: "s", "ms" or "us" since 1970
	"int":    intField,               // low-high
	"dec":    decimalField,           // low-high.places: a decimal number
	"size":   sizeField,              // a count of bytes; most are small, few are large
	"words":  wordsField,             // low-high words of prose
	"digits": randomField(digits),    // the number of characters, as below
	"hex":    randomField(lowerHex),  // git hashes, trace ids
	"HEX":    randomField(upperHex),  //
	"lower":  randomField(lowerSet),  // pod suffixes
	"alnum":  randomField(alnumSet),  //
	"base32": randomField(base32Set), //
	"base64": randomField(base64Set), // no padding
	"b64url": randomField(base64URL), // session ids
	"uuid":   func(string) field { return (*stream).uuid },
}

func randomField(alphabet string) func(string) field {
	return func(arg string) field {
		n := number(arg)
		return func(s *stream) { s.random(alphabet, n) }
	}
}

func timeField(layout string) field {
	return func(s *stream) { s.buf = s.now.AppendFormat(s.buf, layout) }
}

func epochField(unit string) field {
	per := map[string]time.Duration{"s": time.Second, "ms": time.Millisecond, "us": time.Microsecond}[unit]
	return func(s *stream) { s.buf = strconv.AppendInt(s.buf, s.now.UnixNano()/int64(per), 10) }
}

func intField(arg string) field {
	low, high := bounds(arg)
	return func(s *stream) { s.buf = strconv.AppendInt(s.buf, int64(s.between(low, high)), 10) }
}

func decimalField(arg string) field {
	limits, places, _ := strings.Cut(arg, ".")
	low, high := bounds(limits)
	precision := number(places)
	return func(s *stream) {
		value := float64(low) + s.rng.Float64()*float64(high-low)
		s.buf = strconv.AppendFloat(s.buf, value, 'f', precision, 64)
	}
}

func sizeField(string) field {
	return func(s *stream) {
		s.buf = strconv.AppendInt(s.buf, int64(math.Exp2(6+14*s.rng.Float64()*s.rng.Float64())), 10)
	}
}

func wordsField(arg string) field {
	low, high := bounds(arg)
	return func(s *stream) {
		for i := range s.between(low, high) {
			if i > 0 {
				s.buf = append(s.buf, ' ')
			}
			s.put(s.pick(prose))
		}
	}
}

// uuid appends a random UUID of version 4.
func (s *stream) uuid() {
	for i, n := range [...]int{8, 4, 3, 3, 12} {
		if i > 0 {
			s.buf = append(s.buf, '-')
		}
		switch i {
		case 2:
			s.buf = append(s.buf, '4')
		case 3:
			s.random("89ab", 1)
		}
		s.random(lowerHex, n)
	}
}

func number(arg string) int {
	n, err := strconv.Atoi(arg)
	if err != nil {
		panic(fmt.Sprintf("corpus: number expected in a field: %q", arg))
	}
	return n
}

func bounds(arg string) (low, high int) {
	first, second, _ := strings.Cut(arg, "-")
	return number(first), number(second)
}
