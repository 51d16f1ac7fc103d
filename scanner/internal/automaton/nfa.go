// Package automaton runs the tails of all rules at once.
//
// From a place that the prefilter marked it reads on, byte by byte, as long as the
// tail of any rule can still match, and tells which rules may have matched and how
// far it had to look. It errs on one side only: every true match is reported, some
// that a rule's expression then refuses are too. (A word boundary is taken to
// hold, and a byte beyond ASCII to be any part of any rune beyond ASCII.)
//
// The automaton is a DFA built while it runs ([Runner]), from a base that was
// built in advance by running over ordinary text, so that a first small input
// finds its states ready.
package automaton

import (
	"math"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/scanner/internal/anchor"
	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// Rule is the number of a rule, chosen by the caller.
type Rule = uint16

type op uint8

const (
	opByte  op = iota // consume one byte of Set, go to A
	opSplit           // go to A and to B
	opEnd             // go to A at the end of the text only
	opMatch           // Rule may have matched
	opFail
)

// inst is one instruction of the NFA.
type inst struct {
	Op op
	// Secret tells that what is consumed or waited for here is part of a secret, or
	// behind one.
	Secret bool
	Rule   Rule
	Set    uint16 // of opByte: its place in NFA.Sets
	A, B   int32
}

// NFA is the union of tails. It is built by one goroutine, then immutable.
type NFA struct {
	Insts   []inst
	Starts  []int32
	Sets    []byteset.Set
	Longest []int  // by rule: the greatest length of its tails in bytes
	Lazy    []bool // by rule: see Tails

	rule   Rule
	secret bool // of the element that is being built
	made   map[node]int32
	setAt  map[byteset.Set]uint16
}

// node is an element of an expression and what follows it.
type node struct {
	re   *syntax.Regexp
	next int32
}

// Unlimited is the length of tails without a limit.
const Unlimited = math.MaxInt32

// Tails are the tails of a rule.
type Tails struct {
	// List has each tail as a concatenation. Elements that tails share at their end
	// are built once.
	List    [][]*syntax.Regexp
	Longest int // how many bytes the longest of them can match, or Unlimited
	// Lazy tells that of several ends of a match in a text the first is taken, so
	// that a run which has seen one need not go on.
	Lazy bool
}

// Add adds the tails of a rule.
func (n *NFA) Add(rule Rule, tails Tails) {
	for len(n.Longest) <= int(rule) {
		n.Longest, n.Lazy = append(n.Longest, 0), append(n.Lazy, false)
	}
	n.Longest[rule], n.Lazy[rule] = tails.Longest, tails.Lazy
	n.rule, n.made = rule, map[node]int32{}
	match := n.add(inst{Op: opMatch})
	for _, tail := range tails.List {
		n.Starts = append(n.Starts, n.concat(tail, match))
	}
	n.made = nil
}

// consume adds an instruction that consumes a byte of set.
func (n *NFA) consume(set byteset.Set, next int32) int32 {
	at, ok := n.setAt[set]
	if !ok {
		if n.setAt == nil {
			n.setAt = map[byteset.Set]uint16{}
		}
		at = uint16(len(n.Sets))
		n.setAt[set] = at
		n.Sets = append(n.Sets, set)
	}
	return n.add(inst{Op: opByte, Secret: n.secret, Set: at, A: next})
}

func (n *NFA) add(in inst) int32 {
	in.Rule = n.rule
	n.Insts = append(n.Insts, in)
	return int32(len(n.Insts) - 1)
}

func (n *NFA) concat(seq []*syntax.Regexp, next int32) int32 {
	for i := len(seq) - 1; i >= 0; i-- {
		next = n.element(seq[i], next)
	}
	return next
}

// element returns the entry of re followed by next.
func (n *NFA) element(re *syntax.Regexp, next int32) int32 {
	key := node{re, next}
	entry, ok := n.made[key]
	if !ok {
		secret := n.secret
		n.secret = re.Flags&anchor.Secret != 0
		entry = n.build(re, next)
		n.secret = secret
		n.made[key] = entry
	}
	return entry
}

func (n *NFA) build(re *syntax.Regexp, next int32) int32 {
	switch re.Op {
	case syntax.OpNoMatch:
		return n.add(inst{Op: opFail})
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpBeginText, syntax.OpEndLine,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return next
	case syntax.OpEndText:
		return n.add(inst{Op: opEnd, Secret: n.secret, A: next})
	case syntax.OpLiteral:
		for i := len(re.Rune) - 1; i >= 0; i-- {
			next = n.runes(byteset.Literal(re.Rune[i], re.Flags), next)
		}
		return next
	case syntax.OpCharClass:
		return n.runes(re.Rune, next)
	case syntax.OpAnyChar:
		return n.runes([]rune{0, unicode.MaxRune}, next)
	case syntax.OpAnyCharNotNL:
		return n.runes([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}, next)
	case syntax.OpCapture:
		return n.element(re.Sub[0], next)
	case syntax.OpConcat:
		return n.concat(re.Sub, next)
	case syntax.OpAlternate:
		entry := n.element(re.Sub[len(re.Sub)-1], next)
		for i := len(re.Sub) - 2; i >= 0; i-- {
			entry = n.add(inst{Op: opSplit, A: n.element(re.Sub[i], next), B: entry})
		}
		return entry
	case syntax.OpStar:
		return n.repeat(re.Sub[0], 0, -1, next)
	case syntax.OpPlus:
		return n.repeat(re.Sub[0], 1, -1, next)
	case syntax.OpQuest:
		return n.repeat(re.Sub[0], 0, 1, next)
	case syntax.OpRepeat:
		return n.repeat(re.Sub[0], re.Min, re.Max, next)
	}
	panic("automaton: unknown operation " + re.Op.String())
}

func (n *NFA) repeat(re *syntax.Regexp, least, most int, next int32) int32 {
	if most < 0 {
		loop := n.add(inst{Op: opSplit, B: next})
		n.Insts[loop].A = n.element(re, loop)
		next = loop
	}
	exit := next
	for i := most; i > least; i-- {
		next = n.add(inst{Op: opSplit, A: n.element(re, next), B: exit})
	}
	for range least {
		next = n.element(re, next)
	}
	return next
}

// runes consumes a rune of ranges. Few runes beyond ASCII, such as the Kelvin sign
// that a folded k stands for, are spelled out; of more any bytes beyond ASCII, in
// any number, are taken for one.
func (n *NFA) runes(ranges []rune, next int32) int32 {
	set := byteset.OfRanges(ranges)
	high := set.Minus(ascii)
	if high.Len() == 0 {
		return n.consume(set, next)
	}
	few := runesBeyondASCII(ranges, maxSpelled)
	if few == nil {
		entry := n.add(inst{Op: opSplit})
		n.Insts[entry].A = n.consume(set, next)
		n.Insts[entry].B = n.consume(high, entry)
		return entry
	}
	entry := n.consume(set.Minus(high), next)
	for _, r := range few {
		at := next
		for _, b := range slices.Backward(utf8.AppendRune(nil, r)) {
			var one byteset.Set
			one.Add(b)
			at = n.consume(one, at)
		}
		entry = n.add(inst{Op: opSplit, A: entry, B: at})
	}
	return entry
}

const maxSpelled = 4

var ascii = byteset.OfRanges([]rune{0, 0x7f})

// runesBeyondASCII lists the runes of ranges from 0x80 up; nil if there are more
// than most.
func runesBeyondASCII(ranges []rune, most int) (list []rune) {
	for i := 0; i < len(ranges); i += 2 {
		for r := max(ranges[i], 0x80); r <= ranges[i+1]; r++ {
			if len(list) == most {
				return nil
			}
			list = append(list, r)
		}
	}
	return list
}
