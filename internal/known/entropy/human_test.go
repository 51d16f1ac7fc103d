package entropy_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// human makes passwords and passphrases as people do. Half of its words are in no
// common list, so that the estimate cannot rely on its dictionary.
type human struct{ rng *rand.Rand }

var (
	commonWords = strings.Fields(`password welcome dragon monkey summer winter london chelsea coffee guitar michael jessica
		purple orange admin secret master freedom london berlin tiger shadow hunter football correct horse battery staple
		database production customer payment service backup kubernetes grandma chocolate thunder midnight sunshine`)
	rareWords = strings.Fields(`ljubljana marzipan quokka bartholomew gooseberry tambourine wuthering nebuchadnezzar
		saskatchewan tiramisu pumpernickel zeppelin mozzarella kangchenjunga rutabaga abracadabra ouagadougou schadenfreude
		kaleidoscope platypus gorgonzola brontosaurus mcgillicuddy featherstone winchester reykjavik antananarivo bluebottle
		snickerdoodle hullabaloo flibbertigibbet stockbridge passepartout cuttlefish rosenkrantz guildenstern`)
	sentences = strings.Fields(`to be or not to be that is the question|ask not what your country can do for you|
		the quick brown fox jumps over the lazy dog|may the force be with you always|i left my heart in san francisco|
		call me ishmael some years ago never mind how long|we hold these truths to be self evident|
		it was the best of times it was the worst of times|my dog has fleas and so does my cat|
		never gonna give you up never gonna let you down`)
	walks = strings.Fields(`qwerty asdfgh zxcvbn 1q2w3e4r 1qaz2wsx 123456 987654321 qwertyuiop !@#$% abc123 asdfasdf qazwsx`)
)

func (h human) pick(from []string) string { return from[h.rng.IntN(len(from))] }

func (h human) word() string {
	if h.rng.IntN(2) == 0 {
		return h.pick(commonWords)
	}
	return h.pick(rareWords)
}

// styled writes a word with a capital letter, in capitals, or with digits for letters.
func (h human) styled(word string) string {
	switch h.rng.IntN(6) {
	case 0, 1:
		return strings.ToUpper(word[:1]) + word[1:]
	case 2:
		return strings.ToUpper(word)
	case 3:
		return strings.NewReplacer("o", "0", "e", "3", "a", "@", "s", "$", "i", "1").Replace(word)
	}
	return word
}

func (h human) suffix() string {
	return []string{"", "!", "123", "1", "2024!", fmt.Sprint(1950 + h.rng.IntN(80)), fmt.Sprintf("%02d%02d%d", 1+h.rng.IntN(28), 1+h.rng.IntN(12), 1960+h.rng.IntN(50)),
		"!!", "#1", "007", "_prod", "-dev-2023", fmt.Sprint(h.rng.IntN(10000))}[h.rng.IntN(13)]
}

func (h human) phrase(words int) string {
	separator := h.pick([]string{"-", "_", " ", "", "", ".", "+", "/", "1"})
	parts := make([]string, words)
	for i := range parts {
		parts[i] = h.word()
		if separator == "" || h.rng.IntN(4) == 0 {
			parts[i] = h.styled(parts[i])
		}
	}
	return strings.Join(parts, separator) + h.suffix()
}

func (h human) sentence() string {
	words := strings.Fields(strings.Split(strings.Join(sentences, " "), "|")[h.rng.IntN(10)])
	if h.rng.IntN(2) == 0 {
		return strings.Join(words, h.pick([]string{"", "-", "_", " "}))
	}
	for i := range words {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "") + h.suffix()
}

// mash is what comes of fingers running over one row of keys.
func (h human) mash() string {
	row := h.pick([]string{"asdfghjkl", "asdfjkl", "qwertyuiop", "jkluio", "1234567890", "sdfjklwe"})
	var b strings.Builder
	for range 10 + h.rng.IntN(15) {
		b.WriteByte(row[h.rng.IntN(len(row))])
	}
	return b.String()
}

// value returns a password, passphrase, or what programs make of one.
func (h human) value() string {
	var v string
	switch h.rng.IntN(9) {
	case 0, 1:
		v = h.styled(h.word()) + h.suffix()
	case 2, 3:
		v = h.phrase(2 + h.rng.IntN(3))
	case 4:
		v = h.phrase(4 + h.rng.IntN(3))
	case 5:
		v = h.sentence()
	case 6:
		v = h.pick(walks) + h.pick(walks) + h.suffix()
	case 7:
		v = strings.Repeat(h.styled(h.word())+h.suffix(), 2+h.rng.IntN(4))
	case 8:
		v = h.mash()
	}
	switch h.rng.IntN(20) {
	case 0:
		v = base64.StdEncoding.EncodeToString([]byte("admin:" + v))
	case 1:
		v = fmt.Sprintf("%x", v)
	case 2:
		v = "postgres://app:" + v + "@db:5432/app"
	}
	return v
}
