package automaton

import "slices"

// A run over a text that arrives in parts is a row, which Start returns first and
// Advance moves on; and the rules accepted so far. It is the caller's to keep; two
// rows are no row but an answer.
const (
	// Dead is the row of a run that has ended: no rule can match any more.
	Dead uint32 = dead
	// GaveUp is the row of a run that was given up for want of credit: every rule
	// that Left returned before may match, within the longest of their tails.
	GaveUp uint32 = unbuilt
)

// Start returns the row with which every run begins.
func (r *Runner) Start() uint32 { return r.d.Start &^ accepts }

// Advance reads text from at on. It returns the new row, how far it has read, and
// out with the rules appended that may match. A run that is given up stays where it
// was: row is then GaveUp.
func (r *Runner) Advance(row uint32, text []byte, at int, out []Rule) (next uint32, reached int, rules []Rule) {
	d := r.d
	class, table := &d.Class, d.Table
	for i := at; i < len(text); i++ {
		c := class[text[i]]
		cell := table[row+uint32(c)]
		if int32(cell) <= dead { // unbuilt, dead, or accepting
			if cell == unbuilt {
				if r.credit <= 0 {
					if _, _, limited := r.giveUp(row, nil); limited {
						return GaveUp, i, out
					}
				}
				cell = r.step(row, c)
				table = d.Table
			}
			if cell == dead {
				return Dead, i + 1, out
			}
			if cell&accepts != 0 {
				cell &^= accepts
				out = addRules(out, d.Accepts[int(cell)/d.Classes])
			}
		}
		row = cell
	}
	return row, len(text), out
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
