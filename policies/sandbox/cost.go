package sandbox

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// length returns the bytes of a text, or 0 for what is none: the builtin itself
// complains about that.
func length(t *ast.Term) int {
	s, _ := t.Value.(ast.String)
	return len(s)
}

// each calls use with the elements of a set or list until it returns true.
func each(v ast.Value, use func(*ast.Term) bool) {
	switch list := v.(type) {
	case *ast.Array:
		list.Until(use)
	case ast.Set:
		list.Until(use)
	}
}

// count returns the elements of a set, list or object.
func count(v ast.Value) int {
	if list, ok := v.(interface{ Len() int }); ok {
		return list.Len()
	}
	return 0
}

// weigh returns how many values there are within v, if one that occurs twice counts
// twice: [x, x] may double what x weighs and need no memory, and whoever compares,
// copies or prints it takes the time for both. It stops at budget. A text counts by
// its length, too.
func weigh(v ast.Value, budget int) int {
	switch v := v.(type) {
	case ast.String:
		return 1 + len(v)/32
	case *ast.Array, ast.Set:
		n := 1
		each(v, func(t *ast.Term) bool { n += weigh(t.Value, budget-n); return n >= budget })
		return n
	case ast.Object:
		n := 1
		v.Until(func(k, t *ast.Term) bool {
			n += weigh(k.Value, budget-n)
			n += weigh(t.Value, budget-n)
			return n >= budget
		})
		return n
	}
	return 1
}

func limitTree(o []*ast.Term) error {
	n := 0
	for _, t := range o {
		if n += weigh(t.Value, maxNodes-n); n >= maxNodes {
			return fmt.Errorf("the operands have more than %d values within one another", maxNodes)
		}
	}
	return nil
}

// limitCompare takes what is compared with each other: the smaller one counts.
func limitCompare(o []*ast.Term) error {
	if weigh(o[0].Value, maxNodes) < maxNodes || weigh(o[1].Value, maxNodes) < maxNodes {
		return nil
	}
	return fmt.Errorf("both operands have more than %d values within one another", maxNodes)
}

func limitMember(element, collection *ast.Term) error {
	if ast.IsScalar(element.Value) {
		return nil
	}
	return firstOf(limitTree([]*ast.Term{element}), limitWork(weigh(element.Value, maxNodes), count(collection.Value)))
}

// limitPrinted is for what writes its operands out: a text as long as it is, any
// other value in at most 32 bytes.
func limitPrinted(o []*ast.Term) error {
	n := 0
	for _, t := range o {
		n += weigh(t.Value, maxText/32)
	}
	return limitLength(n * 32)
}

// grows is for builtins that write up to factor bytes for each of the operand's.
func grows(factor int) func([]*ast.Term) error {
	return func(o []*ast.Term) error { return limitLength(factor * length(o[0])) }
}

func limitConcat(o []*ast.Term) error {
	total, parts := 0, 0
	each(o[1].Value, func(t *ast.Term) bool { total += length(t); parts++; return false })
	return limitLength(total + parts*length(o[0]))
}

func limitReplace(o []*ast.Term) error {
	return firstOf(limitPair(o), limitLength(length(o[0])+(length(o[0])/max(1, length(o[1]))+1)*length(o[2])))
}

func limitReplaceN(o []*ast.Term) error {
	longest, total := 0, 0
	if patterns, ok := o[0].Value.(ast.Object); ok {
		patterns.Foreach(func(from, to *ast.Term) { longest = max(longest, length(to)); total += length(from) })
	}
	return firstOf(limitWork(length(o[1]), total), limitLength(length(o[1])+(length(o[1])+1)*longest))
}

// limitSprintf adds up what the verbs can write: widths and precisions, and the
// longest operand for each verb.
func limitSprintf(o []*ast.Term) error {
	if err := limitPrinted(o[1:]); err != nil {
		return err
	}
	longest := 0
	each(o[1].Value, func(t *ast.Term) bool {
		if s, ok := t.Value.(ast.String); ok {
			longest = max(longest, len(s))
		} else {
			longest = max(longest, len(t.String()))
		}
		return false
	})
	format, _ := o[0].Value.(ast.String)
	total, number := len(format), 0
	for _, c := range format {
		switch {
		case c >= '0' && c <= '9':
			number = min(number*10+int(c-'0'), maxText+1)
			continue
		case c == '*':
			return errors.New("a width taken from the operands (*) is not allowed")
		case c == '%':
			total += 6 * longest // %q escapes
		}
		total, number = min(total+number, 2*maxText), 0
	}
	return limitLength(total)
}

