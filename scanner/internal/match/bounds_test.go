package match_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// TestLargeTexts is about texts, and attempts to match, that are larger than what
// a scratch can remember.
func TestLargeTexts(t *testing.T) {
	long := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	for name, tt := range map[string]struct {
		expr, text string
		from       int // of the one search that is looked at
		outgrown   bool
	}{
		"many jobs":           {`(?:ab|c)*abz|^b`, "b" + long("ab", 200_000) + "y", 1, true},
		"long attempt":        {`(?s)\ba.*(?:b.*(?:c.*d.*e|f)|g.*h.*i)`, "z a" + long("b c ", 600_000), 0, true},
		"long attempt inside": {`\ba[^;]*(?:b[^;]*(?:c[^;]*d[^;]*e|f)|g[^;]*h[^;]*;i)|^z|^a`, "z;a" + long("b c ", 600_000) + "f;z", 1, true},
		"long run":            {`[a-z]{3,}=(\d+)`, long("ab", 200_000) + "=12", 0, false},
		"many attempts":       {`(?:[ab]*c){2}d`, long("abaab", 200_000) + "cacd", 0, false},
		"many matches":        {`\b(\w+)=(\w*)`, long("abc=de fg==", 60_000), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := match.Compile(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			var s match.Scratch
			compare(t, tt.expr, m, regexp.MustCompile(tt.expr), &s, []byte(tt.text))
			m.Find(&s, []byte(tt.text), tt.from)
			if s.Outgrown() != tt.outgrown {
				t.Errorf("outgrown is %v, want %v", s.Outgrown(), tt.outgrown)
			}
			if size := s.Memory(); size > 8<<20 {
				t.Errorf("the scratch has grown to %d bytes", size)
			}
		})
	}
}

// TestScratchIsReused searches a short text with a scratch that has just searched
// one a little longer than what it can remember at once, in vain.
func TestScratchIsReused(t *testing.T) {
	expr := `(?:[^x;]*a[^x;]*b[^x;]*[cd]|b)[^x;]*e`
	m, err := match.Compile(expr)
	if err != nil {
		t.Fatal(err)
	}
	var s match.Scratch
	m.Find(&s, []byte(strings.Repeat("a b c ; ", 40_000)), 0)
	if s.Outgrown() {
		t.Fatal("the attempts were to be short")
	}
	short := []byte("a b c e")
	want := regexp.MustCompile(expr).FindSubmatchIndex(short)
	if diff := cmp.Diff(want, m.Find(&s, short, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestNoAllocation(t *testing.T) {
	var s match.Scratch
	for _, pattern := range patterns(t) {
		m, err := match.Compile(pattern.String())
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(ordinary + strings.Join([]string{"AKI", "ALALEMEL", "33243OLIA", " ey", "JrIjoi"}, ""))
		if n := testing.AllocsPerRun(2, func() {
			m.Match(&s, text)
			m.Find(&s, text, 5)
			m.FindAll(&s, text, func([]int) bool { return true })
		}); n != 0 {
			t.Errorf("%q allocates %v times", pattern, n)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	m, err := match.Compile(`[\w.-]{0,50}?(key|token)=(\w+)`)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("my.key=abc token=def")
	results := make(chan int)
	for range 4 {
		go func() {
			var s match.Scratch
			n := 0
			m.FindAll(&s, text, func(found []int) bool { n += found[4]; return true })
			results <- n
		}()
	}
	for range 4 {
		if n := <-results; n != 7+17 {
			t.Errorf("values begin at positions that add up to %d, want 24", n)
		}
	}
}

func TestErrors(t *testing.T) {
	for levels, want := range map[int]bool{490: true, 510: false} {
		_, err := match.Compile(strings.Repeat("(?:a", levels) + strings.Repeat(")*", levels))
		if (err == nil) != want {
			t.Errorf("with %d levels the error is %.60v", levels, err)
		}
	}
	if _, err := match.Compile(`a(b`); err == nil || !strings.Contains(err.Error(), "missing closing )") {
		t.Errorf("error is %v", err)
	}
}
