package logs_test

import (
	"strings"
	"testing"
	"testing/iotest"
)

func TestPrivateKeys(t *testing.T) {
	f := filterWith(t, defaults(t))
	key := sample(t, 1, "private-key")
	lines := strings.Split(key, "\n")
	begin, body, end := lines[0], lines[1], lines[len(lines)-1]
	long := strings.Repeat(body+"\n", 20)
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "a\n" + key + "\nb\n", "a\n[KEY]\nb\n"},
		{"at the end", "a\n" + key, "a\n[KEY]"},
		{"in a line", "a " + strings.ReplaceAll(key, "\n", `\n`) + " b\n", "a [KEY] b\n"},
		{"two", key + "\n" + key + "\n", "[KEY]\n[KEY]\n"},
		{"with a prefix", prefixed("10:00:00 api | ", key) + "\n10:00:01 api | b\n", "10:00:00 api | [KEY]\n10:00:01 api | b\n"},
		{"in JSON lines", `{"log":"` + strings.ReplaceAll(key, "\n", "\\n\"}\n{\"log\":\"") + `\n"}` + "\nb\n", `{"log":"[KEY]\n"}` + "\nb\n"},
		{"with CRLF", strings.ReplaceAll(key, "\n", "\r\n") + "\r\nb\r\n", "[KEY]\r\nb\r\n"},
		{"encrypted", begin + "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + long + end + "\n", "[KEY]\n"},
		{"behind dashes", strings.Repeat("-", 100_000) + "\n---" + key + "---\n", strings.Repeat("-", 100_000) + "\n---[KEY]---\n"},
		{"in small letters", strings.ToLower(begin) + "\n" + long + strings.ToLower(end) + "\n", "[KEY]\n"},
		{"of PGP", "-----BEGIN PGP PRIVATE " + "KEY BLOCK-----\nVersion: 1\n\n" + long + "=abcd\n-----END PGP PRIVATE " + "KEY BLOCK-----\n", "[KEY]\n"},
		{"only a mention", begin + "\n" + end + "\nb\n", begin + "\n" + end + "\nb\n"},

		{"cut by the end", "a\n" + begin + "\n" + body + "\n", "a\n[REDACTED:private-key]\n"},
		{"cut within a line", "a\n" + begin + "\n" + body, "a\n[REDACTED:private-key]"},
		{"cut by text", begin + "\n" + long + "1 a\n2 b\n3 c\n4 d\n5 e\n", "[REDACTED:private-key]\n1 a\n2 b\n3 c\n4 d\n5 e\n"},
		{"cut by a key", begin + "\n" + body + "\n" + key + "\nb\n", "[REDACTED:private-key]\n[KEY]\nb\n"},
		{"cut with a prefix", prefixed("x | ", begin+"\n"+long+"a b\na c\na d\na e"), "x | [REDACTED:private-key]\nx | a b\nx | a c\nx | a d\nx | a e"},
		{"cut by a key behind its end", begin + "\n" + body + "\n" + end + " " + key + "\nb\n", "[REDACTED:private-key]\n" + end + " [KEY]\nb\n"},
		{"mixed with others", begin + "\n" + body + "\nGET / 200\nGET / 200\n" + long + end + "\n", "[KEY]\n"},
		{"too many lines", begin + "\n" + strings.Repeat(long, 30) + "a b\n" + long + end + "\nb\n", "[REDACTED:private-key]\na b\n\nb\n"},
		{"too many bytes", begin + "\n" + strings.Repeat(strings.Repeat(body, 30)+"\n", 60) + "a b\na c\na d\na e\n" + body + "\n", "[REDACTED:private-key]\na b\na c\na d\na e\n" + body + "\n"},
		{"a line too long to be of a key", begin + "\n" + strings.Repeat("x ", 40_000) + "\nb c\n", "[REDACTED:private-key]\n" + strings.Repeat("x ", 40_000) + "\nb c\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, split := range []bool{false, true} {
				in := strings.NewReader(tt.in)
				got := copied(t, f, in)
				if split {
					got = copied(t, f, iotest.OneByteReader(strings.NewReader(tt.in)))
				}
				text := got.Text
				for _, found := range got.Found {
					if tagged := strings.Fields(found)[2]; tagged != "[REDACTED:private-key]" {
						text = strings.ReplaceAll(text, tagged, "[KEY]")
					}
				}
				if text != tt.want {
					t.Errorf("split %v: got %.300q, want %.300q", split, text, tt.want)
				}
				if cut := strings.Count(tt.want, "[REDACTED:private-key]"); got.Stats.Unclosed != cut {
					t.Errorf("split %v: %d keys counted as unclosed, want %d", split, got.Stats.Unclosed, cut)
				}
			}
		})
	}
}

// TestDroppingEnds holds that a line in pieces ends the dropping of a key's lines.
func TestDroppingEnds(t *testing.T) {
	lines := strings.Split(sample(t, 1, "private-key"), "\n")
	long := strings.Repeat("z ", 1<<20) + "\n" + lines[1] + "\n"
	in := lines[0] + "\n" + strings.Repeat(lines[1]+"\n", 600) + long
	if got, want := copied(t, filterWith(t, defaults(t)), strings.NewReader(in)).Text, "[REDACTED:private-key]\n"+long; got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func TestPlacesOfKeys(t *testing.T) {
	lines := strings.Split(sample(t, 1, "private-key"), "\n")
	got := copied(t, filterWith(t, defaults(t)), strings.NewReader("a\nb | "+lines[0]+"\n"+lines[1]))
	if want := "2:5-3:64 private-key [REDACTED:private-key] raw"; len(got.Found) != 1 || got.Found[0] != want {
		t.Errorf("found %q, want %q", got.Found, want)
	}
}

// TestRulesWithoutKeys holds that lines are not held back for a key that no rule
// asks for.
func TestRulesWithoutKeys(t *testing.T) {
	f := filterWith(t, parse(t, "[[rules]]\nid='a'\nregex='''token-\\d{4}'''\n"))
	key := sample(t, 1, "private-key")
	in := "a token-1234\n" + key + "\n" + key[:60]
	if got, want := copied(t, f, strings.NewReader(in)).Text, "a [REDACTED:a]\n"+in[13:]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
