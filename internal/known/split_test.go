package known_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/known"
)

// at is a match in a whole text.
type at struct {
	start, end int
	secret     string
}

// whole returns what is found in a text that is there at once.
func whole(t testing.TB, set *known.Set, text []byte, cut bool) (found []at) {
	t.Helper()
	next, hold := set.Find(new(known.Scratch), text, 0, true, cut, func(m known.Match) {
		found = append(found, at{m.Start, m.End, m.Secret.ID})
	})
	if next != len(text) || hold != len(text) {
		t.Fatalf("next %d and hold %d at the end of %d bytes", next, hold, len(text))
	}
	return found
}

// grown returns what is found in a text that comes in steps, as a stream would look
// for it: what is behind neither hold nor the context is thrown away.
func grown(t testing.TB, set *known.Set, text []byte, cut bool, step func() int) (found []at) {
	t.Helper()
	var sc known.Scratch
	var have []byte // text[gone:]
	gone, from, released := 0, 0, 0
	for arrived := 0; ; {
		n := min(step(), len(text)-arrived)
		have = append(have, text[arrived:arrived+n]...)
		arrived += n
		ended := arrived == len(text)
		next, hold := set.Find(&sc, have, from, ended, ended && cut, func(m known.Match) {
			if gone+m.Start < released || m.Start < from-set.Lead() {
				t.Fatalf("%s at %d: %d bytes have gone out; looked from %d with lead %d", m.Secret.ID, gone+m.Start, released, gone+from, set.Lead())
			}
			found = append(found, at{gone + m.Start, gone + m.End, m.Secret.ID})
		})
		if next < from || next > len(have) || hold > len(have) || hold < 0 {
			t.Fatalf("next %d and hold %d of %d bytes, from %d", next, hold, len(have), from)
		}
		released = max(released, gone+hold)
		if ended {
			return found
		}
		keep := max(0, min(hold, next-set.Lead()))
		have = bytes.Clone(have[keep:]) // elsewhere, so that nothing can refer to what is gone
		gone += keep
		from = next - keep
	}
}

// compareSplits looks for a set in a text in several ways that must make no difference.
func compareSplits(t testing.TB, set *known.Set, text []byte, rng *rand.Rand) (matches int) {
	t.Helper()
	for _, cut := range []bool{false, true} {
		want := whole(t, set, text, cut)
		for name, step := range map[string]func() int{
			"byte by byte": func() int { return 1 },
			"short steps":  func() int { return rng.IntN(9) },
			"long steps":   func() int { return 1 + rng.IntN(200) },
		} {
			if diff := cmp.Diff(want, grown(t, set, text, cut, step), cmp.AllowUnexported(at{})); diff != "" {
				t.Fatalf("%s, cut %v, of %q: (-at once +grown)\n%s", name, cut, text, diff)
			}
		}
		matches += len(want)
	}
	return matches
}

// pem is a made-up private key, in lines.
func pem(rng *rand.Rand, lines int) string {
	var b bytes.Buffer
	b.WriteString("-----BEGIN " + "PRIVATE KEY-----\n")
	for range lines {
		fmt.Fprintf(&b, "%s\n", randomText(rng, base62+"+/", 64))
	}
	fmt.Fprintf(&b, "%s==\n-----END "+"PRIVATE KEY-----\n", randomText(rng, base62, 30))
	return b.String()
}

// splitSecrets are secrets that are hard to find at the right place.
func splitSecrets(rng *rand.Rand) []string {
	token := string(randomText(rng, base62, 40))
	return []string{
		token,
		token + "-and-" + string(randomText(rng, base62, 20)), // begins with another one
		string(randomText(rng, base62, 7)) + "_" + token[:30],
		"SG." + string(randomText(rng, base62, 22)) + "." + string(randomText(rng, base62, 43)), // begins before its run
		"postgres://app:" + string(randomText(rng, base62, 24)) + "@db.example.com:5432/app",
		string(randomText(rng, "0123456789abcdef", 64)),
		string(randomText(rng, "0123456789abcdef", 26)), // of the reduced tier
		string(randomText(rng, base62, 500)),            // has a head
		pem(rng, 4),
	}
}

// splitText is made of secrets, parts of them, and what stands around them.
func splitText(rng *rand.Rand, secrets []string) []byte {
	var b bytes.Buffer
	for range rng.IntN(12) {
		s := secrets[rng.IntN(len(secrets))]
		switch rng.IntN(5) {
		case 0, 1:
			b.WriteString(s)
		case 2:
			b.WriteString(s[:rng.IntN(len(s))])
		case 3:
			b.WriteString(s[rng.IntN(len(s)):])
		case 4:
			b.Write(randomText(rng, base62, rng.IntN(100)))
		}
		b.WriteString([]string{"", "", " ", "\n", "a", ".", "--", "token="}[rng.IntN(8)])
	}
	return b.Bytes()
}

// setOf returns a set of secrets in a mode; modes are all of them.
func setOf(mode string, secrets []string) *known.Set {
	if mode == "needles" {
		return known.Needles(valuesOf(secrets...))
	}
	return known.NewKeys().Index(valuesOf(secrets...)).Set()
}

var modes = []string{"needles", "index"}

func TestAnySplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	matches, refused := map[string]int{}, 0
	for range 40 {
		secrets := splitSecrets(rng)
		for _, mode := range modes {
			set := setOf(mode, secrets)
			refused += len(set.Refused())
			for range 10 {
				matches[mode] += compareSplits(t, set, splitText(rng, secrets), rng)
			}
		}
	}
	if refused > 20 { // of 720; a few random ones do not pass for random
		t.Errorf("%d secrets were refused", refused)
	}
	if matches["needles"] < 1000 || matches["index"] < 1000 {
		t.Errorf("only %v matches were compared", matches)
	}
}
