package automaton

import "slices"

// Building a state takes as long as reading a kilobyte through states that are
// there. So that no text can make a Runner build them all the time, it has a credit
// of transitions to build, which grows with the text it is given. Without credit it
// gives up a run as soon as all rules that are left in it have tails of limited
// length, and reports them as if they might match.
const (
	firstCredit    = 4096
	mostCredit     = 4096
	bytesPerCredit = 256
)

// Runner runs a DFA and extends it. It is not safe for concurrent use.
type Runner struct {
	base   *DFA
	d      *DFA
	b      *builder // nil until a transition is missing
	credit int

	out   []Rule
	known map[checkpoint]ending
	runs  []checkpoint // passed by the present run
	read  int

	inSecret []uint8 // by state: 0 not asked, 1 no, 2 yes
}

// NewRunner returns a runner that begins with the states of base.
func NewRunner(base *DFA) *Runner {
	r := &Runner{base: base, credit: firstCredit}
	r.reset()
	return r
}

func (r *Runner) reset() {
	d := *r.base
	d.Table = slices.Clone(d.Table)
	d.Sets = slices.Clip(d.Sets)
	d.Accepts = slices.Clip(d.Accepts)
	r.d, r.b = &d, nil
	r.inSecret = r.inSecret[:0]
}

// Grant lets the runner build that many transitions more.
func (r *Runner) Grant(credit int) { r.credit += credit }

// DFA returns what the runner has built, to be the base of others.
func (r *Runner) DFA() *DFA { return r.d }

// Reset must be called before the first Run on another text, of that many bytes.
func (r *Runner) Reset(size int) {
	r.Feed(size)
	r.Trim()
	clear(r.known)
	r.read = 0
}

// BytesRead returns how many bytes runs have read since Reset.
func (r *Runner) BytesRead() int { return r.read }

func (r *Runner) step(row uint32, class uint8) uint32 {
	if r.b == nil {
		r.b = newBuilder(r.d)
	}
	r.credit--
	return r.b.step(row, class)
}

// every is the distance of checkpoints in bytes, a power of two.
const every = 1 << 8

// checkpoint is a state that a long run had at a multiple of every.
type checkpoint struct {
	at  int
	row uint32
}

// ending is how a run went on from a checkpoint. Runs that meet in a checkpoint
// need not read the text again, so that many long runs over one text read it once.
type ending struct {
	rules []Rule
	end   int
	cut   bool
}

// Outcome is what a run found.
type Outcome struct {
	Rules []Rule // the rules whose tail may match; valid until the next run
	End   int    // of what had to be read
	// Cut tells that the run ended early: every rule that was left is lazy and may
	// match with what was read. Where none does after all, it may with what follows.
	Cut bool
}

// Run reads text from p on.
func (r *Runner) Run(text []byte, p int) Outcome {
	r.runs = r.runs[:0]
	o, read := r.run(text, p, r.out[:0])
	r.out = o.Rules
	r.read += read - p
	for _, passed := range r.runs {
		if r.known == nil {
			r.known = map[checkpoint]ending{}
		}
		r.known[passed] = ending{slices.Clone(o.Rules), o.End, o.Cut}
	}
	return o
}

// run appends the rules to out. It returns how far it has read beside the outcome.
func (r *Runner) run(text []byte, p int, out []Rule) (o Outcome, read int) {
	for row, i := r.Start(), p; ; {
		var status Status
		next := max(i, p+every/2)&^(every-1) + every // checkpoint
		row, i, out, status = r.Advance(row, text[:min(next, len(text))], i, out)
		switch {
		case status == Ended:
			return Outcome{out, i, false}, i
		case status == GaveUp:
			left, longest := r.Left(row, out)
			return Outcome{left, max(i+1, min(p+longest, len(text))), false}, i
		case i == len(text):
			return Outcome{r.AtEnd(row, out), i, false}, i
		}
		if rest, ok := r.known[checkpoint{i, row}]; ok {
			return Outcome{addRules(out, rest.rules), rest.end, rest.cut}, i
		}
		if r.settled(row, out) {
			return Outcome{out, i, true}, i
		}
		r.runs = append(r.runs, checkpoint{i, row})
	}
}

// settled reports whether every rule that is left in a state is lazy and in out.
func (r *Runner) settled(row uint32, out []Rule) bool {
	if len(out) == 0 {
		return false
	}
	for _, at := range r.d.Sets[int(row)/r.d.Classes] {
		if rule := r.d.NFA.Insts[at].Rule; !r.d.NFA.Lazy[rule] || !slices.Contains(out, rule) {
			return false
		}
	}
	return true
}

func addRules(out, more []Rule) []Rule {
	for _, rule := range more {
		out = addRule(out, rule)
	}
	return out
}

func addRule(out []Rule, rule Rule) []Rule {
	if slices.Contains(out, rule) {
		return out
	}
	return append(out, rule)
}
