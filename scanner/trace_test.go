package scanner_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// describe is a finding with its plaintext, for comparison.
func describe(f *scanner.Finding, t scanner.Text) string {
	return fmt.Sprintf("%s %v %v %d:%d-%d:%d %s/%d %.3f %q %q", f.Rule.ID, f.Match, f.Secret, f.StartLine, f.StartColumn,
		f.EndLine, f.EndColumn, f.Encoding, f.Depth, f.Entropy, t.Match.Reveal(), t.Secret.Reveal())
}

// scanned and traced are the findings of a fragment, by the engine and by traces.
func scanned(s *scanner.Scanner, f *scanner.Fragment) (found []string) {
	s.Scan(f, func(f *scanner.Finding, t scanner.Text) { found = append(found, describe(f, t)) })
	slices.Sort(found)
	return found
}

func traced(s *scanner.Scanner, set *rules.Ruleset, f *scanner.Fragment) (found []string, reasons map[scanner.Cause]int) {
	reasons = map[scanner.Cause]int{}
	for _, r := range set.Rules {
		trace, _ := s.Trace(r.ID, f)
		for i := range trace.Candidates {
			c := &trace.Candidates[i]
			if len(c.Reasons) == 0 {
				found = append(found, describe(&c.Finding, c.Text))
			}
			for _, reason := range c.Reasons {
				reasons[reason.Cause]++
			}
		}
	}
	slices.Sort(found)
	return found, reasons
}

func TestTracesAgreeWithTheEngine(t *testing.T) {
	set := defaults(t)
	for name, opts := range map[string]scanner.Options{
		"default": {MaxDecodeDepth: 5}, "compat": {MaxDecodeDepth: 5, Compat: true}, "ignoring comments": {IgnoreAllow: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScanner(t, set, opts)
			random := rand.New(rand.NewPCG(7, 8))
			findings, causes := 0, map[scanner.Cause]int{}
			for i := range 16 {
				text := samples(random, set, 10)
				if random.IntN(2) == 0 {
					text += "\n" + base64.StdEncoding.EncodeToString([]byte(samples(random, set, 3))) + " gitleaks:allow\n"
				}
				f := &scanner.Fragment{Data: []byte(text), Path: []string{"", "", "", "a/values.yaml", "", "", "nuget.config", "go.sum"}[i%8]}
				got, reasons := traced(s, set, f)
				if diff := cmp.Diff(scanned(s, f), got); diff != "" {
					t.Fatalf("path %q, text %q: -engine +traces\n%s", f.Path, text, diff)
				}
				findings += len(got)
				for cause, n := range reasons {
					causes[cause] += n
				}
			}
			if findings < 50 || len(causes) < 4 {
				t.Errorf("%d findings and reasons %v: too few to compare", findings, causes)
			}
		})
	}
}

// reasonRules has a rule for every reason.
const reasonRules = `
[[allowlists]]
paths = ['^vendor/']
[[rules]]
id = "plain"
regex = '''plain-(\w+)'''
[[rules]]
id = "keyed"
regex = '''\d{4}-(\w+)'''
keywords = ["magic"]
[[rules]]
id = "random"
regex = '''random-(\w+)'''
entropy = 3.0
[[rules]]
id = "allowing"
regex = '''allowing-(\w+)'''
[[rules.allowlists]]
description = "no examples"
stopwords = ["sample", "example"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ["^#"]
[[rules]]
id = "generic"
regex = '''\w+-\w+-(\w+)'''
[[rules]]
id = "specific"
regex = '''very-specific-\w+'''
[[rules]]
id = "main"
regex = '''main-(\w+)'''
[[rules.required]]
id = "aid"
withinLines = 0
[[rules]]
id = "aid"
regex = '''aid-(\w+)'''
keywords = ["nowhere"]
skipReport = true
[[rules]]
id = "yaml"
path = '''\.yaml$'''
regex = '''yaml-(\w+)'''
[[rules]]
id = "file"
path = '''\.p12$'''
`

