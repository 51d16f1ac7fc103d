package parity

import (
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
)

// Judge compares what gitleaks and a subject found in a fragment. It may sort
// both lists.
type Judge func(f corpus.Fragment, gitleaks, subject []Finding) Verdict

// Verdict is what a judge has to say about one fragment.
type Verdict struct {
	// Missing are findings only gitleaks has, Extra findings only the subject has;
	// either fails the exam.
	Missing, Extra []Finding
	// Causes counts the deviations that are as they should be, by cause.
	Causes map[string]int
}

// fails reports whether there is a difference.
func (v Verdict) fails() bool { return len(v.Missing)+len(v.Extra) > 0 }

// Exact wants both lists equal, as multisets of all that a [Finding] holds.
func Exact(_ corpus.Fragment, gitleaks, subject []Finding) (v Verdict) {
	slices.SortFunc(gitleaks, compareFindings)
	slices.SortFunc(subject, compareFindings)
	for len(gitleaks) > 0 && len(subject) > 0 {
		a, b := gitleaks[0], subject[0]
		order := compareExact(a, b)
		if order == 0 && !SameEntropy(a.Entropy, b.Entropy) {
			order = compareFindings(a, b)
		}
		if order <= 0 {
			gitleaks = gitleaks[1:]
		}
		if order >= 0 {
			subject = subject[1:]
		}
		switch {
		case order < 0:
			v.Missing = append(v.Missing, a)
		case order > 0:
			v.Extra = append(v.Extra, b)
		}
	}
	v.Missing = append(v.Missing, gitleaks...)
	v.Extra = append(v.Extra, subject...)
	return v
}

// Covers wants every finding of gitleaks to be covered by a finding of the same
// rule whose secret holds gitleaks' secret, or to be missing for a cause of
// [losses]. What the subject finds beyond is counted by the causes of [gains].
func Covers(f corpus.Fragment, gitleaks, subject []Finding) Verdict {
	v := Verdict{Causes: map[string]int{}}
	for _, g := range gitleaks {
		if slices.ContainsFunc(subject, func(s Finding) bool { return s.covers(g) }) {
			continue
		}
		if cause := causeOf(losses, f, g, subject); cause != "" {
			v.Causes["lost: "+cause]++
		} else {
			v.Missing = append(v.Missing, g)
		}
	}
	for _, s := range subject {
		if !slices.ContainsFunc(gitleaks, func(g Finding) bool { return s.covers(g) }) {
			v.Causes["gained: "+causeOf(gains, f, s, gitleaks)]++
		}
	}
	return v
}

// covers reports whether s is at least the finding g of gitleaks. Columns are not
// looked at: only stanch's are right. Lines may be one apart, since gitleaks
// places a match that starts with a newline on the line behind it.
func (s Finding) covers(g Finding) bool {
	return s.Rule == g.Rule && s.near(g) && strings.Contains(s.Secret, g.Secret)
}

func (s Finding) near(g Finding) bool {
	return s.StartLine <= g.EndLine+1 && g.StartLine <= s.EndLine+1
}

func (s Finding) generic() bool { return strings.Contains(s.Rule, "generic") }

// cause names a reason why one scanner has a finding and the other has not.
type cause struct {
	name    string
	applies func(f corpus.Fragment, finding Finding, others []Finding) bool
}

// causeOf returns the name of the first cause that applies, or "".
func causeOf(causes []cause, f corpus.Fragment, finding Finding, others []Finding) string {
	for _, c := range causes {
		if c.applies(f, finding, others) {
			return c.name
		}
	}
	return ""
}

// terminators are what ends a secret in most rules, where it is two characters.
var terminators = []string{`\n`, `\r`}

// losses are why default mode may lack a finding that gitleaks has.
var losses = []cause{
	{"a more specific rule found it", func(_ corpus.Fragment, g Finding, subject []Finding) bool {
		return g.generic() && slices.ContainsFunc(subject, func(s Finding) bool {
			return !s.generic() && s.near(g) && strings.Contains(s.Secret, g.Secret)
		})
	}},
	{"gitleaks reads a terminator as part of the secret", func(_ corpus.Fragment, g Finding, subject []Finding) bool {
		return slices.ContainsFunc(subject, func(s Finding) bool {
			return s.Rule == g.Rule && s.near(g) && slices.ContainsFunc(terminators, func(end string) bool { return s.Secret+end == g.Secret })
		})
	}},
	{"its line is allowed", func(f corpus.Fragment, g Finding, _ []Finding) bool {
		lines := strings.Split(f.Raw, "\n")
		from, to := max(g.StartLine-f.Line, 0), min(g.EndLine-f.Line+1, len(lines))
		return from < to && strings.Contains(strings.Join(lines[from:to], "\n"), ":allow")
	}},
}

// gains are why default mode may have a finding that gitleaks lacks.
var gains = []cause{
	{"gitleaks let a more specific rule win", func(_ corpus.Fragment, s Finding, gitleaks []Finding) bool {
		return s.generic() && slices.ContainsFunc(gitleaks, func(g Finding) bool { return s.near(g) && strings.Contains(g.Secret, s.Secret) })
	}},
	{"gitleaks has it with another secret", func(_ corpus.Fragment, s Finding, gitleaks []Finding) bool {
		return slices.ContainsFunc(gitleaks, func(g Finding) bool { return s.Rule == g.Rule && s.near(g) && strings.Contains(g.Match, s.Secret) })
	}},
	{"on a last line without an end, for which gitleaks takes the whole fragment", func(f corpus.Fragment, s Finding, _ []Finding) bool {
		return s.span.End > 0 && s.span.End <= len(f.Raw) && !strings.Contains(f.Raw[s.span.End:], "\n") && strings.Contains(f.Raw[:s.span.End], "\n")
	}},
	{"followed by what gitleaks takes for no terminator", func(f corpus.Fragment, s Finding, _ []Finding) bool {
		return s.span.End > 0 && s.span.End < len(f.Raw) && !strings.ContainsRune("`'\";\\ \t\n\r", rune(f.Raw[s.span.End]))
	}},
	{"other", func(corpus.Fragment, Finding, []Finding) bool { return true }},
}
