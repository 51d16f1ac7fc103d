package scanner

import (
	"bytes"
	"strings"

	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/internal/match"
	"github.com/stanch-dev/stanch/scanner/internal/plan"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// streams is what the streams of a scanner have in common. It is made when the first
// one is: a scan of files needs nothing of it.
type streams struct {
	has     []bool           // by rule: it may match in a text without a path
	leading []automaton.Rule // rules whose secrets may begin before their place
	byLine  []automaton.Rule // rules that are tried on whole lines
	keyRule int              // the one of private keys in PEM; -1 for none
}

// prepare fills s for the streams of a scanner with rules.
func (s *streams) prepare(rules []rule) {
	var scratch match.Scratch
	s.has, s.keyRule = make([]bool, len(rules)), -1
	for i := range rules {
		r := &rules[i]
		s.has[i] = r.Regex != nil && !r.SkipReport && (r.path == nil || r.path().Match(&scratch, nil))
		switch {
		case !s.has[i]:
		case r.plan.Reach == plan.Gated || r.plan.Reach == plan.Everywhere:
			s.byLine = append(s.byLine, automaton.Rule(i))
		case strings.Contains(r.Regex.String(), "PRIVATE KEY") && r.expr().Match(&scratch, sampleKey()):
			s.keyRule = i
		case r.plan.Lead > 0:
			s.leading = append(s.leading, automaton.Rule(i))
		}
	}
}

// sampleKey returns something that looks like a private key.
func sampleKey() []byte {
	body := strings.Repeat("0Ki1Lj2Mk3Nl4Om5Pn6Qo7Rp8Sq9Tr+Us/VtAWuBXvCYwDZxEayFbzGcHdIeJfgh\n", 8)
	return []byte("-----BEGIN RSA PRIVATE " + "KEY-----\n" + body + "-----END RSA PRIVATE " + "KEY-----\n")
}

// isToken reports whether b is of those that secrets of any length are made of.
func isToken(b byte) bool {
	return 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9' || strings.IndexByte("+/=-_.~%", b) >= 0
}

// isRedacted reports whether value is a placeholder, percent-encoded or not, with
// nothing behind it but what fills encodings. Its last bracket may be missing, as the
// expressions of many rules end before it. What is behind a placeholder counts: it may
// be the rest of a secret that somebody has begun like one.
func isRedacted(value []byte) bool {
	if !bytes.HasPrefix(value, []byte("[")) && !bytes.HasPrefix(value, []byte("%5B")) {
		return false
	}
	text := value
	for encoded, char := range map[string]string{"%5B": "[", "%3A": ":", "%5D": "]"} {
		text = bytes.ReplaceAll(text, []byte(encoded), []byte(char))
	}
	text = bytes.TrimRight(text, "*-")
	if !bytes.HasSuffix(text, []byte("]")) {
		text = append(bytes.Clone(text), ']')
	}
	return redact.IsPlaceholder(text, func([]byte) bool { return true }) == len(text)
}
