// Package activate puts a candidate directory of policies in force: it copies it,
// has the copy checked, and swaps it in as a whole. The first step that fails stops
// the rest, and whatever happens, a crash included, whoever reads the active
// directory sees one generation or the other.
//
// The active directory has the layout that Kubernetes gives a ConfigMap, which
// source.ReadDir reads and source.Watcher watches:
//
//	ACTIVE/..1f0c…/   a generation, named by its revision; the last ones are kept
//	ACTIVE/..data     a link to the one in force, replaced by a rename
//	ACTIVE/..history  who put what in force and when, as JSON lines
//	ACTIVE/..lock     held by whoever activates
//
// What the checks do is the caller's: this package knows their order, and that what
// was checked is what comes into force, byte for byte.
package activate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/stanch-dev/stanch/policies/source"
)

// Change is what a step judges.
type Change struct {
	Active    source.Documents // as they are in force; zero before the first activation
	Candidate source.Documents // as they will be: read from the copy that is swapped in
}

// Step judges a change. Its error stops the activation.
type Step func(context.Context, Change) error

// Steps are what has to succeed first, in this order.
type Steps struct {
	Check      Step // the candidate compiles, and its lint is clean
	Test       Step // its own tests pass
	Invariants Step // none is violated
	Replay     Step // what was decided is decided again; nil: there is no log
	Diff       Step // somebody saw the difference, and agreed
}

// Options of an activation.
type Options struct {
	Active    string // directory; it is made if there is none
	Candidate string // directory
	// Convert allows an active directory of plain files to be turned into the layout
	// above. Those files become its first generation.
	Convert  bool
	By       string       // who does it, for the history; required
	Time     time.Time    // when, for the history; zero: now
	Progress func(string) // is told each step before it is done; nil: nobody is
}

// Result is what an activation did.
type Result struct {
	Activated bool   `json:"activated"`
	Unchanged bool   `json:"unchanged"` // the candidate is in force already; nothing was checked
	Revision  string `json:"revision"`  // of the candidate
	Previous  string `json:"previous"`  // that was in force before; empty: none
	Steps     []Done `json:"steps"`     // that succeeded
}

// Done is a step that succeeded.
type Done struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Stopped is the error of an activation that one of Steps refused. Nothing has
// changed then.
type Stopped struct {
	Step string // check, test, invariants, replay or diff
	Err  error
}

// Error says which step stopped it and why.
func (s *Stopped) Error() string {
	return fmt.Sprintf("not activated: %s: %v", s.Step, s.Err)
}

// Unwrap returns the step's error.
func (s *Stopped) Unwrap() error { return s.Err }

// activation is one in progress.
type activation struct {
	Options
	*directory
	change Change
	result Result
}

// Run puts o.Candidate in force if all steps agree. An error together with
// Result.Activated means that it is in force and that tidying up failed.
func Run(ctx context.Context, steps Steps, o Options) (Result, error) {
	switch {
	case steps.Check == nil || steps.Test == nil || steps.Invariants == nil || steps.Diff == nil:
		return Result{}, errors.New("activating: only the replay may be left out")
	case o.By == "":
		return Result{}, errors.New("activating: say who does it, for the history")
	}
	dir, err := open(o.Active)
	if err != nil {
		return Result{}, fmt.Errorf("activating: %w", err)
	}
	defer dir.close()
	a := &activation{Options: o, directory: dir, result: Result{Steps: []Done{}}}
	defer os.RemoveAll(a.staged())
	err = a.run(ctx, steps)
	return a.result, err
}

