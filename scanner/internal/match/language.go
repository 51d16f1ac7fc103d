package match

import (
	"regexp/syntax"
	"slices"
)

// Whether a text has a match at all depends only on which strings the expression
// matches, not on what it prefers, nor on where a match starts and ends. So of an
// expression that is only asked that question, groups go, what is optional at
// either end goes, and branches that begin alike are tried together.

// language returns a simplified tree that matches somewhere in a text exactly
// when re does.
func language(re *syntax.Regexp) *syntax.Regexp {
	re = simplify(ungroup(re))
	return factor(shorten(shorten(re, true), false))
}

// ungroup takes the groups out of re.
func ungroup(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpCapture {
		return ungroup(re.Sub[0])
	}
	if len(re.Sub) == 0 {
		return re
	}
	return with(re, mapSubs(re, ungroup))
}

// with returns re with other operands; concatenations are flattened.
func with(re *syntax.Regexp, subs []*syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpConcat {
		var flat []*syntax.Regexp
		for _, sub := range subs {
			flat = append(flat, items(sub)...)
		}
		subs = flat
	}
	return &syntax.Regexp{Op: re.Op, Flags: re.Flags, Min: re.Min, Max: re.Max, Sub: subs}
}

// items returns the parts of a concatenation.
func items(re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat:
		return re.Sub
	case syntax.OpEmptyMatch:
		return nil
	}
	return []*syntax.Regexp{re}
}

func mapSubs(re *syntax.Regexp, f func(*syntax.Regexp) *syntax.Regexp) []*syntax.Regexp {
	subs := make([]*syntax.Regexp, len(re.Sub))
	for i, sub := range re.Sub {
		subs[i] = f(sub)
	}
	return subs
}

// shorten cuts what is optional off the beginning of re, or off its end.
func shorten(re *syntax.Regexp, front bool) *syntax.Regexp {
	if nullable(re, false) {
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	switch re.Op {
	case syntax.OpRepeat:
		return repeat(re.Sub[0], re.Min, re.Min, re.Flags)
	case syntax.OpPlus:
		return shorten(re.Sub[0], front)
	case syntax.OpAlternate:
		return with(re, mapSubs(re, func(sub *syntax.Regexp) *syntax.Regexp { return shorten(sub, front) }))
	case syntax.OpConcat:
		subs, end := slices.Clone(re.Sub), 0
		for front && nullable(subs[0], false) {
			subs = subs[1:]
		}
		for !front && nullable(subs[len(subs)-1], false) {
			subs = subs[:len(subs)-1]
		}
		if !front {
			end = len(subs) - 1
		}
		subs[end] = shorten(subs[end], front)
		return concat(subs)
	}
	return re
}

// factor joins branches of re that begin with the same part: ab|c|ad becomes
// a(?:b|d)|c.
func factor(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpConcat {
		return with(re, mapSubs(re, factor))
	}
	if re.Op != syntax.OpAlternate {
		return re
	}
	var heads []*syntax.Regexp
	tails := map[*syntax.Regexp][]*syntax.Regexp{}
	for _, sub := range re.Sub {
		head, tail := &syntax.Regexp{Op: syntax.OpEmptyMatch}, items(sub)
		if len(tail) > 0 {
			head, tail = tail[0], tail[1:]
		}
		if at := slices.IndexFunc(heads, head.Equal); at >= 0 {
			head = heads[at]
		} else {
			heads = append(heads, head)
		}
		tails[head] = append(tails[head], concat(tail))
	}
	for i, head := range heads {
		tail := tails[head][0]
		if len(tails[head]) > 1 && slices.ContainsFunc(tails[head], func(t *syntax.Regexp) bool { return len(t.Sub) > 0 }) {
			tail = factor(&syntax.Regexp{Op: syntax.OpAlternate, Sub: tails[head]})
		}
		heads[i] = concat(append([]*syntax.Regexp{head}, items(tail)...))
	}
	return with(re, heads)
}
