package entropy

import (
	_ "embed"
	"math"
	"strings"
	"sync"
)

// wordList is the words that passwords, passphrases and names of things are made of:
// the most frequent ones of manuals and documentation, and those of everyday life,
// with first names, places and the like. In front of an empty line stand the words
// that sentences are made of.
//
//go:embed words.txt
var wordList string

// model prices English text.
type model struct {
	nodes []trieNode
	// pair is the price of a letter behind another, or at the start of a word.
	pair [letters + 1][letters + 1]float64
}

const (
	letters   = 26
	wordStart = letters // the index of no letter in pair
)

// trieNode is a beginning of words; next is by letter, 0 for none.
type trieNode struct {
	next  [letters]int32
	price float64 // of the word that ends here; 0 for none
}

// english makes the model once, when it is needed.
var english = sync.OnceValue(func() *model {
	m := &model{nodes: make([]trieNode, 1)}
	var counts [letters + 1][letters + 1]float64
	for words := range strings.SplitSeq(wordList, "\n\n") {
		list := strings.Fields(words)
		for _, word := range list {
			before := wordStart
			for _, b := range []byte(word) {
				counts[before][b-'a']++
				before = int(b - 'a')
			}
			m.add(word, math.Log2(float64(len(list))))
		}
	}
	for before := range counts {
		total := float64(letters)
		for _, count := range counts[before] {
			total += count
		}
		for c, count := range counts[before] {
			m.pair[before][c] = math.Log2(total / (count + 1))
		}
	}
	return m
})

// add puts a word of small letters into the trie.
func (m *model) add(word string, price float64) {
	node := int32(0)
	for _, b := range []byte(word) {
		next := m.nodes[node].next[b-'a']
		if next == 0 {
			next = int32(len(m.nodes))
			m.nodes = append(m.nodes, trieNode{})
			m.nodes[node].next[b-'a'] = next
		}
		node = next
	}
	m.nodes[node].price = price
}

// letterOf returns the index of a letter, wordStart for what is none.
func letterOf(b byte) int {
	if c := classOf(b); c == lowerClass || c == upperClass {
		return int(b|0x20) - 'a'
	}
	return wordStart
}

// character prices text[i] by the character before.
func (m *model) character(text []byte, i int) float64 {
	before := otherClass
	beforeLetter := wordStart
	if i > 0 {
		before, beforeLetter = classOf(text[i-1]), letterOf(text[i-1])
	}
	switch c := classOf(text[i]); c {
	case lowerClass, upperClass:
		bits := m.pair[beforeLetter][letterOf(text[i])]
		if c == upperClass && before != upperClass || c == lowerClass && before == upperClass {
			bits += caseChange
		}
		return bits
	case digitClass:
		if before != digitClass {
			return digitPrice + classChange
		}
		return digitPrice
	}
	if strings.IndexByte(separators, text[i]) >= 0 || i > 0 && text[i-1] == text[i] {
		return separatorPrice
	}
	return symbolPrice
}

// disguises are what stands for letters in passwords.
var disguises = map[byte]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's', '!': 'i'}

// minDisguised is the length from which words in disguise are recognised.
const minDisguised = 4

// words prices the words of the dictionary that text begins with, whatever their
// case, with some letters in disguise.
func (m *model) words(text []byte, part func(n int, bits float64)) {
	node := int32(0)
	upper, disguised := 0, 0
	for n, b := range text {
		if letter, ok := disguises[b]; ok {
			disguised++
			b = letter
		}
		c := letterOf(b)
		if c == wordStart || m.nodes[node].next[c] == 0 {
			return
		}
		node = m.nodes[node].next[c]
		if classOf(b) == upperClass {
			upper++
		}
		if m.nodes[node].price == 0 || disguised > 0 && n+1 < minDisguised {
			continue
		}
		bits := m.nodes[node].price + float64(disguised)
		switch {
		case upper == 0:
		case upper == n+1 || upper == 1 && classOf(text[0]) == upperClass:
			bits++
		default:
			bits += float64(n + 1)
		}
		part(n+1, bits)
	}
}

// unknownWords prices the beginnings of text that read like a word, in one case but
// for the first letter.
func (m *model) unknownWords(text []byte, part func(n int, bits float64)) {
	sum, before := 0.0, wordStart
	for i, b := range text[:min(len(text), maxUnknown)] {
		c := letterOf(b)
		if c == wordStart || i > 1 && classOf(b) != classOf(text[i-1]) {
			return
		}
		sum += m.pair[before][c]
		before = c
		if n := i + 1; n >= minUnknown && sum <= likeWord*float64(n) {
			part(n, unknownWord)
		}
	}
}
