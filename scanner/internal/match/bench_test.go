package match_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// ordinary is source code as windows of rules cut it: it holds keywords, and no
// secret.
const ordinary = `	req.Header.Set("Authorization", "Bearer "+token)
	if err := client.Do(ctx, req); err != nil {
		return fmt.Errorf("calling %s: %w", endpoint, err)
	}
	apiKeyName := config.KeyName // the name only
	access := map[string]bool{"read": true}
`

func BenchmarkFindAll(b *testing.B) {
	set, err := rules.Default()
	if err != nil {
		b.Fatal(err)
	}
	body := strings.Repeat("aB3xK9", 30)
	for _, tt := range []struct{ name, rule, text string }{
		{"generic match", "generic-api-key", ordinary[:110] + `	serviceApiKey := "` + body[:32] + `"` + ordinary[110:150]},
		{"generic none", "generic-api-key", ordinary[:200]},
		{"private-key match", "private-key", "x = `-----BEGIN RSA " + "PRIVATE KEY-----\n" + strings.Repeat(body[:64]+"\n", 25) + "-----END RSA " + "PRIVATE KEY-----\n`"},
		{"private-key none", "private-key", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + strings.Repeat(body[:64]+"\n", 25)},
		{"aws match", "aws-access-token", ordinary[:120] + `"AKI` + `AQ` + `YLPMN5HHHFPZAM2` + `"` + ordinary[:50]},
		{"aws none", "aws-access-token", ordinary[:200]},
		{"jwt match", "jwt", ordinary[:60] + "ey" + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + "." + "ey" + body[:70] + "." + body[:43] + `"` + ordinary[:40]},
		{"jwt none", "jwt", ordinary[:200]},
		{"curl-auth-header match", "curl-auth-header", "run: |\n  curl -sS -X POST -H 'Content-Type: application/json' \\\n    -H 'Authorization: Bearer " + body[:40] + "' \\\n    https://api.example.com/v1/items\n"},
		{"curl-auth-header none", "curl-auth-header", "run: |\n  curl -sS -X POST -H 'Content-Type: application/json' \\\n    https://api.example.com/v1/items\n  echo done\n  ls -la\n  cat out.json\n"},
		{"atlassian none", "atlassian-api-token", ordinary[:200]},
		{"okta none", "okta-access-token", ordinary[:200]},
	} {
		benchmark(b, tt.name, set.Rule(tt.rule).Regex, func(m *match.Matcher, s *match.Scratch, text []byte) {
			m.FindAll(s, text, func([]int) bool { return true })
		}, func(re *regexp.Regexp, text []byte) { re.FindAllSubmatchIndex(text, -1) }, tt.text)
	}
}

func BenchmarkMatch(b *testing.B) {
	set, err := rules.Default()
	if err != nil {
		b.Fatal(err)
	}
	global := set.Allowlists[0]
	generic := set.Rule("generic-api-key").Allowlists
	for _, tt := range []struct {
		name    string
		pattern *rules.Pattern
		text    string
	}{
		{"path none", global.Paths, "src/main/java/org/apache/kafka/Foo.java"},
		{"path match", global.Paths, "web/app/node_modules/left-pad/index.js"},
		{"secret", global.Regexes, strings.Repeat("aB3xK9", 6)},
		{"generic line", generic[1].Regexes, `serviceApiToken := "` + strings.Repeat("aB3xK9", 6) + `"`},
	} {
		benchmark(b, tt.name, tt.pattern, func(m *match.Matcher, s *match.Scratch, text []byte) {
			m.Match(s, text)
		}, func(re *regexp.Regexp, text []byte) { re.Match(text) }, tt.text)
	}
}

func BenchmarkCompile(b *testing.B) {
	set, err := rules.Default()
	if err != nil {
		b.Fatal(err)
	}
	var s match.Scratch
	for b.Loop() {
		for _, rule := range set.Rules {
			if rule.Regex == nil {
				continue
			}
			m, err := match.Compile(rule.Regex.String())
			if err != nil {
				b.Fatal(err)
			}
			m.Find(&s, nil, 0) // the program is compiled when first used
		}
	}
}

// benchmark measures m and package regexp on the same text.
func benchmark(b *testing.B, name string, pattern *rules.Pattern, ours func(*match.Matcher, *match.Scratch, []byte), std func(*regexp.Regexp, []byte), text string) {
	m, err := match.Compile(pattern.String())
	if err != nil {
		b.Fatal(err)
	}
	re, input := pattern.Regexp(), []byte(text)
	b.Run(name+"/match", func(b *testing.B) {
		var s match.Scratch
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			ours(m, &s, input)
		}
	})
	b.Run(name+"/regexp", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			std(re, input)
		}
	})
}
