package scanner_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

func defaults(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func newScanner(tb testing.TB, set *rules.Ruleset, opts scanner.Options) *scanner.Scanner {
	tb.Helper()
	s, err := scanner.New(set, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func parse(tb testing.TB, text string) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Parse("test.toml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// sampleOf writes a random string that re matches, more or less: what surrounds a
// match is not written.
func sampleOf(random *rand.Rand, re *syntax.Regexp, b *strings.Builder) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		i := random.IntN(len(re.Rune)/2) * 2
		lo, hi := re.Rune[i], min(re.Rune[i+1], re.Rune[i]+200)
		b.WriteRune(lo + rune(random.IntN(int(hi-lo)+1)))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(byte(32 + random.IntN(95)))
	case syntax.OpAlternate:
		sampleOf(random, re.Sub[random.IntN(len(re.Sub))], b)
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			sampleOf(random, sub, b)
		}
	case syntax.OpQuest, syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		least, most := re.Min, re.Max
		switch re.Op {
		case syntax.OpQuest:
			least, most = 0, 1
		case syntax.OpStar:
			least, most = 0, -1
		case syntax.OpPlus:
			least, most = 1, -1
		}
		if most < 0 || most > least+6 && random.IntN(4) > 0 {
			most = least + 6
		}
		for range least + random.IntN(most-least+1) {
			sampleOf(random, re.Sub[0], b)
		}
	}
}

// samples is text in which something of every rule stands, partly broken.
func samples(random *rand.Rand, set *rules.Ruleset, pieces int) string {
	var b strings.Builder
	for range pieces {
		r := set.Rules[random.IntN(len(set.Rules))]
		if r.Regex == nil {
			continue
		}
		re, err := syntax.Parse(r.Regex.String(), syntax.Perl)
		if err != nil {
			panic(err)
		}
		var piece strings.Builder
		sampleOf(random, re, &piece)
		text := []byte(piece.String())
		if random.IntN(4) == 0 && len(text) > 0 {
			text[random.IntN(len(text))] = byte(random.IntN(256))
		}
		b.Write(text)
		b.WriteString([]string{"\n", " ", "\"", ";", "", "\n\n", ", ", "\x00", "世", "\u212a", "\u017f", "=", "\r\n"}[random.IntN(13)])
		if random.IntN(3) == 0 && len(r.Keywords) > 0 {
			b.WriteString(r.Keywords[random.IntN(len(r.Keywords))])
		}
	}
	return b.String()
}

func TestWindowsGiveWhatTheWholeTextGives(t *testing.T) {
	set := defaults(t)
	s := newScanner(t, set, scanner.Options{Compat: true})
	random := rand.New(rand.NewPCG(3, 4))
	found := map[string]bool{}
	for range 300 {
		text := samples(random, set, 1+random.IntN(12))
		want := oracle{set}.scan(text)
		if diff := cmp.Diff(want, compatFindings(s, text)); diff != "" {
			t.Fatalf("text %q: -plain +windows\n%s", text, diff)
		}
		for _, f := range want {
			rule, _, _ := strings.Cut(f, ":")
			found[rule] = true
		}
	}
	if len(found) < 150 {
		t.Errorf("only %d rules were exercised", len(found))
	}
}

func FuzzWindows(f *testing.F) {
	set := defaults(f)
	s := newScanner(f, set, scanner.Options{Compat: true})
	random := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		f.Add([]byte(samples(random, set, 4)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4<<10 {
			return
		}
		if diff := cmp.Diff(oracle{set}.scan(string(text)), compatFindings(s, string(text))); diff != "" {
			t.Errorf("-plain +windows\n%s", diff)
		}
	})
}

// TestUserRules compiles rules that have no good anchor, or none at all.
func TestUserRules(t *testing.T) {
	set := parse(t, `
[[rules]]
id = "no-anchor"
regex = '''[0-9]+x?'''
[[rules]]
id = "optional"
regex = '''(?:ab)?(c)'''
[[rules]]
id = "keyword-only"
regex = '''[a-z]{3}\d'''
keywords = ["magic"]
[[rules]]
id = "everything-before"
regex = '''(?s).*END'''
[[rules]]
id = "folded"
regex = '''(?i)ks+ecret'''
[[rules]]
id = "generic-x"
regex = '''wide\w*'''
[[rules]]
id = "narrow"
regex = '''wide\w*'''
`)
	s := newScanner(t, set, scanner.Options{Compat: true})
	for _, text := range []string{"", "abc 123x", "abc4 MAGIC", "abc4", "one\ntwo END three END", "\u212a\u017fecret KSSECRET", "widest", "\xff\xfe1\x80c"} {
		if diff := cmp.Diff(oracle{set}.scan(text), compatFindings(s, text)); diff != "" {
			t.Errorf("text %q: -plain +windows\n%s", text, diff)
		}
	}
}

func TestRequiredRules(t *testing.T) {
	set := parse(t, `
[[rules]]
id = "main"
regex = '''main\d'''
[[rules.required]]
id = "aid"
withinLines = 1
[[rules]]
id = "aid"
regex = '''aid\d'''
keywords = ["nowhere"]
skipReport = true
[[rules]]
id = "other"
regex = '''other\d'''
[[rules.required]]
id = "anything"
[[rules]]
id = "anything"
regex = '''(\d\d\d)?'''
keywords = ["nowhere"]
`)
	s := newScanner(t, set, scanner.Options{})
	for text, want := range map[string]int{"main1\naid1\n": 1, "main1\n\naid1\n": 0, "main1": 0, "aid1": 0, "aid1 main1 main2": 2, "other1": 1} {
		if got := len(compatFindings(s, text)); got != want {
			t.Errorf("%q: %d findings, want %d", text, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	set := parse(t, "[[rules]]\nid='a'\nregex='''tok(en\\s\\d+)'''\n")
	s := newScanner(t, set, scanner.Options{})
	var got []string
	text := "token 1\n  token 22 token\n333"
	s.Scan(&scanner.Fragment{Data: []byte(text), Line: 10, Column: 5, Offset: 100}, func(f *scanner.Finding, t scanner.Text) {
		got = append(got, fmt.Sprintf("%d:%d-%d:%d %v %v %q", f.StartLine, f.StartColumn, f.EndLine, f.EndColumn, f.Match, f.Secret, t.Line.Reveal()))
	})
	want := []string{
		`10:5-10:11 {100 107} {103 107} "token 1"`,
		`11:3-11:10 {110 118} {113 118} "  token 22 token"`,
		`11:12-12:3 {119 128} {122 128} "  token 22 token\n333"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestFragmentsShareContext(t *testing.T) {
	set := parse(t, "[[rules]]\nid='a'\nregex='''\\btoken-\\d{4}\\b'''\n")
	s := newScanner(t, set, scanner.Options{})
	text := []byte("xtoken-1111 token-2222 token-3333")
	for cut := range len(text) + 1 {
		n := 0
		count := func(*scanner.Finding, scanner.Text) { n++ }
		if cut > 0 {
			s.Scan(&scanner.Fragment{Data: text, To: cut}, count)
		}
		s.Scan(&scanner.Fragment{Data: text, From: cut}, count)
		if n != 2 {
			t.Errorf("cut at %d: %d findings, want 2", cut, n)
		}
	}
}

func TestCommentsAllow(t *testing.T) {
	set := parse(t, "[[rules]]\nid='a'\nregex='''token-\\d{4}'''\n")
	for _, tt := range []struct {
		text string
		opts scanner.Options
		want int
	}{
		{"token-1111 # gitleaks:allow", scanner.Options{}, 0},
		{"token-1111 # stanch:allow", scanner.Options{}, 0},
		{"token-1111 # stanch:allow", scanner.Options{Compat: true}, 1},
		{"token-1111 # gitleaks:allow", scanner.Options{IgnoreAllow: true}, 1},
		// Gitleaks takes all of a fragment for the line of what has no newline behind it.
		{"# gitleaks:allow\n\ntoken-1111", scanner.Options{Compat: true}, 0},
		{"# gitleaks:allow\n\ntoken-1111", scanner.Options{}, 1},
	} {
		if got := len(compatFindings(newScanner(t, set, tt.opts), tt.text)); got != tt.want {
			t.Errorf("%q with %+v: %d findings, want %d", tt.text, tt.opts, got, tt.want)
		}
	}
}

func TestNoAllocationOnCleanInput(t *testing.T) {
	s := newScanner(t, defaults(t), scanner.Options{MaxDecodeDepth: 5})
	line := []byte(`10.0.0.7 - - [12/Mar/2026:10:11:12 +0000] "GET /api/v1/items?page=2&key=name HTTP/1.1" 200 512 "-" "curl/8.5.0"` + "\n")
	block := bytes.Repeat(line, 1000)
	for _, data := range [][]byte{line, block} {
		f := &scanner.Fragment{Data: data, Path: "access.log"}
		none := func(*scanner.Finding, scanner.Text) { t.Error("found something") }
		s.Scan(f, none)
		if n := testing.AllocsPerRun(100, func() { s.Scan(f, none) }); n >= 1 {
			t.Errorf("%d bytes: %v allocations", len(data), n)
		}
	}
}

// TestDecodedFarFromAnchor holds that a later pass, which looks near decoded values
// only, finds matches that begin far from one: a rule without a limit, and one
// whose limit is far.
func TestDecodedFarFromAnchor(t *testing.T) {
	set := parse(t, `
[[rules]]
id = "endless"
regex = '''(?s)BEGIN-IT.*?(?:stop-here)'''
[[rules]]
id = "far"
regex = '''FAR-AWAYy{1000}y{1000}y{1000}y{1000}y{1000}stop-here'''
`)
	s := newScanner(t, set, scanner.Options{MaxDecodeDepth: 5})
	encoded := base64.StdEncoding.EncodeToString([]byte("2026: stop-here now"))
	for id, text := range map[string]string{
		"endless": "BEGIN-IT" + strings.Repeat("some words\n", 3000) + encoded,
		"far":     strings.Repeat("some words\n", 3000) + "FAR-AWAY" + strings.Repeat("y", 5000) + "%73top-here%20",
	} {
		var got []string
		s.Scan(&scanner.Fragment{Data: []byte(text)}, func(f *scanner.Finding, _ scanner.Text) {
			got = append(got, f.Rule.ID)
		})
		if diff := cmp.Diff([]string{id}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", id, diff)
		}
	}
}

func TestPathsAndCommits(t *testing.T) {
	set := parse(t, `
[[rules]]
id = "everywhere"
regex = '''toy-\d{4}'''
[[rules]]
id = "in-go"
regex = '''toy-\d{4}'''
path = '''\.go$'''
[[rules]]
id = "keys"
path = '''\.p12$'''
[[allowlists]]
paths = ['''^vendor/''']
commits = ["AB12"]
`)
	s := newScanner(t, set, scanner.Options{})
	for _, tt := range []struct{ path, commit, want string }{
		{"", "", "everywhere"}, {"a.txt", "", "everywhere"}, {"a.go", "", "everywhere in-go"},
		{"a.p12", "", "everywhere keys"}, {"vendor/a.go", "", ""}, {"vendor/a.p12", "", ""}, {"a.go", "ab12", ""}, {"a.go", "ab13", "everywhere in-go"},
	} {
		var got []string
		s.Scan(&scanner.Fragment{Path: tt.path, Commit: tt.commit, Data: []byte("toy-1234")}, func(f *scanner.Finding, _ scanner.Text) {
			got = append(got, f.Rule.ID)
		})
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q at %q: %v, want %s", tt.path, tt.commit, got, tt.want)
		}
	}
}

// TestPrivateKeysEndWhereTheyEnd compares texts in which the automaton ends a run
// early with the plain way, also where what it took for an end is none.
func TestPrivateKeysEndWhereTheyEnd(t *testing.T) {
	set := defaults(t)
	s := newScanner(t, set, scanner.Options{Compat: true})
	begin, end := "-----BEGIN "+"PRIVATE KEY-----\n", "-----END "+"PRIVATE KEY-----\n"
	body := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n", 3)
	few := strings.Repeat("世", 30) // more than 64 bytes, fewer than 64 runes
	filler := strings.Repeat("nothing to see on this line\n", 200)
	for _, text := range []string{
		begin + body + end + filler,
		begin + body + end + filler + begin + body + end + filler,
		begin + begin + body + end + filler + end,
		begin + few + end + filler + end + filler,
		begin + few + end + filler + begin + body + end + filler + end,
		begin + few + end + filler + filler,
		begin + filler + begin + few + end + filler + body + end,
	} {
		if diff := cmp.Diff(oracle{set}.scan(text), compatFindings(s, text)); diff != "" {
			t.Errorf("%.60q: -plain +windows\n%.2000s", text, diff)
		}
	}
}

// TestKeywordsCountNearby holds that a keyword which is no part of a match counts
// as far away as in a fragment of gitleaks', and in compatible mode everywhere.
func TestKeywordsCountNearby(t *testing.T) {
	set := parse(t, "[[rules]]\nid='a'\nregex='toy-\\d{4}'\nkeywords=['Magic']\n")
	for _, tt := range []struct {
		far    int
		compat bool
		want   int
	}{{100, false, 1}, {124_000, false, 1}, {140_000, false, 0}, {140_000, true, 1}} {
		s := newScanner(t, set, scanner.Options{Compat: tt.compat})
		gap := strings.Repeat("some text\n", tt.far/10)
		for _, text := range []string{"MAGIC " + gap + "toy-1234", "toy-1234" + gap + "magic"} {
			if got := len(compatFindings(s, text)); got != tt.want {
				t.Errorf("%+v: %d findings", tt, got)
			}
		}
	}
}

// TestRequiredRuleThatIsDisabled holds that a rule which requires one that an
// extension has disabled finds nothing, and does no harm.
func TestRequiredRuleThatIsDisabled(t *testing.T) {
	base := filepath.Join(t.TempDir(), "base.toml")
	text := "[[rules]]\nid='main'\nregex='main\\d'\n[[rules.required]]\nid='aid'\n[[rules]]\nid='aid'\nregex='aid\\d'\n"
	if err := os.WriteFile(base, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set := parse(t, "[extend]\npath='"+base+"'\ndisabledRules=['aid']\n")
	s := newScanner(t, set, scanner.Options{})
	if got := compatFindings(s, "main1 aid1"); len(got) > 0 {
		t.Errorf("found %v", got)
	}
	trace, ok := s.Trace("main", &scanner.Fragment{Data: []byte("main1 aid1")})
	if !ok || len(trace.Candidates) != 1 || len(trace.Candidates[0].Reasons) != 1 || trace.Candidates[0].Reasons[0].Cause != scanner.NoRequired {
		t.Errorf("trace %+v", trace)
	}
}
