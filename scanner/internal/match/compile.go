package match

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// program is an expression made ready for the search. It is immutable.
type program struct {
	insts   []inst
	choices []*choice
	start   int32
	rows    int // how many instructions are opOnce
	loops   int // of how many runs something is remembered
	leads   []lead
	starter starter
}

// lead is a lazy run of a class at the very beginning of an expression.
type lead struct {
	class *class
	max   int
}

// cheap is the number of steps up to which it costs less to try a continuation
// twice than to remember that it failed.
const cheap = 32

// costly is the cost of a continuation that cannot be bounded.
const costly = 1 << 30

// compiler turns a simplified syntax tree into instructions, from the end to the
// beginning, so that what follows an instruction is there before it.
type compiler struct {
	program
	costs  []int           // of every instruction and all that follows it, in steps
	once   map[int32]int32 // instruction → the opOnce that guards it
	cyclic int             // how many loops around here can repeat without consuming anything
}

// compile makes the program of a simplified tree.
func compile(re *syntax.Regexp) *program {
	c := &compiler{once: map[int32]int32{}}
	c.add(inst{op: opFail}, 1)
	c.add(inst{op: opMatch}, 1)
	re, c.leads = cutLeads(re)
	c.start = c.emit(re, pcMatch)
	finish(&c.program)
	return &c.program
}

// cutLeads cuts lazy runs off the beginning of re. What is left is searched for,
// and where its first match stands, at q, the whole expression matches from as
// far back as the runs reach: a start further left would have to reach a q
// further left, because one run that reaches beyond q reaches q as well. For
// several runs that holds when each class contains the one before it.
func cutLeads(re *syntax.Regexp) (*syntax.Regexp, []lead) {
	var cut []lead
	for {
		first, rest := re, &syntax.Regexp{Op: syntax.OpEmptyMatch}
		if re.Op == syntax.OpConcat && len(re.Sub) > 0 {
			first, rest = re.Sub[0], &syntax.Regexp{Op: syntax.OpConcat, Sub: re.Sub[1:]}
		}
		if first.Op != syntax.OpRepeat || first.Min > 0 || first.Flags&syntax.NonGreedy == 0 {
			return re, cut
		}
		run := lead{classOf(first.Sub[0]), runMax(first)}
		if len(cut) > 0 && !cut[len(cut)-1].class.subsetOf(run.class) {
			return re, cut
		}
		re, cut = rest, append(cut, run)
	}
}

func (c *compiler) add(in inst, cost int) int32 {
	c.insts = append(c.insts, in)
	c.costs = append(c.costs, min(cost, costly))
	return int32(len(c.insts) - 1)
}

// guard returns an instruction that goes on to pc only once at each position.
func (c *compiler) guard(pc int32) int32 {
	if c.insts[pc].op == opOnce {
		return pc
	}
	if g, ok := c.once[pc]; ok {
		return g
	}
	g := c.add(inst{op: opOnce, next: pc, arg: int32(c.rows)}, 1)
	c.rows++
	c.once[pc] = g
	return g
}

// join is guard for a continuation that can be reached in several ways; it leaves
// out guards that are not worth it.
func (c *compiler) join(pc int32) int32 {
	if c.costs[pc] <= cheap {
		return pc
	}
	return c.guard(pc)
}

// emit adds the instructions that match re and then go on to next.
func (c *compiler) emit(re *syntax.Regexp, next int32) int32 {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return next
	case syntax.OpLiteral:
		return c.literal(re, next)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return c.rune(classOf(re), next)
	case syntax.OpBeginLine:
		return c.assert(syntax.EmptyBeginLine, next)
	case syntax.OpEndLine:
		return c.assert(syntax.EmptyEndLine, next)
	case syntax.OpBeginText:
		return c.assert(syntax.EmptyBeginText, next)
	case syntax.OpEndText:
		return c.assert(syntax.EmptyEndText, next)
	case syntax.OpWordBoundary:
		return c.assert(syntax.EmptyWordBoundary, next)
	case syntax.OpNoWordBoundary:
		return c.assert(syntax.EmptyNoWordBoundary, next)
	case syntax.OpCapture:
		next = c.capture(2*re.Cap+1, next)
		return c.capture(2*re.Cap, c.emit(re.Sub[0], next))
	case syntax.OpConcat:
		for i := len(re.Sub) - 1; i >= 0; i-- {
			next = c.emit(re.Sub[i], next)
		}
		return next
	case syntax.OpAlternate:
		return c.alternate(re, next)
	case syntax.OpStar, syntax.OpPlus:
		return c.loop(re, next)
	case syntax.OpQuest:
		next = c.join(next)
		return c.branch(c.emit(re.Sub[0], next), next, re.Flags)
	case syntax.OpRepeat:
		return c.run(re, next)
	}
	return pcFail // OpNoMatch
}

func (c *compiler) rune(class *class, next int32) int32 {
	return c.add(inst{op: opRune, class: class, next: next}, 1+c.costs[next])
}

func (c *compiler) assert(what syntax.EmptyOp, next int32) int32 {
	return c.add(inst{op: opAssert, assert: what, next: next}, 1+c.costs[next])
}

