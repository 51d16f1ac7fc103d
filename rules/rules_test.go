package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/rules"
)

func TestDefaultIsWhole(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Rules) != 222 || len(set.Allowlists) != 1 {
		t.Errorf("%d rules and %d allowlists, want 222 and 1", len(set.Rules), len(set.Allowlists))
	}
	compile := func(patterns ...*rules.Pattern) {
		for _, p := range patterns {
			if p != nil {
				p.Regexp() // panics when it does not compile
			}
		}
	}
	for _, a := range set.Allowlists {
		compile(a.Paths, a.Regexes)
	}
	for _, r := range set.Rules {
		compile(r.Regex, r.Path)
		for _, a := range r.Allowlists {
			compile(a.Paths, a.Regexes)
		}
		for _, k := range r.Keywords {
			if k != strings.ToLower(k) {
				t.Errorf("%s: keyword %q is not lower case", r.ID, k)
			}
		}
	}
	generic := set.Rule("generic-api-key")
	if generic == nil || generic.Entropy != 3.5 || len(generic.Allowlists) == 0 {
		t.Errorf("generic-api-key was not read whole: %+v", generic)
	}
}

func TestAllowlistsJoinAsInGitleaks(t *testing.T) {
	set, err := rules.Parse("x", []byte("[[allowlists]]\nregexes = ['(?i)a', 'bc$']\n"))
	if err != nil {
		t.Fatal(err)
	}
	if re := set.Allowlists[0].Regexes.Regexp(); !re.MatchString("BC") {
		t.Error("(?i) of the first expression must reach the second")
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"syntax":         {"title = 'x'\nrules = = 1\n", `^f:2:9: `},
		"unknown key":    {"[[rules]]\nid = 'a'\nregexp = 'x'\n", `^f:3: unknown key "rules\.regexp"`},
		"broken regex":   {"[[rules]]\nid='a'\nregex='x'\n[[rules]]\nid='b'\nregex='('\n", `^f:6: regex: .*missing closing`},
		"no id":          {"title=''\n[[rules]]\nregex='x'\n", `^f:2: a rule needs an id`},
		"twice":          {"[[rules]]\nid='a'\nregex='x'\n[[rules]]\nid='a'\nregex='x'\n", `^f:4: rule "a" is defined twice`},
		"never matches":  {"[[rules]]\nid='a'\n", `^f:1: rule "a" has neither`},
		"group":          {"[[rules]]\nid='a'\nregex='(x)'\nsecretGroup=2\n", `^f:4: .*secretGroup is 2`},
		"required":       {"[[rules]]\nid='a'\nregex='x'\n[[rules.required]]\nid='b'\n", `^f:1: rule "a" requires rule "b"`},
		"empty list":     {"[[rules]]\nid='a'\nregex='x'\n[[rules.allowlists]]\ncondition='or'\n", `^f:4: an allowlist needs`},
		"condition":      {"[[allowlists]]\npaths=['x']\ncondition='xor'\n", `^f:3: condition "xor"`},
		"target":         {"[[allowlists]]\nregexes=['x']\nregexTarget='file'\n", `^f:3: regexTarget "file"`},
		"empty pattern":  {"[[allowlists]]\n\nregexes=['']\n", `^f:3: an empty expression`},
		"target rule":    {"[[allowlists]]\nregexes=['x']\ntargetRules=['z']\n", `^f:1: targetRules names rule "z"`},
		"both forms":     {"[allowlist]\npaths=['x']\n[[allowlists]]\npaths=['x']\n", `^f:1: both allowlist`},
		"url":            {"[extend]\nurl='x'\n", `^f:1: extend\.url is not supported`},
		"path and useD.": {"[extend]\npath='x'\nuseDefault=true\n", `^f:1: extend\.path and`},
		"wrong type":     {"[[rules]]\nid='a'\nentropy='high'\n", `^f:3:`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rules.Parse("f", []byte(tt.text))
			if err == nil {
				t.Fatal("no error")
			}
			if !regexp.MustCompile(tt.want).MatchString(err.Error()) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestExtend(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("base.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = 'mine'\nregex = 'base'\nkeywords = ['One']\nentropy = 2.0\n")
	set, err := rules.Load(write("top.toml", `
[extend]
path = 'base.toml'
disabledRules = ['jwt', 'nosuch']
[[rules]]
id = 'mine'
regex = 'top'
keywords = ['two']
`))
	if err != nil {
		t.Fatal(err)
	}
	mine := set.Rule("mine")
	if mine.Regex.String() != "top" || mine.Entropy != 2 || strings.Join(mine.Keywords, " ") != "one two" {
		t.Errorf("rules were not merged: %+v", mine)
	}
	if set.Rule("jwt") != nil || set.Rule("github-pat") == nil || len(set.Rules) != 222 {
		t.Errorf("%d rules, jwt off: %v", len(set.Rules), set.Rule("jwt") == nil)
	}
	if len(set.Warnings) != 1 || !strings.Contains(set.Warnings[0], "nosuch") {
		t.Errorf("warnings %q", set.Warnings)
	}
	self := write("loop.toml", "[extend]\npath = 'loop.toml'\n")
	if _, err := rules.Load(self); err == nil || !strings.Contains(err.Error(), "more than 2 deep") {
		t.Errorf("a file that extends itself: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("[[rules]]\nid='a'\nregex='x'\n[[rules.allowlists]]\nstopwords=['y']\n"))
	f.Add([]byte("[extend]\nuseDefault=true\n[[rules]]\nid='jwt'\n"))
	f.Add([]byte("[[rules.required]]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := rules.Parse("f", text)
		if (set == nil) == (err == nil) {
			t.Fatalf("set %v, error %v", set, err)
		}
	})
}

func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		if _, err := rules.Default(); err != nil {
			b.Fatal(err)
		}
	}
}
