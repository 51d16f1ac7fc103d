package scanner_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// oracle finds secrets the plain way: every expression on the whole text. It knows
// no paths, no decoding and no required rules.
type oracle struct{ set *rules.Ruleset }

func (o oracle) scan(text string) (found []string) {
	type match struct {
		rule, secret, shown string
		line                int
	}
	var all []match
	lower := strings.ToLower(text)
	for _, r := range o.set.Rules {
		if r.Regex == nil || r.Path != nil || len(r.Keywords) > 0 &&
			!slices.ContainsFunc(r.Keywords, func(k string) bool { return strings.Contains(lower, k) }) {
			continue
		}
		for _, at := range r.Regex.Regexp().FindAllStringIndex(text, -1) {
			shown := strings.Trim(text[at[0]:at[1]], "\n")
			secret := secretIn(r, shown)
			if r.Entropy != 0 && shannon(secret) <= r.Entropy {
				continue
			}
			line := lineOf(text, at[0], at[0]+len(shown))
			if strings.Contains(line, "gitleaks:allow") || o.allows(r, shown, secret, line) {
				continue
			}
			all = append(all, match{r.ID, secret, shown, strings.Count(text[:min(at[0]+1, len(text))], "\n") + 1})
		}
	}
	for _, m := range all {
		if strings.Contains(m.rule, "generic") && slices.ContainsFunc(all, func(b match) bool {
			return b.line == m.line && !strings.Contains(b.rule, "generic") && strings.Contains(b.secret, m.secret)
		}) {
			continue
		}
		found = append(found, fmt.Sprintf("%s:%d:%q:%q", m.rule, m.line, m.shown, m.secret))
	}
	slices.Sort(found)
	return found
}

func (o oracle) allows(r *rules.Rule, shown, secret, line string) bool {
	for _, a := range slices.Concat(o.set.Allowlists, r.Allowlists) {
		text := map[rules.Target]string{rules.TargetSecret: secret, rules.TargetMatch: shown, rules.TargetLine: line}[a.Target]
		regex := a.Regexes != nil && text != "" && a.Regexes.Regexp().MatchString(text)
		low := strings.ToLower(secret)
		stop := slices.ContainsFunc(a.Stopwords, func(w string) bool { return strings.Contains(low, w) })
		if a.All {
			if a.Paths == nil && (a.Regexes == nil || regex) && (a.Stopwords == nil || stop) {
				return true
			}
		} else if regex || stop {
			return true
		}
	}
	return false
}

func secretIn(r *rules.Rule, shown string) string {
	groups := r.Regex.Regexp().FindStringSubmatch(shown)
	if len(groups) > 1 && r.SecretGroup > 0 {
		return groups[r.SecretGroup]
	}
	for _, g := range groups[min(1, len(groups)):] {
		if g != "" {
			return g
		}
	}
	return shown
}

func shannon(s string) (bits float64) {
	count := map[rune]float64{}
	for _, r := range s {
		count[r]++
	}
	for _, n := range count {
		p := n / float64(len(s))
		bits -= p * math.Log2(p)
	}
	return bits
}

// lineOf is the line that gitleaks sees: with the newline before it, and from the
// fragment's beginning for what stands behind the last newline.
func lineOf(text string, start, end int) string {
	newlines := regexp.MustCompile("\n").FindAllStringIndex(text, -1)
	if len(newlines) == 0 {
		return text
	}
	before, from, to := 0, -1, 0
	for _, n := range newlines {
		if before <= start && start < n[0] {
			from, to = before, n[0]
		}
		if before < end && end <= n[0] {
			to = n[0]
		}
		before = n[0]
	}
	if from < 0 {
		for to = end; to < len(text) && text[to] != '\n' && text[to] != '\r'; to++ {
		}
		return text[:to]
	}
	return text[from:max(to, end)]
}

// compatFindings is the scanner's answer in the oracle's words.
func compatFindings(s *scanner.Scanner, text string) (found []string) {
	s.Scan(&scanner.Fragment{Data: []byte(text)}, func(f *scanner.Finding, t scanner.Text) {
		found = append(found, fmt.Sprintf("%s:%d:%q:%q", f.Rule.ID, f.StartLine, t.Match.Reveal(), t.Secret.Reveal()))
	})
	slices.Sort(found)
	return found
}
