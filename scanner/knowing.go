package scanner

import (
	"bytes"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/decode"
)

// knownRule names the findings of known secrets.
var knownRule = &rules.Rule{ID: "known-secret", Description: "A secret that is kept in a store."}

// presentedRule names the findings of presented values.
var presentedRule = &rules.Rule{ID: "presented-credential", Description: "A credential that the other side has shown."}

// knownDepth is how many encodings Scan undoes to find known secrets.
const knownDepth = 5

// knownCandidates is the rule of the candidates that are known secrets.
var knownCandidates = &rule{Rule: knownRule}

// findKnown adds the known secrets in the fragment as candidates.
func (w *worker) findKnown() {
	st := w.s.known.NewStream(StreamOptions{Known: w.s.opts.Known}, func(p Piece) {
		if p.Secret == nil {
			return
		}
		on := span{p.Secret.Finding.Secret.Start, p.Secret.Finding.Secret.End}
		if !w.owns(on.start) {
			return
		}
		value := p.Secret.Value.Reveal()
		w.candidates = append(w.candidates, candidate{
			rule: knownCandidates, known: p.Secret.Finding.Known,
			match: value, secret: value, entropy: entropy(value), matchSpan: on, secretSpan: on,
			at:        w.lines.place(on, false),
			encodings: decode.Encoding(p.Secret.Finding.Encoding), depth: p.Secret.Finding.Depth,
		})
	})
	st.Write(w.f.Data)
	st.End(false)
}

// knownState is how far a text was searched for known secrets.
type knownState struct {
	next int // from here on
	hold int // where one may begin that is not decided
}

// findKnown takes in the known secrets and presented values that are decided in the
// text.
func (l *level) findKnown(far asFar) {
	l.known = l.find(l.st.opts.Known, l.known, far)
	l.presented = l.find(l.st.opts.Presented, l.presented, far)
}

// find takes in what of set is decided in the text from state on.
func (l *level) find(set *known.Set, state knownState, far asFar) knownState {
	if set == nil {
		return knownState{l.end(), l.end()}
	}
	next, hold := set.Find(&l.st.w.knowing, l.buf, state.next-l.base, far.ended, far.cut, func(m known.Match) {
		on := span{l.base + m.Start, l.base + m.End}
		s := &Secret{Finding: Finding{Rule: knownRule, Known: m.Secret}, Value: secret.Of(bytes.Clone(l.slice(on.start, on.end)))}
		if set == l.st.opts.Presented {
			s.Finding.Rule, s.Finding.Known = presentedRule, nil
		}
		l.take(s, on, span{on.start - 1, on.end}, on)
	})
	return knownState{l.base + next, l.base + hold}
}
