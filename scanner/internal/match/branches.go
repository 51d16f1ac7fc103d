package match

import "regexp/syntax"

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
