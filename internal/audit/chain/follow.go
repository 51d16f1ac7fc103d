package chain

// follower reads one chain, line after line over all its files.
type follower struct {
	chain  string
	report *reporter
	pins   map[uint64]Hash // what checkpoints say, by number

	at    State // the last line in order
	place Place // where it stands
	sum   Summary
	// doubt is the line before a link that does not hold: it was altered, or the one
	// after it was. The next link tells which.
	doubt *Place
	// foreign counts lines without a place in any chain since the last one in order:
	// each may be one of the missing.
	foreign uint64
	gaps    []*gap
}

// gap is a range of numbers that has not been seen where it belongs.
type gap struct {
	problem Problem
	left    uint64
}

// line takes the next line of the chain as it stands in the files.
func (f *follower) line(l Line, at Place) {
	f.sum.Lines++
	if f.sum.Lines == 1 {
		f.begin(l, at)
		return
	}
	switch next := f.at.Seq + 1; {
	case l.Prev == f.at.Hash:
		if l.Seq != next {
			f.report.line(Altered, f.chain, at, next)
			l.Seq = next
		}
		f.settle()
	case l.Seq == next:
		f.broken(at)
	case l.Seq > next:
		f.settle()
		f.missing(l.Seq, at)
	default:
		f.late(l, at)
		return
	}
	f.advance(l, at)
}

func (f *follower) begin(l Line, at Place) {
	switch {
	case l.Seq > 1:
		f.report.add(Problem{Kind: CutHead, Chain: f.chain, Place: at, First: 1, Last: l.Seq - 1})
	case l.Prev != Hash{}:
		f.report.line(Altered, f.chain, at, l.Seq)
	}
	f.advance(l, at)
}

func (f *follower) advance(l Line, at Place) {
	f.at, f.place, f.foreign = l.State, at, 0
	f.pinned(l, at)
	if f.sum.First == 0 {
		f.sum.First = l.Seq
	}
	f.sum.Last = max(f.sum.Last, l.Seq)
}

// pinned compares a line with what a checkpoint says of it.
func (f *follower) pinned(l Line, at Place) {
	if want, ok := f.pins[l.Seq]; ok && want != l.Hash {
		f.report.line(Rewritten, f.chain, at, l.Seq)
	}
}

// broken notes that the line at does not hold to the one before it.
func (f *follower) broken(at Place) {
	if f.doubt != nil {
		f.report.line(Altered, f.chain, f.place, f.at.Seq)
		f.doubt = nil
		return
	}
	before := f.place
	f.doubt = &before
}

// settle decides an open doubt: the line in between is as it was.
func (f *follower) settle() {
	if f.doubt != nil {
		f.report.line(Altered, f.chain, *f.doubt, f.at.Seq-1)
		f.doubt = nil
	}
}

func (f *follower) missing(seq uint64, at Place) {
	left := seq - f.at.Seq - 1
	if left <= f.foreign {
		return
	}
	kind := Missing
	if at.File != f.place.File {
		kind = MissingFile
	}
	f.gaps = append(f.gaps, &gap{Problem{Kind: kind, Chain: f.chain, Place: at, First: f.at.Seq + 1, Last: seq - 1}, left - f.foreign})
}

// late takes a line whose number has passed.
func (f *follower) late(l Line, at Place) {
	kind := Repeated
	for _, g := range f.gaps {
		if g.problem.First <= l.Seq && l.Seq <= g.problem.Last && g.left > 0 {
			g.left--
			kind = Reordered
		}
	}
	f.report.line(kind, f.chain, at, l.Seq)
	f.pinned(l, at)
}

// finish reports what only the end shows.
func (f *follower) finish() {
	f.settle()
	for _, g := range f.gaps {
		if g.left > 0 {
			f.report.add(g.problem)
		}
	}
	switch {
	case f.sum.Lines == 0:
		f.report.add(Problem{Kind: NoFiles, Chain: f.chain, First: 1, Last: f.sum.Pinned})
	case f.sum.Pinned > f.sum.Last:
		f.report.add(Problem{Kind: CutTail, Chain: f.chain, Place: f.place, First: f.sum.Last + 1, Last: f.sum.Pinned})
	}
}
