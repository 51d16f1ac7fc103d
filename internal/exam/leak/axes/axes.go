// Package axes makes the vectors of the leak exam. A vector is a point on four
// axes: which secret, in what encoding, at what place, in what chunks. Not every
// combination makes sense (a cookie holds no quoted-printable); of those that do,
// [Vectors] takes so many that each pair of values of two axes is there at least
// once.
//
// Everything follows from the seed: the same one gives the same vectors.
package axes

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// point is a combination of the axes' values, which index the tables.
type point struct{ secret, encoding, place, chunking int }

// sensible reports whether a point makes sense: one group of places bears the
// secret and the encoding, and there is an escape where one is to be cut.
func (p point) sensible() bool {
	s, e, at := &secrets[p.secret], &encodings[p.encoding], &places[p.place]
	if chunkings[p.chunking].name == insideEscape && e.escape == "" {
		return false
	}
	return slices.ContainsFunc(at.groups, func(g string) bool {
		return slices.Contains(s.places, g) && slices.Contains(e.places, g)
	})
}

func (p point) axes() vector.Axes {
	return vector.Axes{
		Secret: secrets[p.secret].name, Encoding: encodings[p.encoding].name,
		Place: places[p.place].name, Chunking: chunkings[p.chunking].name,
	}
}

// Vectors returns the vectors that a seed makes, sorted by secret and id.
func Vectors(seed uint64) (all []vector.Vector) {
	for _, p := range cover() {
		all = append(all, p.vector(seed, seed))
	}
	slices.SortFunc(all, func(a, b vector.Vector) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Twins returns, in the order of [Vectors], the inputs that have the same text
// around other secrets of the same form: what a perfect tool could make of them.
func Twins(seed uint64) map[string][]byte {
	twins := map[string][]byte{}
	for _, p := range cover() {
		v := p.vector(seed, seed+1)
		twins[v.ID] = v.Input
	}
	return twins
}

// vector makes the vector at a point; seed decides about its text, secretSeed about
// its secret.
func (p point) vector(seed, secretSeed uint64) vector.Vector {
	s, e, at := &secrets[p.secret], &encodings[p.encoding], &places[p.place]
	a := p.axes()
	v := vector.Vector{ID: strings.Join([]string{a.Secret, a.Encoding, a.Place, a.Chunking}, "/"), Axes: a, Parse: at.parse}
	rng := newRand(seed, "text/"+v.ID)
	m := s.make(newRand(secretSeed, "secret/"+v.ID))
	m.user = pick(rng, "ingrid", "mateusz", "yara", "kofi", "sunniva")
	in := at.fill(e, m, rng)
	v.Stay = in.stay
	if at.frame != nil {
		in.framed = at.frame(in.framed)
	}
	if e.whole != nil {
		in.framed = framed{e.whole(in.text), len(e.whole(in.text[:in.from])), len(e.whole(in.text[:in.to]))}
		v.Parse = "utf-16"
	}
	v.Input = []byte(in.text)
	v.Chunks = chunkings[p.chunking].lengths(in.framed, e.escape, rng)
	v.Vanish = m.vanish
	lone := e.blind && (!at.named || s.vague) && !slices.Contains(at.groups, basic)
	if s.told || s.context && lone {
		for i, secret := range m.vanish {
			v.Known = append(v.Known, vector.Known{Name: fmt.Sprintf("exam/%s/%d", s.name, i+1), Value: secret})
		}
	}
	return v
}

// newRand returns a generator for one purpose.
func newRand(seed uint64, purpose string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// filled is the input of a vector before it is framed.
type filled struct {
	framed
	stay []string
}

// fill puts the secret in its encoding into the form of a place.
func (at *place) fill(e *encoding, m material, rng *rand.Rand) (in filled) {
	written := m
	switch {
	case at.bare:
		written.text = m.bare
	case at.named:
		written.text = m.value
	}
	payload := e.write(&written)
	own := slices.ContainsFunc(at.groups, func(g string) bool { return slices.Contains(e.own, g) })
	if at.escape != nil && !own {
		payload = at.escape(payload)
	}
	if at.outer != nil {
		payload = at.outer(payload)
	}
	values := strings.NewReplacer("{field}", m.field, "{Field}", goName(m.field), "{user}", m.user,
		"{host}", fmt.Sprintf("pay-%d.example.net", rng.IntN(90)+10), "{id}", fmt.Sprintf("%d-%d", rng.IntN(9000)+1000, rng.IntN(90)+10))
	form := values.Replace(at.form)
	before, after, _ := strings.Cut(form, "{}")
	if strings.HasSuffix(before, "{") && strings.HasPrefix(after, "}") { // PWD={{}}: the inner pair is the mark
		before, after = form[:strings.Index(form, "{{}}")+1], form[strings.Index(form, "{{}}")+3:]
	}
	for _, piece := range strings.Split(form, "‹")[1:] {
		kept, _, _ := strings.Cut(piece, "›")
		in.stay = append(in.stay, kept)
	}
	marks := strings.NewReplacer("‹", "", "›", "")
	before, after = marks.Replace(before), marks.Replace(after)
	in.framed = framed{before + payload + after, len(before), len(before) + len(payload)}
	return in
}

// goName returns a field's name in the style of Go.
func goName(field string) (name string) {
	for _, word := range strings.Split(field, "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}
