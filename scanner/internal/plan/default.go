package plan

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/gob"
	"fmt"
	"io"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// embedded is the encoded plan of the default rules, written by the gen command.
//
//go:embed default.plan
var embedded []byte

// For returns the embedded plan if it was made for set, else compiles set.
func For(set *rules.Ruleset) (*Plan, error) {
	key := keyOf(set)
	if len(embedded) > len(key) && bytes.Equal(embedded[:len(key)], key[:]) {
		return decode(embedded)
	}
	return Compile(set, textmodel.New(nil))
}

// keyOf names everything of a ruleset that a plan depends on.
func keyOf(set *rules.Ruleset) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, rule := range set.Rules {
		fmt.Fprintf(h, "%q %q", rule.ID, rule.Keywords)
		if rule.Regex != nil {
			fmt.Fprintf(h, " %q", rule.Regex.String())
		}
		for _, r := range rule.Required {
			fmt.Fprintf(h, " %q", r.RuleID)
		}
		fmt.Fprintln(h)
	}
	h.Sum(key[:0])
	return key
}

// Encode writes p, made for set, as an embedded plan.
func Encode(w io.Writer, set *rules.Ruleset, p *Plan) error {
	key := keyOf(set)
	if _, err := w.Write(key[:]); err != nil {
		return err
	}
	return gob.NewEncoder(w).Encode(p)
}

func decode(text []byte) (*Plan, error) {
	var p Plan
	if err := gob.NewDecoder(bytes.NewReader(text[sha256.Size:])).Decode(&p); err != nil {
		return nil, fmt.Errorf("reading the embedded plan of the default rules: %w", err)
	}
	return &p, nil
}
