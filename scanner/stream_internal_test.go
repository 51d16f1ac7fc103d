package scanner

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/rules"
)

// TestStreamChangesWorkers hands a stream two workers in turn: each has built states
// of its own, under the same numbers.
func TestStreamChangesWorkers(t *testing.T) {
	set, err := rules.Parse("test.toml", []byte(`
[[rules]]
id = "generic-value"
regex = '''(?i)[\w.-]{0,50}?(?:key|token)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|:)[\s'"=]{0,5}([\w.=-]{10,150})(?:[\s'";]|$)'''
[[rules]]
id = "token"
regex = '''(?i)(?:tok|key)[_ ][a-z0-9]{2,9}[-_=: ]+[a-z0-9]{10,40}'''
`))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, sample := range corpus.Samples(1) {
		text.WriteString("key = \"" + sample.Value + "\" tok_ab12 " + sample.Value + " key A12 ==: b" + sample.Value + "\n")
	}
	found := func(workers ...int) (found []string) {
		s, err := New(set, Options{MaxDecodeDepth: 5})
		if err != nil {
			t.Fatal(err)
		}
		all := []*worker{newWorker(s), newWorker(s)}
		next := 0
		s.workers = sync.Pool{New: func() any { next++; return all[workers[next%len(workers)]] }}
		st := s.NewStream(StreamOptions{}, func(p Piece) {
			if p.Secret != nil {
				found = append(found, p.Secret.Finding.Rule.ID+" "+string(p.Secret.Value.Reveal()))
			}
		})
		for rest := text.String(); rest != ""; {
			n := min(len(rest), 1+len(rest)%13)
			st.Write([]byte(rest[:n]))
			rest = rest[n:]
			s.workers.Get()
			st.Idle()
			s.workers.Get()
		}
		st.End(false)
		return found
	}
	if diff := cmp.Diff(found(0), found(0, 1)); diff != "" {
		t.Errorf("-one worker +two\n%s", diff)
	}
}
