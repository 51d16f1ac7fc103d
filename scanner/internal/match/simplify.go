package match

import (
	"regexp/syntax"
	"slices"
)

// simplify returns re with every repetition that is more than a repetition of one
// class written out, as syntax.Regexp.Simplify does: priorities, and what a
// group captures, depend on that form. A repetition of one class becomes an
// OpRepeat, whatever it was.
func simplify(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture, syntax.OpConcat, syntax.OpAlternate:
		subs := make([]*syntax.Regexp, len(re.Sub))
		for i, sub := range re.Sub {
			subs[i] = simplify(sub)
		}
		return &syntax.Regexp{Op: re.Op, Flags: re.Flags, Cap: re.Cap, Sub: subs}
	case syntax.OpStar:
		return repeat(simplify(re.Sub[0]), 0, -1, re.Flags)
	case syntax.OpPlus:
		return repeat(simplify(re.Sub[0]), 1, -1, re.Flags)
	case syntax.OpQuest:
		return repeat(simplify(re.Sub[0]), 0, 1, re.Flags)
	case syntax.OpRepeat:
		return repeat(simplify(re.Sub[0]), re.Min, re.Max, re.Flags)
	}
	return re
}

// repeat returns sub repeated between min and max times; a max of -1 means
// without limit.
func repeat(sub *syntax.Regexp, min, max int, flags syntax.Flags) *syntax.Regexp {
	switch {
	case max == 0:
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case min == 1 && max == 1:
		return sub
	case classOf(sub) != nil:
		return &syntax.Regexp{
			Op: syntax.OpRepeat, Min: min, Max: max, Flags: flags & syntax.NonGreedy, Sub: []*syntax.Regexp{sub},
		}
	}
	return expand(sub, min, max, flags)
}

// expand writes a repetition out with nothing but *, + and ?: x{2,5} becomes
// xx(x(x(x)?)?)?, and x{2,} becomes xx+.
func expand(sub *syntax.Regexp, min, max int, flags syntax.Flags) *syntax.Regexp {
	switch {
	case min == 0 && max < 0:
		return unary(syntax.OpStar, sub, flags)
	case min == 1 && max < 0:
		return unary(syntax.OpPlus, sub, flags)
	case max < 0:
		return concat(append(copies(sub, min-1), unary(syntax.OpPlus, sub, flags)))
	case min == 1 && max == 1:
		return sub
	case min == max:
		return concat(copies(sub, min))
	}
	optional := unary(syntax.OpQuest, sub, flags)
	for range max - min - 1 {
		optional = unary(syntax.OpQuest, concat([]*syntax.Regexp{sub, optional}), flags)
	}
	if min == 0 {
		return optional
	}
	return concat(append(copies(sub, min), optional))
}

// unary applies an operator. Nothing repeated is nothing, and the operators are
// idempotent.
func unary(op syntax.Op, sub *syntax.Regexp, flags syntax.Flags) *syntax.Regexp {
	same := sub.Flags&syntax.NonGreedy == flags&syntax.NonGreedy
	if sub.Op == syntax.OpEmptyMatch || same && operator(sub) == op {
		return sub
	}
	return &syntax.Regexp{Op: op, Flags: flags & syntax.NonGreedy, Sub: []*syntax.Regexp{sub}}
}

// operator returns the operator at the root of re, seeing through the OpRepeat
// that stands for the operators on a class.
func operator(re *syntax.Regexp) syntax.Op {
	if re.Op == syntax.OpRepeat {
		switch {
		case re.Min == 0 && re.Max < 0:
			return syntax.OpStar
		case re.Min == 1 && re.Max < 0:
			return syntax.OpPlus
		case re.Min == 0 && re.Max == 1:
			return syntax.OpQuest
		}
	}
	return re.Op
}

func concat(subs []*syntax.Regexp) *syntax.Regexp {
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: subs}
}

func copies(sub *syntax.Regexp, n int) []*syntax.Regexp {
	subs := make([]*syntax.Regexp, n, n+1)
	for i := range subs {
		subs[i] = sub
	}
	return subs
}

// nullable reports whether re can match nothing. Assertions are taken to hold, or
// not to, as given.
func nullable(re *syntax.Regexp, assertions bool) bool {
	switch re.Op {
	case syntax.OpNoMatch, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpLiteral:
		return len(re.Rune) == 0
	case syntax.OpEmptyMatch, syntax.OpStar, syntax.OpQuest:
		return true
	case syntax.OpCapture, syntax.OpPlus:
		return nullable(re.Sub[0], assertions)
	case syntax.OpRepeat:
		return re.Min == 0
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !nullable(sub, assertions) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return nullable(sub, assertions) })
	}
	return assertions
}
