package entropy

import (
	"math"
	"strings"
)

// class is a kind of character of which alphabets have all or none, hexadecimal
// and base32 apart.
type class uint8

const (
	digitClass class = iota
	lowerClass
	upperClass
	symbolClass // those of base64 and its URL variant
	otherClass
)

func classOf(b byte) class {
	switch {
	case '0' <= b && b <= '9':
		return digitClass
	case 'a' <= b && b <= 'z':
		return lowerClass
	case 'A' <= b && b <= 'Z':
		return upperClass
	case isSeparator(b):
		return symbolClass
	}
	return otherClass
}

// alphabet is what random text is made of: all of some classes, or a part of them.
type alphabet struct {
	has  func(byte) bool
	size [otherClass]float64 // members by class
}

// alphabets are tried in this order, the smallest first.
var alphabets = []alphabet{
	{func(b byte) bool { return classOf(b) == digitClass }, [otherClass]float64{digitClass: 10}},
	{func(b byte) bool { return isHex(b) && classOf(b) != upperClass }, [otherClass]float64{digitClass: 10, lowerClass: 6}},
	{func(b byte) bool { return isHex(b) && classOf(b) != lowerClass }, [otherClass]float64{digitClass: 10, upperClass: 6}},
	{func(b byte) bool { return classOf(b) == lowerClass }, [otherClass]float64{lowerClass: 26}},
	{func(b byte) bool { return classOf(b) == upperClass }, [otherClass]float64{upperClass: 26}},
	{func(b byte) bool { return classOf(b) == upperClass || '2' <= b && b <= '7' }, [otherClass]float64{upperClass: 26, digitClass: 6}},
	{func(b byte) bool { return classOf(b) == lowerClass || '2' <= b && b <= '7' }, [otherClass]float64{lowerClass: 26, digitClass: 6}},
	{func(b byte) bool { return classOf(b) == digitClass || classOf(b) == lowerClass }, [otherClass]float64{digitClass: 10, lowerClass: 26}},
	{func(b byte) bool { return classOf(b) == digitClass || classOf(b) == upperClass }, [otherClass]float64{digitClass: 10, upperClass: 26}},
	{func(b byte) bool { return classOf(b) == lowerClass || classOf(b) == upperClass }, [otherClass]float64{lowerClass: 26, upperClass: 26}},
	{func(b byte) bool { return classOf(b) <= upperClass }, [otherClass]float64{digitClass: 10, lowerClass: 26, upperClass: 26}},
	{func(b byte) bool { return classOf(b) <= symbolClass }, [otherClass]float64{digitClass: 10, lowerClass: 26, upperClass: 26, symbolClass: 2}},
}

const (
	// deviations is how far counts may be from what a random choice gives, in
	// standard deviations: one random token in a thousand is further off.
	deviations = 3.5
	// minRatio is the price of a random token as a guess, against its length in bits.
	// One in fifty random ones is below; English without spaces reaches 0.8. Among
	// short ones the two are further apart from their means.
	minRatio, minRatioShort = 0.84, 0.9
	short                   = 20
)

// random returns how many bits each character of token has if it passes for a random
// choice from an alphabet; else 0.
func random(token []byte) float64 {
	if len(token) < minRandom {
		return 0
	}
	for i := range alphabets {
		a := &alphabets[i]
		if a.covers(token) {
			perByte := math.Log2(a.len())
			ratio := price(token) / (perByte * float64(len(token)))
			if a.countsFit(token) && (ratio >= minRatioShort || ratio >= minRatio && len(token) >= short) {
				return perByte
			}
			return 0
		}
	}
	return 0
}

func (a *alphabet) len() (n float64) {
	for _, size := range a.size {
		n += size
	}
	return n
}

func (a *alphabet) covers(token []byte) bool {
	for _, b := range token {
		if !a.has(b) {
			return false
		}
	}
	return true
}

// countsFit reports whether as many different characters, and as many of each class,
// stand in token as in a random choice.
func (a *alphabet) countsFit(token []byte) bool {
	n, size := float64(len(token)), a.len()
	var seen [256]bool
	var distinct float64
	var counts [otherClass]float64
	for _, b := range token {
		if !seen[b] {
			seen[b] = true
			distinct++
		}
		counts[classOf(b)]++
	}
	// The mean and variance of the number of occupied cells when n balls are thrown.
	missOne, missTwo := math.Pow(1-1/size, n), math.Pow(1-2/size, n)
	if !near(distinct, size*(1-missOne), size*(size-1)*missTwo+size*missOne-size*size*missOne*missOne) {
		return false
	}
	for c, count := range counts {
		share := a.size[c] / size
		if !near(count, n*share, n*share*(1-share)) {
			return false
		}
	}
	allLetters := a.size[lowerClass] == letters || a.size[upperClass] == letters
	return !allLetters || rowsFit(token)
}

// rowsFit reports whether the letters of token are spread over the rows of a keyboard
// as those of a random choice from all letters, and not as fingers run.
func rowsFit(token []byte) bool {
	var counts [3]float64
	var n float64
	for _, b := range token {
		for row, keys := range letterRows {
			if strings.IndexByte(keys, lower(b)) >= 0 {
				counts[row]++
				n++
			}
		}
	}
	for row, count := range counts {
		share := float64(len(letterRows[row])) / letters
		if !near(count, n*share, n*share*(1-share)) {
			return false
		}
	}
	return true
}

// letterRows are the letters of an American keyboard, row by row.
var letterRows = [3]string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}

// near reports whether a count is as near to its mean as a random one; counts are
// whole, hence the half.
func near(count, mean, variance float64) bool {
	return math.Abs(count-mean) <= deviations*math.Sqrt(max(variance, 0))+0.5
}
