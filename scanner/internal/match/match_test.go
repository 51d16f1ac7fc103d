package match_test

import (
	"regexp"
	"testing"

	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// cases are expressions and texts that tell the ways of searching apart.
var cases = []struct{ expr, text string }{
	{`a`, "banana"},
	{`a|ab|abc`, "xabcab"},
	{`(a+)(b*)?`, "aabab"},
	{`(?i)secret_key`, "SECRET_KEY \u017fECRET_\u212aEY"},
	{`[\w.-]{0,5}?(?i:key|token)=(\w{2,4})`, "my.api.key=abcdef token=z TOKEN=12"},
	{`[\w.-]{0,3}?[\w.-]{0,3}?key`, "abcdefghkey"},
	{`(?i)[\w]{0,3}?key`, "\u212a\u017fakeykey"},
	{`[a-c]{0,3}?(?i:[a-ck]{0,3}?)x`, "abck\u212aakx"},
	{`(|a)*`, "aab"},
	{`(|a)+`, "aab"},
	{`(?:|a)*?b`, "aab"},
	{`(a*)*`, "aab"},
	{`(a*?)*b`, "aab"},
	{`(a{0,2})*b`, "aaaab"},
	{`(a{0,2}?)*?b`, "aaaab"},
	{`(?:a*?|b)*c`, "aabbac"},
	{`(\b|a)*?b`, "aab ab"},
	{`(?m)^.*$`, "one\ntwo\n\nthree"},
	{`^|\bx|$`, "x yx"},
	{`\B`, "ab c\xff"},
	{``, "a\xffé\u212a"},
	{`[^a]{2,3}`, "é\xff\xe2\x84a中b"},
	{`[^a]*?b`, "é\xff\xe2\x84中b"},
	{`\x{fffd}+`, "a\xff\xef\xbf\xbd\xe2\x84"},
	{`[a-z]+[a-z0-9]*\d`, "abcdef12x"},
	{`[a-z]{2,}[a-z0-9]{3,}?;`, "abcdefgh1;zz;"},
	{`(?:[a-z]+,)*X`, "aaa,bbb,ccc,X,aaa,"},
	{`(?:ab|c){2,4}`, "abccabababc"},
	{`(a){0}b(c)?`, "abcb"},
	{`(?s)-----BEGIN.{3,}?KEY-----`, "-----BEGIN-----BEGIN KEY-----KEY-----"},
	{`\Aab|b\z`, "abab"},
	{`[^\x00-\x{10FFFF}]*a`, "aa"},
	{`(?i)\x{e9}k`, "\u00c9\u212a \u00e9K"},
	{`a$|b`, "aab"},
	{`(a|b)*?(c|$)`, "abab"},
	{`.*.*=`, "aaaa\nbb=bb=b"},
	{`(?:(a)|b)*`, "ab"},
	{`(?:[ab]{0,3}?)??(?:[ab]{0,3}?)??[ab].[ab]\x{212a}`, "baaa\u212a"},
	{`x[ab]*?[ab]c`, "xaabac xbbbb"},
}

func TestCases(t *testing.T) {
	var s match.Scratch
	for _, tt := range cases {
		m, err := match.Compile(tt.expr)
		if err != nil {
			t.Errorf("%q: %v", tt.expr, err)
			continue
		}
		re := regexp.MustCompile(tt.expr)
		compare(t, tt.expr, m, re, &s, []byte(tt.text))
		if m.NumSubexp() != re.NumSubexp() {
			t.Errorf("%q has %d groups, want %d", tt.expr, m.NumSubexp(), re.NumSubexp())
		}
	}
}
