package anchor

import "regexp/syntax"

// Secret is the flag of those parts of an expression by which the secret has begun:
// the rule's groups and what follows them or, without groups, everything.
const Secret syntax.Flags = 1 << 15

// MarkSecret sets the flag Secret in re.
func MarkSecret(re *syntax.Regexp) { markSecret(re, re.MaxCap() == 0) }

// markSecret marks re, before which the secret has begun or not, and reports
// whether it has behind re.
func markSecret(re *syntax.Regexp, begun bool) bool {
	switch re.Op {
	case syntax.OpCapture:
		begun = true
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat: // what is before a group is behind it the next time
		begun = begun || re.MaxCap() > 0
	}
	if begun {
		re.Flags |= Secret
	}
	behind := begun
	for _, sub := range re.Sub {
		after := markSecret(sub, begun)
		behind = behind || after
		if re.Op == syntax.OpConcat {
			begun = behind
		}
	}
	return behind
}

// hasSecret reports whether a part of re is marked.
func hasSecret(re *syntax.Regexp) bool {
	if re.Flags&Secret != 0 {
		return true
	}
	for _, sub := range re.Sub {
		if hasSecret(sub) {
			return true
		}
	}
	return false
}
