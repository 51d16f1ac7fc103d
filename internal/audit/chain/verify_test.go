package chain_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/internal/audit/chain"
)

var (
	seed = sha256.Sum256([]byte("a key for tests"))
	key  = ed25519.NewKeyFromSeed(seed[:])
	pub  = key.Public().(ed25519.PublicKey)
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

// log writes n lines of a chain and returns them with the state after each.
func log(name string, n int) (lines []string, states []chain.State) {
	var s chain.State
	for i := range n {
		var line []byte
		line, s = chain.Append(nil, name, s, fmt.Appendf(nil, `{"type":"request","n":%d}`, i+1))
		lines, states = append(lines, string(line)), append(states, s)
	}
	return lines, states
}

func write(t testing.TB, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func checkpoints(states []chain.State, reason chain.Reason, numbers ...int) (all []chain.Checkpoint) {
	for _, n := range numbers {
		all = append(all, chain.Sign(key, "n/file", states[n-1], noon, reason))
	}
	return all
}

// found is what a problem says, with names of files that do not change.
func found(r chain.Report) (all []string) {
	for _, p := range r.Problems {
		s := p.String()
		if p.Place.File != "" {
			s = strings.Replace(s, p.Place.File, filepath.Base(p.Place.File), 1)
		}
		all = append(all, s)
	}
	return all
}

func alter(line string) string { return strings.Replace(line, "request", "reguest", 1) }

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	lines, states := log("n/file", 12)
	pinned := checkpoints(states, chain.Running, 4, 8, 12)
	with := func(i int, line string) []string { l := slices.Clone(lines); l[i] = line; return l }
	swap := slices.Clone(lines)
	swap[4], swap[5] = swap[5], swap[4]
	rewritten := slices.Clone(lines)
	s := states[5]
	for i := 6; i < len(rewritten); i++ {
		var line []byte
		line, s = chain.Append(nil, "n/file", s, fmt.Appendf(nil, `{"type":"request","n":%d}`, 100+i))
		rewritten[i] = string(line)
	}
	seq6 := strings.Replace(lines[5], `"seq":6`, `"seq":9`, 1)
	prev6 := strings.Replace(lines[5], `"prev":"`, `"prev":"f`, 1)
	prev6 = prev6[:len(prev6)-5] + prev6[len(prev6)-4:]
	forged := slices.Clone(pinned)
	forged[1].Seq = 7

	for _, c := range []struct {
		name  string
		files [][]string // each one file, named a, b, …
		pins  []chain.Checkpoint
		want  []string
	}{
		{"nothing", [][]string{lines}, pinned, nil},
		{"files in any order", [][]string{lines[8:], lines[:3], lines[3:8]}, pinned, nil},
		{"altered", [][]string{with(5, alter(lines[5]))}, pinned, []string{"a:6: altered, number 6 of n/file"}},
		{"altered first", [][]string{with(0, alter(lines[0]))}, pinned, []string{"a:1: altered, number 1 of n/file"}},
		{"altered last", [][]string{with(11, alter(lines[11]))}, pinned, []string{"a:12: not as signed, number 12 of n/file"}},
		// Two links are broken: the line between them is the least that explains it.
		{"two altered", [][]string{slices.Concat(with(4, alter(lines[4]))[:5], []string{alter(lines[5])}, lines[6:])}, pinned,
			[]string{"a:6: altered, number 6 of n/file"}},
		{"number altered", [][]string{with(5, seq6)}, pinned, []string{"a:6: altered, number 6 of n/file"}},
		{"link altered", [][]string{with(5, prev6)}, pinned, []string{"a:6: altered, number 6 of n/file"}},
		{"altered beyond reading", [][]string{with(5, "x\n")}, pinned, []string{"a:6: foreign"}},
		{"line added", [][]string{slices.Insert(slices.Clone(lines), 5, "{}\n")}, pinned, []string{"a:6: foreign"}},
		{"missing line", [][]string{slices.Delete(slices.Clone(lines), 5, 6)}, pinned, []string{"a:6: missing lines, number 6 of n/file"}},
		{"missing file", [][]string{lines[:4], lines[8:]}, pinned, []string{"b:1: missing file, numbers 5 to 8 of n/file"}},
		{"missing first file", [][]string{lines[4:]}, pinned, []string{"a:1: cut head, numbers 1 to 4 of n/file"}},
		{"missing last file", [][]string{lines[:4], lines[4:6]}, pinned, []string{"b:2: cut tail, numbers 7 to 12 of n/file"}},
		{"cut tail", [][]string{lines[:11]}, pinned, []string{"a:11: cut tail, number 12 of n/file"}},
		{"torn line", [][]string{with(11, lines[11][:40])}, pinned, []string{"a:12: foreign", "a:11: cut tail, number 12 of n/file"}},
		{"all files missing", nil, pinned, []string{"chain without files, numbers 1 to 12 of n/file"}},
		{"swapped", [][]string{swap}, pinned, []string{"a:6: reordered, number 5 of n/file"}},
		{"repeated", [][]string{slices.Insert(slices.Clone(lines), 7, lines[5])}, pinned, []string{"a:8: repeated, number 6 of n/file"}},
		{"rewritten", [][]string{rewritten}, pinned, []string{"a:8: not as signed, number 8 of n/file", "a:12: not as signed, number 12 of n/file"}},
		{"forged checkpoint", [][]string{lines}, forged, []string{"forged checkpoint, number 7 of n/file"}},
		{"not pinned", [][]string{lines[:11]}, pinned[:2], nil}, // a stated limit
	} {
		t.Run(c.name, func(t *testing.T) {
			var files []string
			for i, f := range c.files {
				files = append(files, write(t, string(rune('a'+i)), f...))
			}
			if diff := cmp.Diff(c.want, found(chain.Verify(files, c.pins, pub))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerifySummarizes(t *testing.T) {
	lines, states := log("n/file", 5)
	others, _ := log("m/other", 3)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, strings.Join(lines[:3], ""))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	mixed := write(t, "b", others[0], lines[3], others[1], lines[4], others[2])
	r := chain.Verify([]string{write(t, "a.gz", packed.String()), mixed}, checkpoints(states, chain.Closed, 5), pub)
	want := chain.Report{Chains: []chain.Summary{
		{Chain: "m/other", First: 1, Last: 3, Lines: 3},
		{Chain: "n/file", First: 1, Last: 5, Lines: 5, Pinned: 5, Closed: true},
	}}
	if diff := cmp.Diff(want, r); diff != "" || !r.OK() {
		t.Error(diff)
	}
	if r := chain.Verify([]string{filepath.Join(t.TempDir(), "none")}, nil, pub); r.OK() || r.Problems[0].Kind != chain.Unreadable {
		t.Errorf("a file that is not there: %v", r.Problems)
	}
}

// TestAnyChangeOfAByteIsFound changes one byte of a pinned log.
func TestAnyChangeOfAByteIsFound(t *testing.T) {
	lines, states := log("n/file", 4)
	text := strings.Join(lines, "")
	pins := checkpoints(states, chain.Closed, 4)
	rapid.Check(t, func(rt *rapid.T) {
		b := []byte(text)
		b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "with"))
		if r := chain.VerifyText(b, pins, pub); r.OK() {
			rt.Fatalf("not found: %q", b)
		}
	})
}

func TestParseReadsWhatAppendWrites(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringMatching(`[a-z./_-]{1,200}`).Draw(rt, "name")
		after := chain.State{Seq: rapid.Uint64Max(1<<63).Draw(rt, "seq")}
		copy(after.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "hash"))
		object := []byte(`@x: {"a":"b"}`)
		line, state := chain.Append(nil, name, after, object)
		got, ok := chain.Parse(line[:len(line)-1])
		if want := (chain.Line{Chain: name, State: state, Prev: after.Hash}); !ok || got != want {
			rt.Fatalf("%+v, %v, want %+v", got, ok, want)
		}
		if added := len(line) - len(object); added > chain.Overhead(name) {
			rt.Fatalf("added %d bytes, Overhead says %d", added, chain.Overhead(name))
		}
	})
}

func FuzzVerify(f *testing.F) {
	lines, states := log("n/file", 3)
	pins := checkpoints(states, chain.Running, 2)
	f.Add([]byte(strings.Join(lines, "")))
	f.Add([]byte(lines[2] + lines[0] + "\n\n{}" + lines[1]))
	f.Add([]byte(lines[0] + alter(lines[1]) + lines[2][:30]))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := chain.VerifyText(text, pins, pub)
		if r.OK() && !bytes.HasPrefix(text, []byte(lines[0]+lines[1])) {
			t.Errorf("passes without the lines that are pinned: %q", text)
		}
	})
}
