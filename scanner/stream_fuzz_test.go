package scanner_test

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/scanner"
)

// FuzzStream holds that no cut of any text makes a difference, with all rules and
// views.
func FuzzStream(f *testing.F) {
	s := newScanner(f, motionRules(f), streamOptions)
	for i, sample := range corpus.Samples(1) {
		if i%16 == 0 {
			f.Add("a "+sample.Value+"\nb", uint64(i))
		}
	}
	f.Add("curl -H \"Authorization: Bearer abc\" https://u:p%40ss@host/?token=abcdefgh%26x\n", uint64(1))
	f.Add(`{"a":"{\"password\":\"hun\\u0074er2hunter2\"}"}`, uint64(2))
	f.Add("cGFzc3dvcmQ9aHVudGVyMmh1bnRlcjI= 70617373776f72643d68756e74657232 &quot;key&quot;", uint64(3))
	f.Add("ABIA2222"+"2227X7Y7ZTLC0", uint64(4)) // a word that goes on behind a token
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		want := stream(s, scanner.StreamOptions{Frames: true}, text, whole)
		for _, next := range []func() int{single, func() int { return 1 + random.IntN(30) }} {
			if diff := cmp.Diff(want, stream(s, scanner.StreamOptions{Frames: true}, text, next)); diff != "" {
				t.Fatalf("-whole +split\n%s", diff)
			}
		}
	})
}

// TestStreamMemoryIsBounded puts lines without an end through a stream: of text, of
// one token, of base64, of a private key.
func TestStreamMemoryIsBounded(t *testing.T) {
	s := newScanner(t, motionRules(t), streamOptions)
	for name, part := range map[string]string{
		"text":   "lorem ipsum key=",
		"word":   "Ab3C" + "d4Ef5Gh6Jk7M",
		"base64": "cGFzc3dvcmQ6IGFiYyBhbmQgc28gb24g",
		"binary": "AAAAgAAAcGFzc3dvcmQgYW5kIGFiYyBkZWY",
		"hex":    "70617373776f7264",
		"json":   `\"a\":\"b\" `,
		"dashes": "--------",
	} {
		t.Run(name, func(t *testing.T) {
			parts := []byte(strings.Repeat(part, 64<<10/len(part)))
			out := 0
			st := s.NewStream(scanner.StreamOptions{}, func(p scanner.Piece) { out += len(p.Text) })
			st.Write([]byte("token=ghp_" + strings.Repeat("x", 40) + " -----BEGIN PRIVATE " + "KEY-----"))
			memory := func() uint64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			for range 16 {
				st.Write(parts)
			}
			before := memory()
			for range 256 {
				st.Write(parts)
			}
			if after := memory(); after > before+before/4+1<<20 {
				t.Errorf("%d bytes after 1 MiB, %d after 17 MiB", before, after)
			}
			if held := st.Held(); held > 80<<10 {
				t.Errorf("%d bytes are held back", held)
			}
			st.End(false)
		})
	}
}
