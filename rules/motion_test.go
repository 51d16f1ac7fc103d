package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// TestMotionHasAnchors checks that every rule can be searched for in a stream: in a
// window, without keywords, without a path.
func TestMotionHasAnchors(t *testing.T) {
	set := motion(t)
	s, err := scanner.New(set, scanner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	base := mustDefault(t)
	for _, rule := range set.Rules {
		if e, _ := s.Explain(rule.ID); e.Reach != scanner.Window {
			t.Errorf("%s has reach %v", rule.ID, e.Reach)
		}
		if len(rule.Keywords) > 0 || rule.Path != nil {
			t.Errorf("%s has keywords %q and path %v", rule.ID, rule.Keywords, rule.Path)
		}
		for _, a := range rule.Allowlists {
			if a.Target == rules.TargetLine && base.Rule(rule.ID) == nil {
				t.Errorf("%s has an allowlist on lines, which a stream does not have", rule.ID)
			}
		}
	}
}

// TestMotionHoldsTheDefaults checks which of gitleaks' rules are left out.
func TestMotionHoldsTheDefaults(t *testing.T) {
	set, base := motion(t), mustDefault(t)
	var left []string
	for _, rule := range base.Rules {
		if set.Rule(rule.ID) == nil {
			left = append(left, rule.ID)
		}
	}
	want := []string{"curl-auth-header", "hashicorp-tf-password", "kubernetes-secret-yaml", "pkcs12-file"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("rules left out (-want +got):\n%s", diff)
	}
	if again := mustDefault(t); cmp.Diff(again.Rule("jwt").Keywords, []string{"ey"}) != "" {
		t.Error("the default rules changed when those for motion were made")
	}
}

// TestMotionStartsBehindColour checks that a terminal's colour is no part of what is
// found, also where the rule has no group for the secret.
func TestMotionStartsBehindColour(t *testing.T) {
	set := motion(t)
	rule := set.Rule("artifactory-api-key")
	token := "AKC" + "p" + strings.Repeat("aB3dE5fG7hJ9kL1mN2pQ4rS", 3)
	var found []scanner.Span
	alone(t, set, rule).Scan(&scanner.Fragment{Data: []byte("\x1b[1;31m" + token + "\x1b[0m")}, func(f *scanner.Finding, _ scanner.Text) {
		found = append(found, f.Secret)
	})
	if diff := cmp.Diff([]scanner.Span{{Start: 7, End: 7 + len(token)}}, found); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

func mustDefault(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// ending is that of gitleaks' rules which is widened.
const ending = `(?:[\x60'"\s;]|\\[nr]|$)`

// surroundings are what stands around a token in motion, where $ stands here.
var surroundings = []string{
	"?access_token=$&x=1", "error with $, next", "[$]", "({$})", "<a>$</a>", "$: not found", "a|$|x", "it was $.",
	"/x/$/y", "\x1b[33m$\x1b[0m", "/x#$#f", `{\"x\":\"$\"}`, "x=$%26y",
}

// TestMotionEndings tries every rule that was given another ending on a token of
// its own in surroundings where gitleaks finds few.
func TestMotionEndings(t *testing.T) {
	set, base := motion(t), mustDefault(t)
	tried := 0
	for _, rule := range base.Rules {
		if rule.Regex == nil || !strings.Contains(rule.Regex.String(), ending) {
			continue
		}
		form := set.Rule(rule.ID)
		if form == nil || len(form.Examples) > 0 {
			continue // left out, or tried on examples
		}
		tried++
		text, secret := sampleOf(t, base, rule)
		s := alone(t, set, form)
		for _, around := range surroundings {
			in := strings.Replace(around, "$", text, 1)
			var found []string
			s.Scan(&scanner.Fragment{Data: []byte(in)}, func(_ *scanner.Finding, x scanner.Text) {
				found = append(found, string(x.Secret.Reveal()))
			})
			if len(found) == 1 && wider(found[0], secret) {
				continue
			}
			if diff := cmp.Diff([]string{secret}, found); diff != "" {
				t.Errorf("%s in %q (-want +got):\n%s", rule.ID, in, diff)
			}
		}
	}
	if tried < 140 {
		t.Errorf("only %d rules were tried", tried)
	}
}

// wider reports whether found is the secret, with what follows it where that can be
// part of a token.
func wider(found, secret string) bool {
	rest, ok := strings.CutPrefix(found, secret)
	return ok && (rest == "" || rest == "." || rest == "%26y" || rest == "/y")
}

// sampleOf makes a text that a rule finds in a file, and says what secret it finds.
func sampleOf(t *testing.T, set *rules.Ruleset, rule *rules.Rule) (text, secret string) {
	t.Helper()
	s := alone(t, set, rule)
	maker := newSampler(strings.ReplaceAll(rule.Regex.String(), ending, ""))
	for range 500 {
		text, secret = maker.sample(), ""
		s.Scan(&scanner.Fragment{Data: []byte(text + "\n")}, func(f *scanner.Finding, x scanner.Text) {
			if f.Match.Start == 0 && f.Match.End >= len(text) {
				secret = string(x.Secret.Reveal())
			}
		})
		if secret != "" && strings.HasSuffix(text, secret) {
			return text, secret
		}
	}
	t.Fatalf("%s: no sample of its expression is found", rule.ID)
	return "", ""
}

func TestLoadMotion(t *testing.T) {
	name := filepath.Join(t.TempDir(), "own.toml")
	text := `
[extend]
useDefault = true
disabledRules = ["jwt"]
[[rules]]
id = "acme"
regex = '''(acme_\w{8})` + ending + `'''
[[rules]]
id = "scan-only"
regex = '''zzz9'''
carriers = ["scan"]
[[rules]]
id = "motion-only"
regex = '''yyy9'''
carriers = ["motion"]
`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	has := func(set *rules.Ruleset, ids ...string) (found []string) {
		for _, id := range ids {
			if set.Rule(id) != nil {
				found = append(found, id)
			}
		}
		return found
	}
	ids := []string{"acme", "scan-only", "motion-only", "jwt", "github-pat", "url-password"}
	moving, err := rules.LoadMotion(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"acme", "motion-only", "github-pat", "url-password"}, has(moving, ids...)); diff != "" {
		t.Errorf("for motion (-want +got):\n%s", diff)
	}
	if re := moving.Rule("acme").Regex.Regexp(); !re.MatchString("acme_12345678&x") {
		t.Errorf("the ending of %s was not widened", re)
	}
	resting, err := rules.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"acme", "scan-only", "github-pat"}, has(resting, ids...)); diff != "" {
		t.Errorf("for scan (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"scan"}, resting.Rule("scan-only").Carriers.Names()); diff != "" {
		t.Errorf("carriers (-want +got):\n%s", diff)
	}
}

func TestExamplesAreJoined(t *testing.T) {
	set, err := rules.Parse("x", []byte(`
[[rules]]
id = "a"
regex = "x"
examples = [["a=", ["b", "c"], "d"]]
counterExamples = [["a", "b"]]
`))
	if err != nil {
		t.Fatal(err)
	}
	rule := set.Rule("a")
	if diff := cmp.Diff([]rules.Example{{Text: "a=bcd", Start: 2, End: 4}}, rule.Examples); diff != "" {
		t.Errorf("examples (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ab"}, rule.CounterExamples); diff != "" {
		t.Errorf("counter-examples (-want +got):\n%s", diff)
	}
}

func BenchmarkMotion(b *testing.B) {
	for b.Loop() {
		motion(b)
	}
}
