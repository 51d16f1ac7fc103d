package entropy

import (
	"math"
	"strings"
	"time"
)

// Prices of what people make values of, in bits.
const (
	unknownWord    = 16.0 // a word or name that is not in the dictionary: one of 65,000
	maxUnknown     = 12   // letters in such a word
	minUnknown     = 4
	likeWord       = 4.4 // bits a letter, on the average, up to which letters read like a word
	sequencePrice  = 8.0 // abcd, 4321, aaaa: where it begins and which way it goes
	minSequence    = 3
	caseChange     = 2.0
	classChange    = 1.0
	datePrice      = 16.0
	digitPrice     = 3.33
	symbolPrice    = 4.0
	separatorPrice = 2.0
	separators     = " -_./:+,@"
)

// maxMade is the most that counts for what people make, in bits, however long it is:
// they quote, repeat and follow habits that no model here knows.
const maxMade = 90

// guess returns the bits of a value that is not random: the cheapest that its parts,
// its letter counts or its length give.
func guess(text []byte) float64 {
	return min(price(text), orderZero(text), maxPerByte*float64(len(text)), maxMade)
}

// orderZero returns the bits of text when how often each character stands in it is known.
func orderZero(text []byte) (bits float64) {
	var counts [256]int
	for _, b := range text {
		counts[b]++
	}
	for _, count := range counts {
		if count > 0 {
			bits -= float64(count) * math.Log2(float64(count)/float64(len(text)))
		}
	}
	return bits
}

// price returns the least sum of prices of parts that make text.
func price(text []byte) float64 {
	m := english()
	best := make([]float64, len(text)+1)
	for i := range best[1:] {
		best[i+1] = math.Inf(1)
	}
	for i := range text {
		part := func(n int, bits float64) { best[i+n] = min(best[i+n], best[i]+bits) }
		part(1, m.character(text, i))
		m.words(text[i:], part)
		m.unknownWords(text[i:], part)
		if n := sequenceLen(text[i:]); n >= minSequence {
			part(n, sequencePrice+math.Log2(float64(n)))
		}
		if n := dateLen(text[i:]); n > 0 {
			part(n, datePrice)
		}
		if n := repeatLen(text, i); n >= minSequence {
			part(n, 1+math.Log2(float64(i))+math.Log2(float64(n)))
		}
	}
	return best[len(text)]
}

// sequenceLen returns how many characters at the start of text each are as far from
// the one before, up to one step, or stand beside it on a keyboard.
func sequenceLen(text []byte) (longest int) {
	for _, step := range []int{-1, 0, 1} {
		n := 1
		for n < len(text) && int(text[n])-int(text[n-1]) == step {
			n++
		}
		longest = max(longest, n)
	}
	for _, row := range keyboard {
		at := strings.IndexByte(row, lower(text[0]))
		n := 0
		for at >= 0 && n < len(text) && at+n < len(row) && lower(text[n]) == row[at+n] {
			n++
		}
		longest = max(longest, n)
	}
	return longest
}

// keyboard is rows and columns of a keyboard, both ways.
var keyboard = []string{
	"qwertyuiop", "poiuytrewq", "asdfghjkl", "lkjhgfdsa", "zxcvbnm", "mnbvcxz", "qwertzuiop", "azertyuiop", "1234567890", "0987654321",
	"!@#$%^&*()", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "qazwsxedcrfvtgbyhnujmik", "1q2w3e4r5t6y7u8i9o0p", "abc123", "123abc",
}

// dateLen returns the length of the date in eight digits that text begins with; 0 for none.
func dateLen(text []byte) int {
	const form = "02012006"
	if len(text) < len(form) || strings.Trim(string(text[:len(form)]), "0123456789") != "" {
		return 0
	}
	date := string(text[:len(form)])
	for _, layout := range []string{form, "01022006", "20060102"} {
		if at, err := time.Parse(layout, date); err == nil && at.Year() >= 1900 && at.Year() < 2100 {
			return len(form)
		}
	}
	return 0
}

// maxRepeat bounds the work for text that repeats itself all the time, in bytes.
const maxRepeat = 64

// repeatLen returns the length of the longest beginning of text[at:] that stands before at too.
func repeatLen(text []byte, at int) (longest int) {
	for from := range at {
		n := 0
		for n < maxRepeat && at+n < len(text) && lower(text[from+n]) == lower(text[at+n]) {
			n++
		}
		longest = max(longest, n)
	}
	return longest
}

func lower(b byte) byte {
	if classOf(b) == upperClass {
		return b | 0x20
	}
	return b
}