func TestReasons(t *testing.T) {
	set := parse(t, reasonRules)
	s := newScanner(t, set, scanner.Options{MaxDecodeDepth: 1})
	for _, tt := range []struct{ rule, path, text, want string }{
		{"plain", "", "nothing", ""},
		{"plain", "", "plain-x plain-y", "1:1 found\n1:9 found"},
		{"plain", "vendor/x", "plain-x", "1:1 allowlisted source"},
		{"plain", "", "\nplain-x # stanch:allow", "2:1 commented"},
		{"plain", "", base64.StdEncoding.EncodeToString([]byte("a plain-x in base64")), "1:1 found"},
		{"keyed", "", "1234-x", "1:1 no keyword"},
		{"keyed", "", "1234-x MAGIC", "1:1 found"},
		{"random", "", "random-aaaa", "1:1 low entropy"},
		{"random", "", "random-aaaa # gitleaks:allow", "1:1 low entropy, commented"},
		{"random", "", "random-abcdefghijkl", "1:1 found"},
		{"allowing", "", "allowing-MyExampleX", "1:1 allowlisted example (no examples)"},
		{"allowing", "", "# allowing-x", "1:3 allowlisted  ()"},
		{"generic", "", "very-specific-x", "1:1 covered by specific"},
		{"generic", "", "very-special-x", "1:1 found"},
		{"main", "", "main-x", "1:1 required rule missing aid"},
		{"main", "", "main-x\naid-y", "1:1 required rule missing aid"},
		{"main", "", "main-x aid-y", "1:1 found"},
		{"aid", "", "aid-y", "1:1 no keyword, not reported"},
		{"yaml", "a.json", "yaml-x", "1:1 other path"},
		{"yaml", "a.yaml", "yaml-x", "1:1 found"},
		{"file", "a.p12", "", "0:0 found"},
		{"file", "vendor/a.p12", "", "0:0 allowlisted source"},
		{"file", "a.p11", "", ""},
	} {
		f := &scanner.Fragment{Data: []byte(tt.text), Path: tt.path}
		trace, ok := s.Trace(tt.rule, f)
		if !ok {
			t.Fatalf("no rule %s", tt.rule)
		}
		if got := words(&trace); got != tt.want {
			t.Errorf("%s in %q of %q: %q, want %q", tt.rule, tt.text, tt.path, got, tt.want)
		}
		got, _ := traced(s, set, f)
		if diff := cmp.Diff(scanned(s, f), got); diff != "" {
			t.Errorf("%q of %q: -engine +traces\n%s", tt.text, tt.path, diff)
		}
	}
}

func FuzzTraces(f *testing.F) {
	set := parse(f, reasonRules)
	s := newScanner(f, set, scanner.Options{MaxDecodeDepth: 2})
	for _, text := range []string{
		"plain-x very-specific-x\nrandom-abcdefgh # gitleaks:allow", "main-x aid-y 1234-x MAGIC", "# allowing-example\nyaml-x",
		base64.StdEncoding.EncodeToString([]byte("a main-x aid-y plain-z in base64")),
	} {
		f.Add([]byte(text), "a.yaml")
	}
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		f := &scanner.Fragment{Data: text, Path: path}
		got, _ := traced(s, set, f)
		if diff := cmp.Diff(scanned(s, f), got); diff != "" {
			t.Errorf("-engine +traces\n%s", diff)
		}
	})
}

// words writes a line for each candidate: its place and what speaks against it.
func words(trace *scanner.Trace) (text string) {
	for i, c := range trace.Candidates {
		if i > 0 {
			text += "\n"
		}
		text += fmt.Sprintf("%d:%d ", c.StartLine, c.StartColumn)
		if len(c.Reasons) == 0 {
			text += "found"
		}
		for j, r := range c.Reasons {
			if j > 0 {
				text += ", "
			}
			text += r.Cause.String()
			switch r.Cause {
			case scanner.Allowlisted:
				text += fmt.Sprintf(" %s (%s)", r.Stopword, r.Allowlist.Description)
			case scanner.Covered:
				text += " by " + r.Rule
			case scanner.NoRequired:
				text += " " + r.Rule
			}
		}
	}
	return text
}

func TestTraceNamesTheKeyword(t *testing.T) {
	s := newScanner(t, parse(t, reasonRules), scanner.Options{MaxDecodeDepth: 1})
	for text, want := range map[string]string{
		"":      "",
		"MAGIC": "magic",
		base64.StdEncoding.EncodeToString([]byte("some magic words")): "magic",
	} {
		if trace, _ := s.Trace("keyed", &scanner.Fragment{Data: []byte(text)}); trace.Keyword != want {
			t.Errorf("%q: keyword %q, want %q", text, trace.Keyword, want)
		}
	}
	if _, ok := s.Trace("none", &scanner.Fragment{}); ok {
		t.Error("a rule that does not exist was traced")
	}
}
