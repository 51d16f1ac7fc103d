// Package mutate finds out what the tests of a policy would not notice.
//
// It changes the policy in one small way after another, an operator, a constant, a
// condition that is gone, and runs the tests that ask for the changed rule. A mutant
// that none of them fails on survives: it could be in production and the tests would
// still be green. Each survivor is a missing test, or a condition nobody needs.
//
// It rests on policies/author/suite. A test means here what it means there, but is run
// without OPA's runner, which is too slow to be asked hundreds of times.
package mutate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/source"
)

// DefaultTimeout is how long one test may take on a mutant. One that takes longer,
// also when it has more time, kills it.
const DefaultTimeout = time.Second

// ErrTestsFail says that the tests fail on the policy as it is, so that nothing can
// be learned from mutants.
var ErrTestsFail = errors.New("the tests do not pass before anything is changed; make them pass first")

// Options say how Run works.
type Options struct {
	Parallel int                   // mutants tried at once; 0 means one for each processor
	Progress func(done, total int) // called after each mutant, by one goroutine at a time; may be nil
	Timeout  time.Duration         // of one test on a mutant, which has a second try at four times as long; 0 means DefaultTimeout
	// Equivalents lists survivors that need no test, as ParseEquivalents reads them.
	Equivalents []Equivalent
}

// Run tries every mutant of the policies of docs. The error says that they could not
// be tried: because a policy or a test does not compile or pass, or ctx ended; or
// that the list of equivalents names what is not there or what is killed, and then
// the report is complete.
func Run(ctx context.Context, docs source.Documents, o Options) (Report, error) {
	start := time.Now()
	p, err := suite.Load(docs)
	if err != nil {
		return Report{}, err
	}
	tested, err := p.Run(ctx, suite.Options{Coverage: true})
	if err != nil {
		return Report{}, err
	}
	if tested.Failures+tested.Errors > 0 {
		return Report{}, ErrTestsFail
	}
	j, err := newJudge(ctx, p, cmp.Or(o.Timeout, DefaultTimeout))
	if err != nil {
		return Report{}, err
	}
	all := candidates(p, docs)
	fates, err := tryAll(ctx, j, all, o)
	if err != nil {
		return Report{}, err
	}
	report := reportOf(all, fates, tested.Coverage)
	stale := report.excuse(o.Equivalents)
	report.Duration = time.Since(start)
	return report, stale
}

// tryAll tries the candidates, several at once.
func tryAll(ctx context.Context, j *judge, all []candidate, o Options) ([]fate, error) {
	fates := make([]fate, len(all))
	var next atomic.Int64
	var workers sync.WaitGroup
	var progress sync.Mutex
	done := 0
	for range cmp.Or(o.Parallel, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return
				}
				fates[i] = j.try(ctx, all[i])
				progress.Lock()
				if done++; o.Progress != nil {
					o.Progress(done, len(all))
				}
				progress.Unlock()
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("mutation testing was stopped: %w", ctx.Err())
	}
	return fates, nil
}
