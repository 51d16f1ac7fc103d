package known_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
)

func valuesOf(plain ...string) (values []known.Value) {
	for i, p := range plain {
		values = append(values, known.Value{Secret: known.Secret{ID: fmt.Sprintf("s%d", i), Version: 1}, Plain: secret.Of([]byte(p))})
	}
	return values
}

// findAll returns what stands in a text that is there at once.
func findAll(set *known.Set, text string, cut bool) (found []string) {
	next, hold := set.Find(new(known.Scratch), []byte(text), 0, true, cut, func(m known.Match) {
		found = append(found, fmt.Sprintf("%s %s", m.Secret.ID, text[m.Start:m.End]))
	})
	if next != len(text) || hold != len(text) {
		panic(fmt.Sprintf("next %d, hold %d of %d at the end", next, hold, len(text)))
	}
	return found
}

func TestNeedles(t *testing.T) {
	set := known.Needles(valuesOf("hunter2hunter", "hunter2hunter2!", "correct horse", "pässwörter", "short", "unter2hunt"))
	for _, c := range []struct {
		text string
		cut  bool
		want []string
	}{
		{"", false, nil},
		{"x hunter2hunter2 y", false, []string{"s0 hunter2hunter"}},
		{"x hunter2hunter2!y", false, []string{"s1 hunter2hunter2!"}},
		{"x unter2hunter2!y", false, []string{"s5 unter2hunt"}},
		{"my correct horse, pässwörter", false, []string{"s2 correct horse", "s3 pässwörter"}},
		{"hunter2hunter2", false, []string{"s0 hunter2hunter"}},
		{"hunter2hunter2", true, []string{"s1 hunter2hunter2"}},
		{"correct hors", false, nil},
		{"correct hors", true, []string{"s2 correct hors"}},
		{"correct hor", true, nil},
	} {
		if diff := cmp.Diff(c.want, findAll(set, c.text, c.cut)); diff != "" {
			t.Errorf("%q, cut %v: (-want +got)\n%s", c.text, c.cut, diff)
		}
	}
}

// TestLinesOfASecret has a secret with lines that stand everywhere.
func TestLinesOfASecret(t *testing.T) {
	const ruler = "--------------------------------"
	set := known.Needles(valuesOf(ruler + "\n  user: a long enough line\r\nshort line\n\n" + ruler + "\n"))
	text := ruler + "\nuser: a long enough line, short line\n"
	if diff := cmp.Diff([]string{"s0 user: a long enough line"}, findAll(set, text, false)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
