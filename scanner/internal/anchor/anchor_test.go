package anchor_test

import (
	"regexp"
	"regexp/syntax"
	"testing"

	"github.com/stanch-dev/stanch/scanner/internal/anchor"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// TestEveryMatchHasAnAnchor holds, for matches in texts, that an anchor's sequence
// stands at most MaxPre bytes behind the match's start, with bytes of Pre before it.
func TestEveryMatchHasAnAnchor(t *testing.T) {
	model := textmodel.New(nil)
	for expr, texts := range map[string][]string{
		`(?i)[\w.-]{0,9}?(?:stripe|adobe)[\s'"]{0,3}=(\w{4})`: {"my.stripe' =abcd", "ADOBE'=1234", "\u017ftripe=zzzz"},
		`\b(?:ax|bx)_(?:test|live)_[a-z0-9]{10,20}`:           {"ax_test_abcdef0123", "x bx_live_0123456789abc"},
		`xox[bp]-\d+`:      {"xoxb-1", "xoxp-999"},
		`(?:ab|c(?:d|e)f)`: {"ab", "cdf", "cef"},
		`k{2}é[^x]`:        {"kkéy", "kk\u00e9\xff"},
	} {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		anchors := anchor.Choose(re, model)
		if len(anchors) == 0 {
			t.Errorf("%s: no anchor", expr)
		}
		for _, text := range texts {
			at := regexp.MustCompile(expr).FindStringIndex(text)
			if at == nil || !anchoredIn(anchors, text, at[0]) {
				t.Errorf("%s: no anchor in the match %v of %q", expr, at, text)
			}
		}
	}
}

func anchoredIn(anchors []anchor.Anchor, text string, start int) bool {
	for _, a := range anchors {
		for p := start; p <= min(start+a.MaxPre, len(text)); p++ {
			if p > start && !a.Pre.Has(text[p-1]) {
				break
			}
			for _, seq := range a.Seqs {
				fits := true
				for i := range seq {
					fits = fits && p+i < len(text) && seq[i].Has(text[p+i])
				}
				if fits {
					return true
				}
			}
		}
	}
	return false
}

func TestWithoutAnchor(t *testing.T) {
	model := textmodel.New(nil)
	for _, expr := range []string{``, `a*`, `(?:ab)?`, `.*x`, `[^a]*key`, `x|`} {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range anchor.Choose(re, model) {
			if a.Rate < 0.01 {
				t.Errorf("%s: has anchor %v", expr, a.Seqs)
			}
		}
	}
}

// TestRareInsteadOfFirst holds that the anchor of a word is not simply its start.
func TestRareInsteadOfFirst(t *testing.T) {
	re, err := syntax.Parse(`return_zq9xkj`, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	anchors := anchor.Choose(re, textmodel.New(nil))
	if len(anchors) != 1 || anchors[0].MaxPre == 0 {
		t.Errorf("anchors %+v", anchors)
	}
}
