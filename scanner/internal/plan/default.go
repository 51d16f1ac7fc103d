package plan

import (
	"crypto/sha256"
	"embed"
	"encoding/gob"
	"fmt"
	"io"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// Embedded are the rulesets whose plans are embedded, each in the file of its name,
// written by the gen command.
var Embedded = []struct {
	Name  string
	Rules func() (*rules.Ruleset, error)
	File  string
}{
	{"default rules", rules.Default, "default.plan"},
	{"rules for motion", rules.Motion, "motion.plan"},
}

//go:embed *.plan
var files embed.FS

// For returns the embedded plan that was made for set if there is one, else
// compiles set.
func For(set *rules.Ruleset) (*Plan, error) {
	want := keyOf(set)
	for _, e := range Embedded {
		file, err := files.Open(e.File)
		if err != nil {
			continue // it was not made yet
		}
		defer file.Close()
		var key [sha256.Size]byte
		if _, err := io.ReadFull(file, key[:]); err == nil && key == want {
			return decode(file, e.Name)
		}
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

func decode(file io.Reader, name string) (*Plan, error) {
	var p Plan
	if err := gob.NewDecoder(file).Decode(&p); err != nil {
		return nil, fmt.Errorf("reading the embedded plan of the %s: %w", name, err)
	}
	return &p, nil
}
