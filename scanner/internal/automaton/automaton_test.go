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
		nfa.Add(automaton.Rule(i), automaton.Tails{List: [][]*syntax.Regexp{{re}}, Longest: longest(i)})
	}
	return automaton.New(&nfa)
}

// checkRuns runs at every place of text: a rule whose expression matches there must
// be reported, and the end must not be before the match's.
func checkRuns(t *testing.T, r *automaton.Runner, text []byte) {
	t.Helper()
	r.Reset(len(text))
	for p := range text {
		o := r.Run(text, p)
		rules, end := slices.Clone(o.Rules), o.End
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
	first := r.Run(text, 0)
	want, wantEnd := slices.Clone(first.Rules), first.End
	for p := 0; p+30<<10 < len(text); p += 29 {
		if got := r.Run(text, p); !slices.Equal(got.Rules, want) || got.End != wantEnd {
			t.Fatalf("at %d: %+v, want %v to %d", p, got, want, wantEnd)
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
	if o := limited.Run([]byte("xabcabc 123-45"), 1); len(o.Rules) != 2 || o.End < 4 {
		t.Errorf("%+v", o)
	}
	if limited.DFA().States() != states {
		t.Errorf("%d states became %d", states, limited.DFA().States())
	}
	if r.DFA().States() == before {
		t.Error("tails without a limit were given up")
	}
}

// TestLazyRunsAreCut holds that a run ends soon after what a lazy rule ends with.
func TestLazyRunsAreCut(t *testing.T) {
	re, err := syntax.Parse(`BEGIN[\s\S]{8,}?END`, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	for _, lazy := range []bool{true, false} {
		var nfa automaton.NFA
		nfa.Add(0, automaton.Tails{List: [][]*syntax.Regexp{{re}}, Longest: automaton.Unlimited, Lazy: lazy})
		r := automaton.NewRunner(automaton.New(&nfa))
		text := append([]byte("BEGIN 12345678 END"), make([]byte, 10_000)...)
		if o := r.Run(text, 0); o.Cut != lazy || (o.End < 1000) != lazy || len(o.Rules) != 1 {
			t.Errorf("lazy %v: %+v", lazy, o)
		}
		r.Reset(len(text))
		if o := r.Run(text[:15], 0); o.Cut || o.End != 15 || len(o.Rules) != 0 {
			t.Errorf("lazy %v, without an end: %+v", lazy, o)
		}
	}
}

// TestStatesAreDropped builds more states than a runner keeps.
func TestStatesAreDropped(t *testing.T) {
	re, err := syntax.Parse(`(?:a|b)*a(?:a|b){16}c`, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	var nfa automaton.NFA
	nfa.Add(0, automaton.Tails{List: [][]*syntax.Regexp{{re}}, Longest: automaton.Unlimited})
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