func (a *activation) run(ctx context.Context, steps Steps) error {
	judge := func(s Step) func(context.Context) error {
		return func(ctx context.Context) error { return s(ctx, a.change) }
	}
	for _, step := range []struct {
		name   string
		do     func(context.Context) error
		judges bool
		skip   bool
	}{
		{name: "convert", do: a.convert},
		{name: "clear", do: a.clear},
		{name: "copy", do: a.copyCandidate},
		{name: "check", do: judge(steps.Check), judges: true},
		{name: "test", do: judge(steps.Test), judges: true},
		{name: "invariants", do: judge(steps.Invariants), judges: true},
		{name: "replay", do: judge(steps.Replay), judges: true, skip: steps.Replay == nil},
		{name: "diff", do: judge(steps.Diff), judges: true},
		{name: "keep", do: a.keepCandidate},
		{name: "record", do: a.recordSwap},
		{name: "swap", do: a.swap},
		{name: "tidy", do: a.tidy},
	} {
		if step.skip || a.result.Unchanged {
			continue
		}
		if err := ctx.Err(); err != nil && !a.result.Activated {
			return fmt.Errorf("not activated: before %s: %w", step.name, err)
		}
		if a.Progress != nil {
			a.Progress(step.name)
		}
		start := time.Now()
		err := step.do(ctx)
		switch {
		case err != nil && step.judges:
			return &Stopped{step.name, err}
		case err != nil && a.result.Activated:
			return fmt.Errorf("activated %s, but: %s: %w", a.result.Revision, step.name, err)
		case err != nil:
			return fmt.Errorf("not activated: %s: %w", step.name, err)
		}
		a.result.Steps = append(a.result.Steps, Done{step.name, time.Since(start).Seconds()})
	}
	return nil
}

// copyCandidate copies the candidate beside the generations, and reads the copy: so
// nobody can change what is judged.
func (a *activation) copyCandidate(context.Context) (err error) {
	if a.result.Previous, err = a.current(); err != nil {
		return err
	}
	if a.result.Previous != "" {
		if a.change.Active, err = source.ReadDir(a.path); err != nil {
			return fmt.Errorf("what is in force cannot be read: %w", err)
		}
	}
	if a.change.Candidate, err = a.stage(a.Candidate); err != nil {
		return err
	}
	a.result.Revision = a.change.Candidate.Revision
	a.result.Unchanged = a.result.Revision == a.result.Previous
	if now := a.change.Active.Revision; a.result.Unchanged && now != a.result.Previous {
		a.result.Unchanged = false
		return fmt.Errorf("the files of generation %s, which is in force, were changed to %s; roll back, then activate again", a.result.Previous, now)
	}
	return nil
}

// keepCandidate makes the copy a generation.
func (a *activation) keepCandidate(context.Context) error { return a.keep(a.result.Revision) }

// recordSwap writes the history before the swap: what comes into force without a
// record would be worse than a record of what did not.
func (a *activation) recordSwap(context.Context) error {
	return a.record(Entry{Time: when(a.Time), By: a.By, Action: Activated, Revision: a.result.Revision, Previous: a.result.Previous, From: a.Candidate})
}

func (a *activation) swap(context.Context) error {
	if err := a.link(a.result.Revision); err != nil {
		return err
	}
	a.result.Activated = true
	return nil
}

func (a *activation) tidy(context.Context) error { return a.prune() }

// Rollback puts the generation in force again that was before the one that is now,
// and returns what it wrote into the history. Done again, it goes back one more.
// Nothing is checked but that the generation is as it was.
func Rollback(active, by string, at time.Time) (Entry, error) {
	if by == "" {
		return Entry{}, errors.New("rolling back: say who does it, for the history")
	}
	dir, err := open(active)
	if err != nil {
		return Entry{}, fmt.Errorf("rolling back: %w", err)
	}
	defer dir.close()
	e := Entry{Time: when(at), By: by, Action: RolledBack}
	if e.Previous, err = dir.current(); err == nil {
		e.Revision, err = dir.before(e.Previous)
	}
	if err == nil {
		err = dir.verify(e.Revision)
	}
	if err == nil {
		err = dir.record(e)
	}
	if err == nil {
		err = dir.link(e.Revision)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("rolling back: %w", err)
	}
	return e, nil
}

func when(t time.Time) time.Time {
	if t.IsZero() {
		t = time.Now()
	}
	return t.UTC()
}