func (c *compiler) capture(slot int, next int32) int32 {
	return c.add(inst{op: opCapture, arg: int32(slot), next: next}, 1+c.costs[next])
}

// literal adds strings for the runes of re, and classes for those that are not
// equal to one sequence of bytes: U+FFFD stands for every invalid byte, and case
// folding can leave ASCII.
func (c *compiler) literal(re *syntax.Regexp, next int32) int32 {
	fold := re.Flags&syntax.FoldCase != 0
	for end := len(re.Rune); end > 0; {
		start := end
		for start > 0 && isPlain(re.Rune[start-1], fold) {
			start--
		}
		if start == end {
			start--
			next = c.rune(newClass(orbit(re.Rune[start], fold)), next)
		} else {
			next = c.text(string(re.Rune[start:end]), fold, next)
		}
		end = start
	}
	return next
}

// isPlain reports whether matching r is comparing bytes.
func isPlain(r rune, fold bool) bool {
	if fold {
		return r < utf8.RuneSelf
	}
	return utf8.ValidRune(r) && r != utf8.RuneError
}

func (c *compiler) text(text string, fold bool, next int32) int32 {
	if fold {
		letter := strings.IndexFunc(text, unicode.IsLetter)
		if letter < 0 {
			return c.text(text, false, next)
		}
		in := inst{op: opFold, text: strings.ToLower(text[letter:]), next: next}
		next, text = c.add(in, 1+c.costs[next]), text[:letter]
	}
	if text == "" {
		return next
	}
	return c.add(inst{op: opString, text: text, next: next}, 1+c.costs[next])
}

// run adds the repetition of a class.
func (c *compiler) run(re *syntax.Regexp, next int32) int32 {
	if c.cyclic > 0 {
		return c.emit(expand(re.Sub[0], re.Min, re.Max, re.Flags), next)
	}
	in := inst{op: opGreedy, class: classOf(re.Sub[0]), min: re.Min, max: runMax(re), failed: -1}
	if re.Flags&syntax.NonGreedy != 0 {
		in.op = opLazy
	}
	if in.min == in.max {
		in.op, in.next = opLongest, next
		return c.add(in, in.max+c.costs[next])
	}
	cost := costly
	in.next = c.join(next)
	if in.max != unlimited {
		cost = in.max + (in.max-in.min+1)*c.costs[in.next]
	}
	if in.max == unlimited || in.op == opLazy {
		in.failed = c.loops
		c.loops++
	}
	return c.add(in, cost)
}

func runMax(re *syntax.Regexp) int {
	if re.Max < 0 {
		return unlimited
	}
	return re.Max
}

// alternate adds the branches of re, all of which go on to next.
func (c *compiler) alternate(re *syntax.Regexp, next int32) int32 {
	next = c.join(next)
	var branches []int32
	for _, sub := range re.Sub {
		branches = append(branches, c.emit(sub, next))
	}
	return c.choose(branches)
}

// branch adds the choice between a body and what follows it.
func (c *compiler) branch(body, next int32, flags syntax.Flags) int32 {
	return c.choose(preferred(body, next, flags))
}

// preferred returns body and next in the order in which they are tried.
func preferred(body, next int32, flags syntax.Flags) []int32 {
	if flags&syntax.NonGreedy != 0 {
		body, next = next, body
	}
	return []int32{body, next}
}

// choose adds a choice. Where a loop can come back without having consumed
// anything, which branch it then takes depends on which were taken before; there
// every choice is guarded.
func (c *compiler) choose(branches []int32) int32 {
	switch {
	case len(branches) == 0:
		return pcFail
	case len(branches) == 1:
		return branches[0]
	case len(branches) > maxBranches:
		rest := c.choose(branches[maxBranches-1:])
		branches = append(branches[:maxBranches-1:maxBranches-1], rest)
	}
	cost := 1
	for _, pc := range branches {
		cost += c.costs[pc]
	}
	pc := c.add(inst{op: opAlternate, arg: int32(len(c.choices))}, cost)
	c.choices = append(c.choices, &choice{branches: branches})
	if c.cyclic > 0 {
		return c.guard(pc)
	}
	return pc
}

// loop adds a star or plus of something that is more than a class. As in package
// regexp the star of what can match nothing is (x+)?, which gets the order of
// preference right.
func (c *compiler) loop(re *syntax.Regexp, next int32) int32 {
	sub := re.Sub[0]
	empty := nullable(sub, true)
	if empty && re.Op == syntax.OpStar {
		next = c.join(next)
		plus := &syntax.Regexp{Op: syntax.OpPlus, Flags: re.Flags, Sub: re.Sub}
		return c.branch(c.loop(plus, next), next, re.Flags)
	}
	again := &choice{}
	head := c.add(inst{op: opAlternate, arg: int32(len(c.choices))}, costly)
	c.choices = append(c.choices, again)
	guarded := c.guard(head)
	if empty {
		c.cyclic++
	}
	body := c.emit(sub, guarded)
	if empty {
		c.cyclic--
	}
	again.branches = preferred(body, next, re.Flags)
	if re.Op == syntax.OpStar {
		return guarded
	}
	return body
}