// limitTimeFormat looks at the layout, of which one letter may become nine.
func limitTimeFormat(o []*ast.Term) error {
	if list, ok := o[0].Value.(*ast.Array); ok && list.Len() > 2 {
		return limitLength(9 * length(list.Elem(2)))
	}
	return nil
}

// limitPaths is for the paths of JSON that become a tree of their own.
func limitPaths(o []*ast.Term) error { return limitWork(8192, weigh(o[1].Value, maxNodes)) }

// limitShort is for texts that a slow parser reads.
func limitShort(o []*ast.Term) error { return limitWork(4096, length(o[0])) }

func limitArrays(o []*ast.Term) error { return limitElements(count(o[0].Value) + count(o[1].Value)) }

func limitFlatten(o []*ast.Term) error {
	n := 0
	each(o[0].Value, func(t *ast.Term) bool { n += max(1, count(t.Value)); return n > maxList })
	return limitElements(n)
}

func limitSplit(o []*ast.Term) error {
	text, _ := o[0].Value.(ast.String)
	separator, _ := o[1].Value.(ast.String)
	return limitElements(1 + strings.Count(string(text), string(separator)))
}

func limitPair(o []*ast.Term) error { return limitWork(length(o[0]), length(o[1])) }

func limitPairs(o []*ast.Term) error {
	return firstOf(limitPair(o), limitElements(length(o[0])))
}

func limitSubset(o []*ast.Term) error {
	return firstOf(limitCompare(o), limitWork(count(o[0].Value), count(o[1].Value)))
}

// limitNetworks compares each network with each other one. A pair costs as much as
// 32768 bytes: both are read anew, and OPA keeps pairs of small numbers badly.
func limitNetworks(o []*ast.Term) error {
	return limitWork(1<<15*max(1, count(o[0].Value)), max(1, count(o[1].Value)))
}

func limitMerge(o []*ast.Term) error { return limitWork(4096, count(o[0].Value)) }

// limitGraph is for OPA's search, which comes to a node once for each edge to it and
// then follows all of its edges.
func limitGraph(o []*ast.Term) error {
	edges, widest := 0, 0
	if graph, ok := o[0].Value.(ast.Object); ok {
		graph.Foreach(func(_, to *ast.Term) {
			n := count(to.Value)
			edges, widest = edges+n, max(widest, n)
		})
	}
	return limitWork(edges+count(o[1].Value), widest)
}

// limitRegex is for builtins that match the first operand, a regular expression, in
// the second. That takes a step for each of its instructions at each byte, and what
// is made of a match weighs.
func limitRegex(weight int) func([]*ast.Term) error {
	return func(o []*ast.Term) error {
		size, err := regexSize(o[0])
		if err != nil || len(o) < 2 {
			return err
		}
		return limitWork(4*size, weight*length(o[1]))
	}
}

// limitRegexReplace has the text first. $1 in the replacement may stand for all of
// it, but no more than that in all matches together.
func limitRegexReplace(o []*ast.Term) error {
	size, err := regexSize(o[1])
	return firstOf(err, limitWork(4*size, length(o[0])),
		limitLength((length(o[0])+1)*(length(o[2])+1)))
}

const (
	maxPattern   = 4096    // bytes of a regular expression
	maxRegexSize = 1 << 14 // its instructions; OPA keeps a hundred of them
)

// regexSize returns about how many instructions the regular expression becomes:
// its length, unless it counts, as a{1000} does.
func regexSize(t *ast.Term) (int, error) {
	text, _ := t.Value.(ast.String)
	size := len(text)
	if size <= maxPattern && strings.Contains(string(text), "{") {
		tree, err := syntax.Parse(string(text), syntax.Perl)
		if err != nil {
			return size, nil // for the builtin to complain about
		}
		size = instructions(tree)
	}
	if size > maxRegexSize || len(text) > maxPattern {
		return 0, errors.New("the regular expression is too large")
	}
	return size, nil
}

func instructions(re *syntax.Regexp) int {
	n := 2
	if re.Op == syntax.OpLiteral {
		n += len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += instructions(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return n
}
