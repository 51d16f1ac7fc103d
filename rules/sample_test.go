package rules_test

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
)

// sampler makes random texts that an expression matches.
type sampler struct {
	re  *syntax.Regexp
	rng *rand.Rand
	out strings.Builder
}

func newSampler(source string) *sampler {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		panic(err) // the source is a loaded rule's
	}
	return &sampler{re: re, rng: rand.New(rand.NewPCG(1, 2))}
}

func (s *sampler) sample() string {
	s.out.Reset()
	s.write(s.re)
	return s.out.String()
}

// write appends a match of re. What may be left out mostly is, and what may go on
// mostly stops.
func (s *sampler) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			s.out.WriteRune(r)
		}
	case syntax.OpCharClass:
		s.out.WriteRune(s.pick(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		s.out.WriteByte('a')
	case syntax.OpCapture:
		s.write(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			s.write(sub)
		}
	case syntax.OpAlternate:
		s.write(re.Sub[s.rng.IntN(len(re.Sub))])
	case syntax.OpStar, syntax.OpQuest:
		s.repeat(re.Sub[0], 0, 1)
	case syntax.OpPlus:
		s.repeat(re.Sub[0], 1, 20)
	case syntax.OpRepeat:
		most := re.Max
		if most < 0 || most > re.Min+3 {
			most = re.Min + 3
		}
		s.repeat(re.Sub[0], re.Min, most)
	}
}

func (s *sampler) repeat(re *syntax.Regexp, least, most int) {
	for range least + s.rng.IntN(most-least+1) {
		s.write(re)
	}
}

// pick returns a letter or digit of a class if it has one, else any of its runes.
func (s *sampler) pick(ranges []rune) rune {
	var word, other []rune
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], '~'); r++ {
			if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
				word = append(word, r)
			} else {
				other = append(other, r)
			}
		}
	}
	if len(word) == 0 {
		word = other
	}
	return word[s.rng.IntN(len(word))]
}
