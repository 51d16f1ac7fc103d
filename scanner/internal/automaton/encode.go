package automaton

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// MarshalBinary encodes a DFA with its NFA: numbers in little-endian order, lists
// with their lengths in front. It exists since decoding a hundred thousand small
// structures field by field takes longer than a small scan.
func (d *DFA) MarshalBinary() ([]byte, error) {
	e := encoder(slices.Clone(d.Class[:]))
	e.number(d.Classes)
	e.number(int(d.Start))
	e.list(len(d.Table), func(i int) { e.number(int(d.Table[i])) })
	e.list(len(d.Sets), func(i int) {
		e.list(len(d.Sets[i]), func(j int) { e.number(int(d.Sets[i][j])) })
		e.list(len(d.Accepts[i]), func(j int) { e.number(int(d.Accepts[i][j])) })
	})
	n := d.NFA
	e.list(len(n.Insts), func(i int) {
		in := &n.Insts[i]
		secret := 0
		if in.Secret {
			secret = 1 << 8
		}
		e.number(int(in.Op) | secret | int(in.Rule)<<16)
		e.number(int(in.Set))
		e.number(int(in.A))
		e.number(int(in.B))
	})
	e.list(len(n.Starts), func(i int) { e.number(int(n.Starts[i])) })
	e.list(len(n.Longest), func(i int) { e.number(n.Longest[i]) })
	e.list(len(n.Lazy), func(i int) {
		lazy := 0
		if n.Lazy[i] {
			lazy = 1
		}
		e.number(lazy)
	})
	e.list(len(n.Sets), func(i int) {
		for _, w := range n.Sets[i] {
			e.number(int(w & (1<<32 - 1)))
			e.number(int(w >> 32))
		}
	})
	return e, nil
}

// UnmarshalBinary decodes what MarshalBinary has encoded. It does not check that
// the numbers make sense.
func (d *DFA) UnmarshalBinary(text []byte) error {
	n := &NFA{}
	*d = DFA{NFA: n}
	e := decoder{text: text[copy(d.Class[:], text):]}
	d.Classes, d.Start = int(e.number()), e.number()
	d.Table = make([]uint32, e.length())
	for i := range d.Table {
		d.Table[i] = e.number()
	}
	d.Sets = make([][]int32, e.length())
	d.Accepts = make([][]Rule, len(d.Sets))
	for i := range d.Sets {
		d.Sets[i] = numbers[int32](&e)
		d.Accepts[i] = numbers[Rule](&e)
	}
	n.Insts = make([]inst, e.length())
	for i := range n.Insts {
		first := e.number()
		n.Insts[i] = inst{op(first), first>>8&1 == 1, Rule(first >> 16), uint16(e.number()), int32(e.number()), int32(e.number())}
	}
	n.Starts = numbers[int32](&e)
	n.Longest = numbers[int](&e)
	for _, lazy := range numbers[int](&e) {
		n.Lazy = append(n.Lazy, lazy == 1)
	}
	n.Sets = make([]byteset.Set, e.length())
	for i := range n.Sets {
		for j := range n.Sets[i] {
			n.Sets[i][j] = uint64(e.number()) | uint64(e.number())<<32
		}
	}
	return e.err
}

type encoder []byte

func (e *encoder) number(n int) { *e = binary.LittleEndian.AppendUint32(*e, uint32(n)) }

func (e *encoder) list(length int, element func(i int)) {
	e.number(length)
	for i := range length {
		element(i)
	}
}

type decoder struct {
	text []byte
	err  error
}

func (d *decoder) number() uint32 {
	if len(d.text) < 4 {
		d.err = errors.New("automaton: encoded form ends early")
		return 0
	}
	n := binary.LittleEndian.Uint32(d.text)
	d.text = d.text[4:]
	return n
}

// length reads the length of a list, every element of which takes four bytes or
// more.
func (d *decoder) length() int {
	n := int(d.number())
	if n > len(d.text)/4 {
		d.err = errors.New("automaton: encoded form has a list longer than itself")
		return 0
	}
	return n
}

func numbers[T int | int32 | Rule](d *decoder) []T {
	list := make([]T, d.length())
	for i := range list {
		list[i] = T(d.number())
	}
	return list
}
