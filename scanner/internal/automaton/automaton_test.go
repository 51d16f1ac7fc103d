package automaton_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"testing"

	"github.com/stanch-dev/stanch/scanner/internal/automaton"
)

// longest is the length of an expression's tail; two of them have a limit.
func longest(i int) int {
	switch expressions[i] {
	case `abc`:
		return 3
	case `\b\d{3}-\d{2}\b`:
		return 6
	}
	return automaton.Unlimited
}

var expressions = []string{
	`abc`, `(?i)key\s*=\s*['"]?(\w{4,8})(?:['"\s;]|\\n|$)`, `a[^b]*b`, `x{2,4}y?z+`, `(?:foo|bar|)baz`,
	`-----BEGIN[ A-Z]{0,20}KEY-----[\s\S-]{8,}?KEY-----`, `\b\d{3}-\d{2}\b`, `(?s).{3}$`, `é+|[α-ω]{2}`, `(?:a*)*c`,
}

func build(t testing.TB) *automaton.Runner {
	t.Helper()
	return automaton.NewRunner(compile(t, func(int) bool { return true }))
}

func onlyLimited(t testing.TB) *automaton.DFA {
	t.Helper()
	return compile(t, func(i int) bool { return longest(i) < automaton.Unlimited })
}

func compile(t testing.TB, wanted func(int) bool) *automaton.DFA {
	t.Helper()
	var nfa automaton.NFA
	for i, expr := range expressions {
		if !wanted(i) {
			continue
		}
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		nfa.Add(automaton.Rule(i), longest(i), []*syntax.Regexp{re})
	}
	return automaton.New(&nfa)
}

// checkRuns runs at every place of text: a rule whose expression matches there must
// be reported, and the end must not be before the match's.
func checkRuns(t *testing.T, r *automaton.Runner, text []byte) {
	t.Helper()
	r.Reset(len(text))
	for p := range text {
		rules, end := r.Run(text, p)
		rules = slices.Clone(rules)
		for i, expr := range expressions {
			at := anchored[i].FindIndex(text[p:])
			if at == nil {
				continue
			}
			if !slices.Contains(rules, automaton.Rule(i)) || end < p+at[1] {
				t.Fatalf("%s matches %q at %d to %d, reported %v to %d", expr, text, p, p+at[1], rules, end)
			}
		}
	}
}

var anchored = func() (list []*regexp.Regexp) {
	for _, expr := range expressions {
		list = append(list, regexp.MustCompile(`\A(?:`+expr+`)`))
	}
	return list
}()

var texts = []string{
	"", "abc", `api KEY = "s3cret"; kEy:x`, "aaab acb", "xxyz xxxxz", "foobaz barbaz baz", "-----BEGIN RSA KEY-----\nMIIBigkl\n-----END RSA KEY-----",
	"123-45 1234-56", "αβγ éé \xff\xfe", "\u212aey=abcd\u017f", "KEY=wxyz\\n", "aaaaaaaac",
}

func TestEveryMatchIsReported(t *testing.T) {
	r := build(t)
	for _, text := range texts {
		checkRuns(t, r, []byte(text))
	}
	checkRuns(t, r, bytes.Repeat([]byte("-----BEGIN KEY-----\n"), 40))
}

// TestLongRunsMeet holds that many runs which all go on to the end of the text do
// not read it again and again.
func TestLongRunsMeet(t *testing.T) {
	r := build(t)
	text := bytes.Repeat([]byte("-----BEGIN KEY-----\nabcdefgh\n"), 4000)
	r.Reset(len(text))
	want, wantEnd := r.Run(text, 0)
	want = slices.Clone(want)
	for p := 0; p+30<<10 < len(text); p += 29 {
		got, end := r.Run(text, p)
		if !slices.Equal(got, want) || end != wantEnd {
			t.Fatalf("at %d: %v to %d, want %v to %d", p, got, end, want, wantEnd)
		}
	}
}

// TestWithoutCredit holds that a runner which may build nothing more still misses
// nothing.
func TestWithoutCredit(t *testing.T) {
	r := build(t)
	r.Grant(-1 << 40)
	before := r.DFA().States()
	checkRuns(t, r, []byte("abcabc 123-45 a12-b 123-4"))
	checkRuns(t, r, []byte("abc 123-45"))
	limited := automaton.NewRunner(onlyLimited(t))
	limited.Grant(-1 << 40)
	states := limited.DFA().States()
	if rules, end := limited.Run([]byte("xabcabc 123-45"), 1); len(rules) != 2 || end < 4 {
		t.Errorf("rules %v to %d", rules, end)
	}
	if limited.DFA().States() != states {
		t.Errorf("%d states became %d", states, limited.DFA().States())
	}
	if r.DFA().States() == before {
		t.Error("tails without a limit were given up")
	}
}

// TestStatesAreDropped builds more states than a runner keeps.
func TestStatesAreDropped(t *testing.T) {
	re, err := syntax.Parse(`(?:a|b)*a(?:a|b){16}c`, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	var nfa automaton.NFA
	nfa.Add(0, automaton.Unlimited, []*syntax.Regexp{re})
	r := automaton.NewRunner(automaton.New(&nfa))
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 1<<16)
	for i := range text {
		text[i] = 'a' + byte(random.IntN(2))
	}
	r.Run(text, 0)
	built := r.DFA().States()
	r.Reset(len(text))
	if kept := r.DFA().States(); built < 20_000 || kept > 100 {
		t.Errorf("%d states built, %d kept", built, kept)
	}
}

func FuzzRun(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	r := build(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 2000 {
			checkRuns(t, r, text)
		}
	})
}

func TestEncoding(t *testing.T) {
	r := build(t)
	for _, text := range texts {
		checkRuns(t, r, []byte(text))
	}
	text, err := r.DFA().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var d automaton.DFA
	if err := d.UnmarshalBinary(text); err != nil {
		t.Fatal(err)
	}
	again, err := d.MarshalBinary()
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("%d bytes became %d, %v", len(text), len(again), err)
	}
	for _, text := range texts {
		checkRuns(t, automaton.NewRunner(&d), []byte(text))
	}
	for cut := range len(text) {
		if (&automaton.DFA{}).UnmarshalBinary(text[:cut]) == nil {
			t.Fatalf("what is cut at %d of %d is no error", cut, len(text))
		}
	}
}
