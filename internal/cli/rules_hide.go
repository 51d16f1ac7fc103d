package cli

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner"
)

// shownText is a text of which parts are not shown.
type shownText struct {
	data   []byte
	hidden []scanner.Span // in order, disjoint
}

// hide hides the secrets of all candidates, wherever they stand.
func (t *shownText) hide(traces []scanner.Trace) {
	for _, trace := range traces {
		for _, c := range trace.Candidates {
			t.hidden = append(t.hidden, c.Secret)
			t.hideAgain(c.Text.Secret)
		}
	}
	slices.SortFunc(t.hidden, func(a, b scanner.Span) int { return cmp.Compare(a.Start, b.Start) })
	joined := t.hidden[:0]
	for _, s := range t.hidden {
		if n := len(joined); n > 0 && s.Start <= joined[n-1].End {
			joined[n-1].End = max(joined[n-1].End, s.End)
		} else if s.Start < s.End {
			joined = append(joined, s)
		}
	}
	t.hidden = joined
}

// hideAgain hides a secret where it stands without being matched. What is shorter
// than four bytes stands everywhere.
func (t *shownText) hideAgain(own secret.Bytes) {
	if own.Len() < 4 {
		return
	}
	for at := 0; ; {
		i := bytes.Index(t.data[at:], own.Reveal())
		if i < 0 {
			return
		}
		at += i + own.Len()
		t.hidden = append(t.hidden, scanner.Span{Start: at - own.Len(), End: at})
	}
}

// part returns a part of the text as it is shown.
func (t *shownText) part(s scanner.Span) string {
	var out strings.Builder
	at := s.Start
	for _, hidden := range t.hidden {
		if hidden.End <= at || hidden.Start >= s.End {
			continue
		}
		out.Write(t.data[at:max(at, hidden.Start)])
		out.WriteString(secret.Redacted)
		at = min(hidden.End, s.End)
	}
	out.Write(t.data[at:s.End])
	return out.String()
}
