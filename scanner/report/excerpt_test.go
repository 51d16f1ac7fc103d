package report_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/report"
)

func TestExcerpt(t *testing.T) {
	word := newRule("w", `pass=(\w+)`)
	other := newRule("o", `user:(\w+)`)
	all := newRule("all", `pass=\w+`)
	block := newRule("b", `(?s)BEGIN.*?END`)
	for _, c := range []struct {
		name, text string
		rules      []fakeRule
		want       report.Excerpt
	}{
		{"plain", "x\npass=abcd\ny", []fakeRule{word}, report.Excerpt{Line: 2, Text: "pass=[REDACTED:w]", Caret: 5, Width: 12}},
		{"indented", "\t  pass=abcd;  ", []fakeRule{word}, report.Excerpt{Line: 1, Text: "pass=[REDACTED:w];", Caret: 5, Width: 12}},
		{"the other secret on the line", "user:efgh pass=abcd user:ijkl", []fakeRule{word, other},
			report.Excerpt{Line: 1, Text: "user:[REDACTED:o] pass=[REDACTED:w] user:[REDACTED:o]", Caret: 23, Width: 12}},
		{"a secret once more, unfound", "(abcd) pass=abcd (efgh) user:efgh", []fakeRule{word, other},
			report.Excerpt{Line: 1, Text: "([REDACTED:w]) pass=[REDACTED:w] ([REDACTED:o]) user:[REDACTED:o]", Caret: 20, Width: 12}},
		{"overlapping secrets", "pass=abcd", []fakeRule{word, all}, report.Excerpt{Line: 1, Text: "[REDACTED:w]", Caret: 0, Width: 12}},
		{"lines joined", "a BEGIN\nx\ny\nEND b\nc", []fakeRule{block}, report.Excerpt{Line: 1, Text: "a [REDACTED:b] b", Caret: 2, Width: 12}},
		{"below where the match starts", "user:\n\nefgh", []fakeRule{newRule("n", `user:\s*(\w+)`)}, report.Excerpt{Line: 3, Text: "[REDACTED:n]", Caret: 0, Width: 12}},
		{"wide and narrow runes", "日本e\u0301 pass=abcd 語", []fakeRule{word},
			report.Excerpt{Line: 1, Text: "日本e\u0301 pass=[REDACTED:w] 語", Caret: 11, Width: 12}},
		{"controls", "\x1b[2J\u202e\xff\u2028 pass=abcd\r\n", []fakeRule{word},
			report.Excerpt{Line: 1, Text: `\x1b[2J\u202e\xff\u2028 pass=[REDACTED:w]`, Caret: 29, Width: 12}},
		{"cut on both sides", strings.Repeat("a", 900) + " pass=abcd " + strings.Repeat("b", 900), []fakeRule{word},
			report.Excerpt{Line: 1, Text: "…" + strings.Repeat("a", 48) + " pass=[REDACTED:w] " + strings.Repeat("b", 53) + "…", Caret: 55, Width: 12}},
		{"cut in front", strings.Repeat("a", 900) + " pass=abcd end", []fakeRule{word},
			report.Excerpt{Line: 1, Text: "…" + strings.Repeat("a", 98) + " pass=[REDACTED:w] end", Caret: 105, Width: 12}},
		{"cut behind", "pass=abcd" + strings.Repeat(" b", 900), []fakeRule{word},
			report.Excerpt{Line: 1, Text: "pass=[REDACTED:w]" + strings.Repeat(" b", 51) + " …", Caret: 5, Width: 12}},
	} {
		var col report.Collector
		records := collect(&col, report.Origin{File: "f"}, c.text, c.rules...)
		var got report.Excerpt
		for _, r := range records {
			if r.Rule == c.rules[0].ID {
				got = r.Excerpt
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRedactedMatch(t *testing.T) {
	outer := newRule("outer", `(?s)start (\w+).*stop`)
	inner := newRule("inner", `pass=(\w+)`)
	encoded := newRule("encoded", `[a-zA-Z0-9]{12}=*`)
	encoded.decode = decodeBase64
	for _, c := range []struct{ text, want string }{
		{"start abcd abcd stop", "start REDACTED REDACTED stop"},
		{"start abcd\npass=efgh\nefgh stop", "start REDACTED\npass=REDACTED\nREDACTED stop"},
		{"start abcd pass=xyz stop", "start REDACTED pass=REDACTED stop"},
		{"start abcd " + strings.Repeat("-", 10_000) + " stop", "start REDACTED " + strings.Repeat("-", 4096-15) + "..."},
		{base64.StdEncoding.EncodeToString([]byte("some text")), "REDACTED"},
	} {
		var col report.Collector
		records := collect(&col, report.Origin{File: "f"}, c.text, outer, inner, encoded)
		if len(records) == 0 {
			t.Fatalf("%q: nothing found", c.text)
		}
		if got := records[0].Match; got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// TestNothingIsShownAcrossABorder scans a line in fragments that cut it, also
// through a secret, and looks for any part of a secret in what is kept.
func TestNothingIsShownAcrossABorder(t *testing.T) {
	text := []byte("pass=abcdefgh, pass=ijklmnop, pass=qrstuvwx")
	rule := newRule("w", `pass=(\w+)`)
	records := 0
	for border := 1; border < len(text); border++ {
		for _, context := range []int{0, 6, 12} {
			var c report.Collector
			start := max(border-context, 0)
			for _, f := range []scanner.Fragment{
				{Data: text, To: border},
				{Data: text[start:], Offset: start, From: border - start, Line: 1, Column: start + 1},
			} {
				c.Collect(&report.Origin{File: "f"}, &f, fakeScan(rule))
			}
			for _, r := range c.Records {
				for _, part := range regexp.MustCompile(`[a-z]+`).FindAllString(r.Excerpt.Text, -1) {
					if part != "pass" && part != "w" && !strings.HasPrefix("pass", part) && !strings.HasSuffix("pass", part) {
						t.Errorf("border %d: %q shows %q", border, r.Excerpt.Text, part)
					}
				}
			}
			records += len(c.Records)
		}
	}
	if records < 3*3*30 {
		t.Errorf("only %d records", records)
	}
}

func TestCollectKeepsNoPlaintext(t *testing.T) {
	text := "(abcd) pass=abcd (efgh) user:efgh"
	var c report.Collector
	collect(&c, report.Origin{File: "f"}, text, newRule("w", `pass=(\w+)`), newRule("o", `user:(\w+)`))
	if len(c.Records) != 2 {
		t.Fatalf("%d records", len(c.Records))
	}
	for _, r := range c.Records {
		if all := fmt.Sprintf("%#v", *r); strings.Contains(all, "abcd") || strings.Contains(all, "efgh") || r.Plain != nil {
			t.Errorf("kept: %s", all)
		}
	}
	c = report.Collector{Reveal: true}
	collect(&c, report.Origin{File: "f"}, text, newRule("w", `pass=(\w+)`))
	if got := string(c.Records[0].Plain.Secret.Reveal()); got != "abcd" {
		t.Errorf("revealed %q", got)
	}
}

func TestCollectAllocatesNothingOnCleanText(t *testing.T) {
	var c report.Collector
	from := &report.Origin{File: "f"}
	f := &scanner.Fragment{Data: []byte("nothing here")}
	scan := report.Scan(func(*scanner.Fragment, func(*scanner.Finding, scanner.Text)) {})
	if n := testing.AllocsPerRun(100, func() { c.Collect(from, f, scan) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzExcerpt(f *testing.F) {
	for _, seed := range []string{"x\npass=abcd\ny", "日本 pass=abcd \x1b\xff user:abcd", "pass=aa pass=aa", "BEGIN pass=user:END\n", strings.Repeat("é", 300) + "pass=abcd"} {
		f.Add([]byte(seed), uint16(len(seed)/2))
	}
	rules := []fakeRule{newRule("w", `pass=(\w+)`), newRule("o", `user:(\S+)`), newRule("b", `(?s)BEGIN.*?END`)}
	f.Fuzz(func(t *testing.T, text []byte, border uint16) {
		from := int(border) % (len(text) + 1)
		c := report.Collector{Reveal: true}
		for _, fr := range []scanner.Fragment{{Data: text, To: from}, {Data: text, From: from}} {
			if fr.To+fr.From > 0 {
				c.Collect(&report.Origin{File: "f"}, &fr, fakeScan(rules...))
			}
		}
		for _, r := range c.Records {
			e := r.Excerpt
			if !utf8.ValidString(e.Text) || report.Display(e.Text) != e.Text {
				t.Errorf("%q is not fit for a terminal", e.Text)
			}
			if !strings.Contains(e.Text, "[REDACTED:"+r.Rule+"]") || e.Width != len("[REDACTED:"+r.Rule+"]") {
				t.Errorf("%q has no placeholder of %d columns for %s", e.Text, e.Width, r.Rule)
			}
			checkHidden(t, r)
		}
	})
}

// checkHidden fails where a record shows its secret, if that is long enough not to
// stand there by chance and has nothing of a placeholder.
func checkHidden(t *testing.T, r *report.Record) {
	t.Helper()
	plain := string(r.Plain.Secret.Reveal())
	if len(plain) < 12 || strings.ContainsAny(plain, "[]") || report.Display(plain) != plain {
		return
	}
	if strings.Contains(r.Excerpt.Text, plain) || strings.Contains(r.Match, plain) {
		t.Errorf("%q or %q shows %q", r.Excerpt.Text, r.Match, plain)
	}
}

func BenchmarkCollect(b *testing.B) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "line %d of a text with pass=abcd%d in it\n", i, i)
	}
	data := []byte(text.String())
	scan := fakeScan(newRule("w", `pass=(\w+)`))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		var c report.Collector
		c.Collect(&report.Origin{File: "f"}, &scanner.Fragment{Data: data}, scan)
		if len(c.Records) != 1000 {
			b.Fatal(len(c.Records))
		}
	}
}
