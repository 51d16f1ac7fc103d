package parity

import (
	"runtime"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/regexp"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
)

const (
	batchSize      = 1 << 20 // bytes of the fragments that are scanned, and kept, together
	batchCount     = 500     // fragments, likewise
	maxDifferences = 50      // that a tally keeps whole; the rest is counted
)

// Subject is a scanner under examination and what is asked of it.
type Subject struct {
	Name  string
	Scan  Scan
	Judge Judge
}

// Difference is a fragment in which a subject fails.
type Difference struct {
	Subject  string
	Fragment corpus.Fragment
	Verdict  Verdict
}

// Tally is the outcome of a run.
type Tally struct {
	Corpus           string
	Fragments, Bytes int
	Findings         int             // of gitleaks
	Rules            map[string]bool // that gitleaks' findings are of
	Missing, Extra   map[string]int  // by subject
	Causes           map[string]int  // of deviations that are as they should be
	Differences      []Difference    // the first ones
}

// Failed reports whether any subject failed.
func (t *Tally) Failed() bool { return len(t.Missing)+len(t.Extra) > 0 }

// Run scans a corpus with the reference and all subjects, on every processor.
func Run(c corpus.Corpus, reference *Reference, subjects []Subject) (*Tally, error) {
	t := &Tally{Corpus: c.Name, Rules: map[string]bool{}, Missing: map[string]int{}, Extra: map[string]int{}, Causes: map[string]int{}}
	var (
		mu      sync.Mutex // guards t and failed
		failed  error
		workers sync.WaitGroup
		work    = make(chan []corpus.Fragment)
	)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for batch := range work {
				findings, err := reference.scanAll(batch, c.Fixed)
				mu.Lock()
				if err != nil {
					failed = err
				}
				mu.Unlock()
				for i := range findings {
					examine(t, &mu, batch[i], findings[i], subjects)
				}
			}
		})
	}
	err := eachBatch(c, func(batch []corpus.Fragment) { work <- batch })
	close(work)
	workers.Wait()
	if err == nil {
		err = failed
	}
	return t, err
}

// eachBatch gathers fragments into batches, always the same for the same corpus.
func eachBatch(c corpus.Corpus, do func([]corpus.Fragment)) error {
	var batch []corpus.Fragment
	size := 0
	for f, err := range c.Fragments {
		if err != nil {
			return err
		}
		batch = append(batch, f)
		if size += len(f.Raw); size >= batchSize || len(batch) == batchCount {
			do(batch)
			batch, size = nil, 0
		}
	}
	if len(batch) > 0 {
		do(batch)
	}
	return nil
}

// Strict says that gitleaks is built with Go's regular expressions, whose meaning
// stanch keeps. Its build with RE2 (tag gore2regex) is several times faster and
// differs in one thing: a byte that is no UTF-8 matches nothing. Findings on lines
// that have one are therefore compared in a strict build only.
const Strict = regexp.Version == "stdlib"

func notUTF8(f Finding) bool { return !utf8.ValidString(f.Line) }

// examine judges every subject on one fragment and enters the outcome in t.
func examine(t *Tally, mu *sync.Mutex, f corpus.Fragment, findings []Finding, subjects []Subject) {
	var differences []Difference
	causes := map[string]int{}
	for _, s := range subjects {
		theirs, ours := slices.Clone(findings), s.Scan(f)
		if !Strict && !utf8.ValidString(f.Raw) {
			n := len(theirs) + len(ours)
			theirs, ours = slices.DeleteFunc(theirs, notUTF8), slices.DeleteFunc(ours, notUTF8)
			if n -= len(theirs) + len(ours); n > 0 {
				causes[s.Name+" not compared: bytes that are no UTF-8, and gitleaks built with RE2"] += n
			}
		}
		verdict := s.Judge(f, theirs, ours)
		for cause, n := range verdict.Causes {
			causes[s.Name+" "+cause] += n
		}
		if verdict.fails() {
			differences = append(differences, Difference{s.Name, f, verdict})
		}
	}
	mu.Lock()
	defer mu.Unlock()
	t.Fragments++
	t.Bytes += len(f.Raw)
	t.Findings += len(findings)
	for _, g := range findings {
		t.Rules[g.Rule] = true
	}
	for cause, n := range causes {
		t.Causes[cause] += n
	}
	for _, d := range differences {
		t.Missing[d.Subject] += len(d.Verdict.Missing)
		t.Extra[d.Subject] += len(d.Verdict.Extra)
	}
	t.Differences = append(t.Differences, differences[:min(len(differences), maxDifferences-len(t.Differences))]...)
}
