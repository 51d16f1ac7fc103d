package corpus_test

import (
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
)

func TestExamplesCoverTheRules(t *testing.T) {
	examples, err := corpus.Examples()
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	negative := 0
	for _, e := range examples {
		rules[e.Rule] = true
		if !e.Positive {
			negative++
		}
	}
	if len(rules) < 220 || len(examples) < 6000 || negative < 200 {
		t.Errorf("%d examples, %d of them negative, of %d rules; expected at least 6000, 200 and 220", len(examples), negative, len(rules))
	}
	t.Log(len(examples), negative, len(rules))
}
