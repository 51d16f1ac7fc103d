package automaton

import "slices"

// Runner runs a DFA and extends it. It is not safe for concurrent use.
type Runner struct {
	base *DFA
	d    *DFA
	b    *builder // nil until a transition is missing

	out   []Rule
	known map[checkpoint]ending
	runs  []checkpoint // passed by the present run
}

// NewRunner returns a runner that begins with the states of base.
func NewRunner(base *DFA) *Runner {
	r := &Runner{base: base}
	r.reset()
	return r
}

func (r *Runner) reset() {
	d := *r.base
	d.Table = slices.Clone(d.Table)
	d.Sets = slices.Clip(d.Sets)
	d.Accepts = slices.Clip(d.Accepts)
	r.d, r.b = &d, nil
}

// DFA returns what the runner has built, to be the base of others.
func (r *Runner) DFA() *DFA { return r.d }

// Reset must be called before the first Run on another text.
func (r *Runner) Reset() {
	clear(r.known)
	if r.d.States() > maxStates {
		r.reset()
	}
}

func (r *Runner) step(row uint32, class uint8) uint32 {
	if r.b == nil {
		r.b = newBuilder(r.d)
	}
	return r.b.step(row, class)
}

// every is the distance of checkpoints in bytes, a power of two.
const every = 1 << 12

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
}

// Run reads text from p on and returns the rules whose tail may match there and
// the end of what it had to read. The slice is valid until the next call.
func (r *Runner) Run(text []byte, p int) ([]Rule, int) {
	d := r.d
	class, table := &d.Class, d.Table
	out, row := r.out[:0], d.Start&^accepts
	r.runs = r.runs[:0]
	for i := p; i < len(text); i++ {
		if i&(every-1) == 0 && i > p+every/2 {
			if rest, ok := r.known[checkpoint{i, row}]; ok {
				return r.finish(addRules(out, rest.rules), rest.end)
			}
			r.runs = append(r.runs, checkpoint{i, row})
		}
		c := class[text[i]]
		cell := table[row+uint32(c)]
		if int32(cell) <= dead { // unbuilt, dead, or accepting
			if cell == unbuilt {
				cell = r.step(row, c)
				table = d.Table
			}
			if cell == dead {
				return r.finish(out, i+1)
			}
			if cell&accepts != 0 {
				cell &^= accepts
				out = addRules(out, d.Accepts[int(cell)/d.Classes])
			}
		}
		row = cell
	}
	for _, at := range d.Sets[int(row)/d.Classes] {
		if in := &d.NFA.Insts[at]; in.Op == opEnd {
			out = addRule(out, in.Rule)
		}
	}
	return r.finish(out, len(text))
}

func (r *Runner) finish(out []Rule, end int) ([]Rule, int) {
	r.out = out
	for _, passed := range r.runs {
		if r.known == nil {
			r.known = map[checkpoint]ending{}
		}
		r.known[passed] = ending{slices.Clone(out), end}
	}
	return out, end
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
