package known_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/known"
)

func index(t testing.TB, plain ...string) *known.Set {
	t.Helper()
	set := known.NewKeys().Index(valuesOf(plain...)).Set()
	if refused := set.Refused(); len(refused) > 0 {
		t.Fatalf("refused: %v", refused)
	}
	return set
}

// token returns 40 random characters.
func token(seed uint64) string {
	return string(randomText(rand.New(rand.NewPCG(seed, 0)), base62, 40))
}

func TestIndex(t *testing.T) {
	a, b := token(1), token(2)
	dotted := "SG." + token(3)[:22] + "." + token(4)
	set := index(t, a, b, dotted, "ghp"+"_"+token(5))
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{a[:39], nil},
		{a[1:], nil},
		{"token=" + a + " " + b + "\n", []string{"s0 " + a, "s1 " + b}},
		{a + b, []string{"s0 " + a, "s1 " + b}},
		{"x" + a + "y", []string{"s0 " + a}},
		{a[:20] + "." + a[20:], nil},
		{`{"key":"` + dotted + `"}`, []string{"s2 " + dotted}},
		{"SG-" + dotted[3:], nil},
		{dotted[3:], nil},
		{"Authorization: token ghp" + "_" + token(5), []string{"s3 ghp" + "_" + token(5)}},
	} {
		if diff := cmp.Diff(c.want, findAll(set, c.text, false)); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", c.text, diff)
		}
	}
}

func TestIndexAtACut(t *testing.T) {
	a := token(1)
	set := index(t, a)
	for n := range len(a) {
		var want []string
		if n >= known.WindowLen {
			want = []string{"s0 " + a[:n]}
		}
		if diff := cmp.Diff(want, findAll(set, "token "+a[:n], true)); diff != "" {
			t.Errorf("%d bytes before the cut: (-want +got)\n%s", n, diff)
		}
		if got := findAll(set, "token "+a[:n], false); got != nil {
			t.Errorf("%d bytes before the end: %v", n, got)
		}
	}
}

func TestPEM(t *testing.T) {
	key := pem(rand.New(rand.NewPCG(1, 2)), 4)
	lines := strings.Split(key, "\n")
	lines = lines[1 : len(lines)-2]
	body := strings.Join(lines, "")
	header := "-----BEGIN " + "PRIVATE KEY-----\n"
	escaped := strings.ReplaceAll(key, "\n", `\n`)
	for _, mode := range append(modes, "needles, escaped", "index, escaped") {
		secret := key
		if strings.HasSuffix(mode, ", escaped") {
			secret = escaped
		}
		set := setOf(strings.TrimSuffix(mode, ", escaped"), []string{secret})
		for name, text := range map[string]string{
			"as it is": key, "without line ends": body, "indented": strings.ReplaceAll(key, "\n", "\n    "),
			"with CRLF": strings.ReplaceAll(key, "\n", "\r\n"), "one line": lines[2], "wrapped elsewhere": lines[1] + lines[2] + "\n" + lines[3],
		} {
			left := []byte(text)
			set.Find(new(known.Scratch), []byte(text), 0, true, false, func(m known.Match) { clear(left[m.Start:m.End]) })
			for _, line := range lines {
				if bytes.Contains(left, []byte(line)) {
					t.Errorf("%s, %s: the line %s is left", mode, name, line)
				}
			}
		}
		if got := findAll(set, header+"MIIB"+token(1)+"\n-----END "+"PRIVATE KEY-----\n", false); got != nil {
			t.Errorf("%s: another key is found as %v", mode, got)
		}
	}
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("x", 64<<10+1)
	dots := strings.Repeat("Ab3.", 30)
	jwt := "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIiwic3ViIjoiMTIzIn0." + token(6)
	values := valuesOf("short", "hunter2hunter2", long, token(1)[:16], token(1), dots+" "+dots+token(2), jwt)
	want := map[string][]known.Refused{
		"needles": {{Name: "s0", Why: known.TooShort}, {Name: "s2", Why: known.TooLong}},
		"index": {{Name: "s0", Why: known.TooShort}, {Name: "s1", Why: known.TooEasy}, {Name: "s2", Why: known.TooLong}, {Name: "s3", Why: known.TooEasy},
			{Name: "s5", Why: known.NoWindow}, {Name: "s6", Why: known.NoWindow}},
	}
	for mode, set := range map[string]*known.Set{"needles": known.Needles(values), "index": known.NewKeys().Index(values).Set()} {
		if diff := cmp.Diff(want[mode], set.Refused()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", mode, diff)
		}
		for _, r := range set.Refused() {
			if r.Why.String() == "unknown reason" {
				t.Errorf("%d has no words", r.Why)
			}
		}
	}
}

// TestManySecretsOfOneStart has more secrets with the same first characters than may
// share a place.
func TestManySecretsOfOneStart(t *testing.T) {
	var plain []string
	for i := range uint64(50) {
		plain = append(plain, token(99)+token(i))
	}
	set := index(t, plain...)
	for i, p := range plain {
		if diff := cmp.Diff([]string{fmt.Sprintf("s%d %s", i, p)}, findAll(set, "a "+p+" b", false)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// TestFlood repeats the window of a secret, so that there is a candidate every few
// bytes: in time, they are no longer confirmed, but all reported.
func TestFlood(t *testing.T) {
	set := index(t, token(1))
	decoy := token(1)[:20] + strings.Repeat("x", 20) + " "
	var sc known.Scratch
	n := 0
	set.Find(&sc, []byte(strings.Repeat(decoy, 20_000)), 0, true, false, func(known.Match) { n++ })
	if n != sc.Unconfirmed() || n < 10_000 || n > 17_000 {
		t.Errorf("%d matches, %d of them not confirmed", n, sc.Unconfirmed())
	}
	quiet := make([]byte, 2<<20)
	set.Find(&sc, quiet, 0, true, false, func(known.Match) { t.Error("a match in zeros") })
	before := sc.Unconfirmed()
	set.Find(&sc, []byte(decoy), 0, true, false, func(known.Match) { t.Error("the decoy is reported after a rest") })
	if sc.Unconfirmed() != before {
		t.Error("there are still no confirmations")
	}
}

// TestHoldIsTight checks what is held of text without secrets: the token run at its
// end, as far as a secret may begin in it.
func TestHoldIsTight(t *testing.T) {
	plain := index(t, token(1))
	dotted := index(t, token(1), "SG."+token(3))
	needles := known.Needles(valuesOf(token(1), "correct horse"))
	run := strings.Repeat("z", 100)
	for _, c := range []struct {
		name string
		set  *known.Set
		text string
		want int // bytes
	}{
		{"none", nil, "a line", 0},
		{"end of line", plain, "a line\n", 0},
		{"word", plain, "an old line", 4},
		{"long run", plain, "a " + run, 11},
		{"end of line", dotted, "a line\n", 3},
		{"word", dotted, "an old line", 4 + 3},
		{"long run", dotted, "a " + run, 11},
		{"end of line", needles, "a line\n", 0},
		{"word", needles, "a line", 0},
		{"begun", needles, "a corr", 4},
		{"begun longer", needles, "a correct hor", 11},
		{"begun and left", needles, "a correct ho.", 0},
	} {
		_, hold := c.set.Find(new(known.Scratch), []byte(c.text), 0, false, false, func(known.Match) {})
		if got := len(c.text) - hold; got != c.want && !(c.set == needles && c.want == 0 && got < 8) {
			t.Errorf("%s, %q: %d bytes are held, want %d", c.name, c.text, got, c.want)
		}
	}
}
