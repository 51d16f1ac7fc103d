package main

import (
	"context"
	"sync"

	"github.com/stanch-dev/stanch/internal/exam/leak/check"
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// tool returns what it makes of the input of a vector, given in its chunks. It is
// called for several vectors at the same time.
type tool func(ctx context.Context, v *vector.Vector) (output []byte, err error)

// outcome is what a tool did with one vector.
type outcome struct {
	vector *vector.Vector
	result check.Result
	err    error // why the tool failed; what it wrote is judged all the same
}

func (o *outcome) passed() bool { return o.err == nil && o.result.Passed() }

// examine runs the tool on each vector, jobs at a time, and judges it. Its order is
// that of the vectors. It fails only when ctx ends.
func examine(ctx context.Context, vectors []vector.Vector, t tool, jobs int) ([]outcome, error) {
	outcomes := make([]outcome, len(vectors))
	next := make(chan int)
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(func() {
			for i := range next {
				v := &vectors[i]
				output, err := t(ctx, v)
				outcomes[i] = outcome{v, check.Check(v, output), err}
			}
		})
	}
	for i := range vectors {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return outcomes, ctx.Err()
}
