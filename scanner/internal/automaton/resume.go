package automaton

import "slices"

// Status tells what became of a run.
type Status uint8

const (
	Open   Status = iota // it has read all of the text, and goes on with more
	Ended                // no rule can match any more
	GaveUp               // for want of credit: what is left may match, within the longest tail
)

// Start returns the row with which every run begins. A row and the rules accepted so
// far are all there is to a run over a text that arrives in parts; they are the
// caller's to keep.
func (r *Runner) Start() uint32 { return r.d.Start &^ accepts }

// Advance reads text from at on. It returns the new row, how far it has read, and out
// with the rules appended that may match. Of a run that has ended the row says
// nothing.
func (r *Runner) Advance(row uint32, text []byte, at int, out []Rule) (next uint32, reached int, rules []Rule, status Status) {
	d := r.d
	class, table := &d.Class, d.Table
	for i := at; i < len(text); i++ {
		c := class[text[i]]
		cell := table[row+uint32(c)]
		if int32(cell) <= dead { // unbuilt, dead, or accepting
			if cell == unbuilt {
				if r.credit <= 0 && r.isLimited(row) {
					return row, i, out, GaveUp
				}
				cell = r.step(row, c)
				table = d.Table
			}
			if cell == dead {
				return row, i + 1, out, Ended
			}
			if cell&accepts != 0 {
				cell &^= accepts
				out = addRules(out, d.Accepts[int(cell)/d.Classes])
			}
		}
		row = cell
	}
	return row, len(text), out, Open
}

// isLimited reports whether the tails of all rules that are left at row have a limit.
func (r *Runner) isLimited(row uint32) bool {
	return !slices.ContainsFunc(r.d.Sets[int(row)/r.d.Classes], func(at int32) bool {
		return r.d.NFA.Longest[r.d.NFA.Insts[at].Rule] == Unlimited
	})
}

// AtEnd appends to out the rules that match where the text ends at row.
func (r *Runner) AtEnd(row uint32, out []Rule) []Rule {
	for _, at := range r.d.Sets[int(row)/r.d.Classes] {
		if in := &r.d.NFA.Insts[at]; in.Op == opEnd {
			out = addRule(out, in.Rule)
		}
	}
	return out
}

// Left appends to out the rules that may match from row on, and returns with it how
// long the longest of their tails is in all, or [Unlimited].
func (r *Runner) Left(row uint32, out []Rule) (rules []Rule, longest int) {
	for _, at := range r.d.Sets[int(row)/r.d.Classes] {
		rule := r.d.NFA.Insts[at].Rule
		longest = max(longest, r.d.NFA.Longest[rule])
		out = addRule(out, rule)
	}
	return out, longest
}

// InSecret reports whether the next byte can be of a secret, or behind one.
func (r *Runner) InSecret(row uint32) bool {
	state := int(row) / r.d.Classes
	for len(r.inSecret) <= state {
		r.inSecret = append(r.inSecret, 0)
	}
	if r.inSecret[state] == 0 {
		r.inSecret[state] = 1
		if slices.ContainsFunc(r.d.Sets[state], func(at int32) bool { return r.d.NFA.Insts[at].Secret }) {
			r.inSecret[state] = 2
		}
	}
	return r.inSecret[state] == 2
}

// Name returns a number for the state at row that is the same for all runners of
// one automaton, and differs for other states.
func (r *Runner) Name(row uint32) uint64 {
	const prime = 1099511628211 // FNV-1a
	name := uint64(14695981039346656037)
	for _, at := range r.d.Sets[int(row)/r.d.Classes] {
		name = (name ^ uint64(at)) * prime
	}
	return name
}

// Shared reports whether row is of the base, which all its runners have in common.
func (r *Runner) Shared(row uint32) bool { return int(row) < len(r.base.Table) }

// Feed gives the runner credit for so many bytes of text that are new.
func (r *Runner) Feed(size int) {
	r.credit = min(r.credit+size/bytesPerCredit+1, max(r.credit, mostCredit))
}

// Trim forgets states beyond the base if there are too many. No row but of the base
// is valid then.
func (r *Runner) Trim() {
	if r.d.States() > maxStates {
		r.reset()
	}
}
