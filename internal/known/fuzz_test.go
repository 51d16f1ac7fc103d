package known_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/known"
)

// FuzzAnySplit looks for secrets in text that grows in random steps and in text that
// is there at once. The text is put together of the secrets and of what is fuzzed.
func FuzzAnySplit(f *testing.F) {
	f.Add(uint64(1), []byte("a\x00b\x01\x02"))
	f.Add(uint64(2), []byte("\x00\x00\x10\x20token=\x07.\x08"))
	f.Fuzz(func(t *testing.T, seed uint64, plan []byte) {
		rng := rand.New(rand.NewPCG(seed, 0))
		secrets := splitSecrets(rng)
		var text []byte
		for _, b := range plan[:min(len(plan), 100)] {
			switch s := secrets[int(b)%len(secrets)]; {
			case b < 16:
				text = append(text, s...)
			case b < 24:
				text = append(text, s[:rng.IntN(len(s))]...)
			case b < 32:
				text = append(text, s[rng.IntN(len(s)):]...)
			default:
				text = append(text, b)
			}
		}
		for _, mode := range modes {
			compareSplits(t, setOf(mode, secrets), text, rng)
		}
	})
}

// naive is the definition of what needles find: at each position the longest, and on
// behind it; at a cut, a beginning of 12 bytes too.
func naive(needles []string, text string, cut bool) (found []at) {
	for i := 0; i < len(text); {
		best := at{i, i, ""}
		for n, needle := range needles {
			switch rest := text[i:]; {
			case len(needle) < 8:
			case strings.HasPrefix(rest, needle) && i+len(needle) > best.end:
				best = at{i, i + len(needle), valuesOf(needles...)[n].ID}
			case cut && len(rest) >= 12 && len(needle) > len(rest) && strings.HasPrefix(needle, rest) && best.end < len(text):
				best = at{i, len(text), "cut"}
			}
		}
		if best.end == i {
			i++
			continue
		}
		found = append(found, best)
		i = best.end
	}
	return found
}

func FuzzNeedles(f *testing.F) {
	f.Add("hunter2hunter", "hunter2hunter2!", "unter2hunt", "x hunter2hunter2 hunter2hunter2! unter2hunter2hunt", true)
	f.Add("aaaaaaaa", "aaaaaaaaaa", "aaaaaaaaaaaaaaab", strings.Repeat("a", 45), true)
	f.Add("pässwörter", "correct horse", "\x00\xff\x00\xff\x00\xff\x00\xff\x00", "correct horse, \x00\xff\x00\xff\x00\xff\x00\xff\x00pässwörter", false)
	f.Fuzz(func(t *testing.T, a, b, c, text string, cut bool) {
		needles := []string{a, b, c}
		for _, n := range needles {
			if strings.Contains(n, "\n") {
				t.Skip("lines are needles of their own")
			}
		}
		want := naive(needles, text, cut)
		set := known.Needles(valuesOf(needles...))
		rng := rand.New(rand.NewPCG(uint64(len(text)), 0))
		delta, err := known.Needles(valuesOf(a)).With(known.Needles(valuesOf("another one", b, c)))
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range [][]at{whole(t, set, []byte(text), cut), grown(t, set, []byte(text), cut, func() int { return rng.IntN(12) }), whole(t, delta, []byte(text), cut)} {
			if i == 2 && strings.Contains(text, "another one") {
				continue
			}
			forget := func(list []at) (spans []at) {
				for _, m := range list {
					if i == 2 || m.end == len(text) { // which of several that begin with a cut text is not said
						m.secret = ""
					}
					spans = append(spans, m)
				}
				return spans
			}
			if diff := cmp.Diff(forget(want), forget(got), cmp.AllowUnexported(at{})); diff != "" {
				t.Errorf("way %d, needles %q, text %q, cut %v: (-naive +found)\n%s", i, needles, text, cut, diff)
			}
		}
	})
}

// FuzzReadIndex reads index files whose checksum is right.
func FuzzReadIndex(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, secrets := range [][]string{nil, {token(1)}, {"short", token(1), "SG." + token(2)}, splitSecrets(rng)} {
		data := known.NewKeys().Index(valuesOf(secrets...)).AppendTo(nil)
		f.Add(data[16 : len(data)-32])
	}
	text := []byte(token(1) + " SG." + token(2))
	f.Fuzz(func(t *testing.T, body []byte) {
		data := known.Seal(body)
		ix, err := known.ReadIndex(bytes.NewReader(data))
		if err != nil {
			return
		}
		if again := ix.AppendTo(nil); !bytes.Equal(again, data) {
			t.Errorf("written again, %x becomes %x", data, again)
		}
		set := ix.Set()
		set.Stats()
		next, hold := set.Find(new(known.Scratch), text, 0, false, false, func(m known.Match) {
			if m.Start < 0 || m.End > len(text) || m.Start >= m.End || m.Secret == nil {
				t.Errorf("match %v", m)
			}
		})
		if next > len(text) || hold > len(text) || hold < 0 || set.Lead() > known.MaxLead {
			t.Errorf("next %d, hold %d of %d, lead %d", next, hold, len(text), set.Lead())
		}
	})
}

func FuzzReadList(f *testing.F) {
	for _, seed := range []string{"", "A=b", "# c\n\nexport A = \"a\\nb\"\nA='c'\n", "cGFzc3dvcmQxMjM=", "A=", "=", `"`, "A=\"\\", "A='", "A=\xff\x00", "a\rb\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Count(data, []byte("\n")) + 1
		values, err := known.ParseList(bytes.Clone(data))
		if err != nil {
			for _, word := range bytes.Fields(data) {
				if len(word) > 9 && !strings.Contains("line value that begins with must double quote single before", string(word)) && strings.Contains(err.Error(), string(word)) {
					t.Errorf("%q is in the error %q", word, err)
				}
			}
			return
		}
		before := 0
		for _, v := range values {
			if v.ID == "" || v.Version < 1 || v.Line <= before || v.Line > lines || v.Plain.Len() > len(data) {
				t.Errorf("value %+v behind line %d of %d", v, before, lines)
			}
			before = v.Line
		}
	})
}
