package corpus

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

const (
	spliceEvery = 2_500 // bytes of text for each example
	sheetSize   = 4_000 // bytes of the fragments that [Changed] and [Encoded] make
)

// Alone returns every example as a fragment of its own, without and with a
// newline at its end.
func Alone(examples []Example) Corpus {
	var fragments []Fragment
	for _, e := range examples {
		origin := fmt.Sprintf("%s example of %s: %q", e.kind(), e.Rule, e.Value)
		for _, end := range []string{"", "\n"} {
			fragments = append(fragments, Fragment{Path: e.Path, Line: 1, Raw: string(e.Value) + end, Origin: origin})
		}
	}
	return Of("examples alone", fragments)
}

// Joined returns all examples as one file for each path they ask for, a line or
// more apiece, cut as gitleaks cuts a file.
func Joined(examples []Example, seed uint64) (Corpus, error) {
	byPath := map[string][][]byte{}
	for _, i := range newRand(seed).Perm(len(examples)) {
		e := examples[i]
		byPath[e.Path] = append(byPath[e.Path], e.Value)
	}
	var fragments []Fragment
	for path, values := range byPath {
		cut, err := Cut(path, bytes.Join(values, []byte("\n")))
		if err != nil {
			return Corpus{}, err
		}
		fragments = append(fragments, cut...)
	}
	return Of("examples joined", fragments), nil
}

// Changed returns every example with a byte or a few changed, many to a fragment.
func Changed(examples []Example, seed uint64) Corpus {
	return sheets("examples changed", examples, newRand(seed), func(rng *rand.Rand, value string) string {
		return change(rng, value)
	})
}

// Encoded returns every example in one or several encodings, many to a fragment.
func Encoded(examples []Example, seed uint64) Corpus {
	return sheets("examples encoded", examples, newRand(seed), encode)
}

// NotUTF8 returns every eighth example with bytes in or around it that are no
// UTF-8, many to a fragment. The two builds of gitleaks differ on them: with
// Go's regular expressions such a byte counts as a character, with RE2 it
// matches nothing.
func NotUTF8(examples []Example, seed uint64) Corpus {
	rng := newRand(seed)
	some := make([]Example, len(examples)/8)
	for i := range some {
		some[i] = examples[rng.IntN(len(examples))]
	}
	return sheets("not UTF-8", some, rng, func(rng *rand.Rand, value string) string {
		stray := func() []byte { return []byte{byte(0x80 + rng.IntN(0x80))} }
		i := rng.IntN(len(value) + 1)
		return value[:i] + string(stray()) + string(sprinkle(rng, []byte(value[i:]), stray))
	})
}

// sheets fills fragments with what write makes of the examples, in random order
// and between random separators.
func sheets(name string, examples []Example, rng *rand.Rand, write func(*rand.Rand, string) string) Corpus {
	var fragments []Fragment
	sheet := Fragment{Line: 1}
	for n, i := range rng.Perm(len(examples)) {
		e := examples[i]
		if e.Path != "" {
			sheet.Path = e.Path
		}
		sheet.Raw += between(rng, write(rng, string(e.Value)))
		if len(sheet.Raw) > sheetSize || n == len(examples)-1 {
			fragments = append(fragments, sheet)
			sheet = Fragment{Line: 1 + rng.IntN(3)}
		}
	}
	return Of(name, fragments)
}

// Injected returns the files with examples spliced in at random places, one for
// about every 2.5 kB; a tenth of them changed, a tenth encoded.
func Injected(files []File, examples []Example, seed uint64) (Corpus, error) {
	rng := newRand(seed)
	var fragments []Fragment
	for _, file := range files {
		data, err := file.Read()
		if err != nil {
			return Corpus{}, err
		}
		path, data := inject(rng, file.Path, data, examples)
		cut, err := Cut(path, data)
		if err != nil {
			return Corpus{}, err
		}
		fragments = append(fragments, cut...)
	}
	return Of("injected", fragments), nil
}

// inject returns data with examples in it and the path that the last of them that
// cares asks for.
func inject(rng *rand.Rand, path string, data []byte, examples []Example) (string, []byte) {
	places := make([]int, (len(data)+rng.IntN(spliceEvery))/spliceEvery)
	for i := range places {
		places[i] = rng.IntN(len(data) + 1)
	}
	slices.Sort(places)
	var out []byte
	last := 0
	for _, place := range places {
		e := examples[rng.IntN(len(examples))]
		value := string(e.Value)
		switch rng.IntN(10) {
		case 0:
			value = change(rng, value)
		case 1:
			value = encode(rng, value)
		}
		out = append(append(out, data[last:place]...), between(rng, value)...)
		last = place
		if e.Path != "" {
			path = e.Path
		}
	}
	return path, append(out, data[last:]...)
}

// between puts value where secrets stand: on a line, in quotes, in a URL.
func between(rng *rand.Rand, value string) string {
	around := [...][2]string{
		{"\n", "\n"}, {"\n", "\n"}, {" ", " "}, {"", ""}, {`"`, `"`}, {"'", "',"}, {"`", "`"}, {"\r\n", "\r\n"}, {"\n\n", "\n\n"},
		{"?token=", "&x=1"}, {"(", ")"}, {"\t", ";"}, {"<a>", "</a>"}, {`\n`, `\n`}, {"export KEY=", "\n"}, {`{"secret": "`, `"}`},
	}
	pair := around[rng.IntN(len(around))]
	return pair[0] + value + pair[1]
}

// foldings are letters that are equal to ASCII letters only in another case.
var foldings = strings.NewReplacer("k", "\u212a", "K", "\u212a", "s", "\u017f", "S", "\u017f", "i", "\u0130")

// change alters a byte or a few of s.
func change(rng *rand.Rand, s string) string {
	if s == "" {
		return s
	}
	i := rng.IntN(len(s))
	from, at, to := s[:i], s[i:i+1], s[i+1:]
	switch rng.IntN(10) {
	case 0:
		return from + to
	case 1:
		return from + at + at + to
	case 2:
		return from + string("\n\r\t \x00-_.=/"[rng.IntN(10)]) + to
	case 3:
		return from
	case 4:
		return from + foldings.Replace(at+to)
	case 5:
		return from + strings.ToUpper(at+to)
	case 6:
		return from + strings.ToLower(at+to)
	case 7:
		return s + string("aZ9-_=/+"[rng.IntN(8)])
	default:
		return from + string(rune(rng.IntN(128))) + to
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
