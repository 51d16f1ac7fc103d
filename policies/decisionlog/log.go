package decisionlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies"
)

// Sink takes events. Lines and Upload are sinks.
type Sink interface {
	// Write takes one event as JSON without a line end. It keeps line. It is safe
	// for concurrent use.
	Write(line []byte) error
	// Close writes what it holds back, until ctx ends.
	Close(ctx context.Context) error
}

// Options of a Log.
type Options struct {
	// Labels name the process in every event: "id", one per process (default: a new
	// UUID), "version" and "app" (default: stanch), and what else there is to say.
	Labels map[string]string
	// SampleAllows n > 1 logs one in n redaction decisions that let a finding pass and
	// ask for nothing else. Every other decision is always logged: denies, failures,
	// whatever redacts, blocks, alerts, and all about access, rotation and gate.
	SampleAllows int
	// Report is told what went wrong with the log itself; nil: it is only counted.
	// Must be safe for concurrent use. Errors quote no input.
	Report func(error)
}

// Log writes decisions to sinks. Record is what a policies.Engine wants. Safe for
// concurrent use.
type Log struct {
	sinks   []Sink
	options Options
	rules   atomic.Pointer[rules] // of the snapshot that decided last

	allows                                         atomic.Uint64 // that could be sampled
	written, sampled, dropped, withheld, sinkFails atomic.Uint64
}

// Stats counts what became of decisions.
type Stats struct {
	Written      uint64 // given to all sinks, whether or not each took it
	Sampled      uint64 // not logged because of SampleAllows
	Dropped      uint64 // not logged because of data.system.log.drop
	MaskFailures uint64 // logged without their body because a mask failed
	SinkFailures uint64 // not taken by a sink
}

// New returns a log that writes to sinks, which it closes.
func New(sinks []Sink, options Options) *Log {
	labels := map[string]string{"id": policies.NewID().String(), "app": "stanch"}
	maps.Copy(labels, options.Labels)
	options.Labels = labels
	return &Log{sinks: sinks, options: options}
}

// Record writes r to all sinks. It returns when they took it.
func (l *Log) Record(r *policies.Record) {
	if l.samples(r.Decision) && l.allows.Add(1)%uint64(l.options.SampleAllows) != 1 {
		l.sampled.Add(1)
		return
	}
	line := l.line(r)
	if line == nil {
		l.dropped.Add(1)
		return
	}
	l.written.Add(1)
	for _, s := range l.sinks {
		if err := s.Write(line); err != nil {
			l.sinkFails.Add(1)
			l.report(fmt.Errorf("decision log: decision %s: %w", r.ID, err))
		}
	}
}

// Close closes the sinks. No decisions may be recorded any more.
func (l *Log) Close(ctx context.Context) error {
	var errs []error
	for _, s := range l.sinks {
		errs = append(errs, s.Close(ctx))
	}
	return errors.Join(errs...)
}

// Stats returns the counts so far.
func (l *Log) Stats() Stats {
	return Stats{l.written.Load(), l.sampled.Load(), l.dropped.Load(), l.withheld.Load(), l.sinkFails.Load()}
}

func (l *Log) report(err error) {
	if l.options.Report != nil {
		l.options.Report(err)
	}
}

// samples reports whether decisions as d are logged one in SampleAllows.
func (l *Log) samples(d policies.Decision) bool {
	r, ok := d.(policies.Redaction)
	return l.options.SampleAllows > 1 && ok && r.Err == nil && r.Action == "allow" && !r.Alert && !r.Rotate && !r.Propose
}

// line returns r as it is logged, or nil if the policy drops it.
func (l *Log) line(r *policies.Record) []byte {
	e := newEvent(r, l.options.Labels)
	if l.samples(r.Decision) {
		e.Custom[customSampled] = l.options.SampleAllows
	}
	if err := r.Decision.Failure(); err != nil {
		e.Error = &Error{Code: policies.CodeFailed, Message: err.Error()}
	}
	dropped, err := l.fill(e, r)
	if err == nil && dropped {
		return nil
	}
	if err != nil {
		l.withheld.Add(1)
		l.report(fmt.Errorf("decision log: decision %s is logged without its body: %w", r.ID, err))
		e.Input, e.Result, e.Masked, e.Erased = nil, nil, nil, []string{wholeBody}
		e.Error = &Error{Code: codeMasked, Message: "the event was logged without its body because a mask failed"}
	}
	line, err := json.Marshal(e)
	if err != nil { // an Event holds nothing that JSON cannot
		panic(err)
	}
	return line
}

// fill gives e its body, masked, or reports that the policy drops it.
func (l *Log) fill(e *Event, r *policies.Record) (dropped bool, err error) {
	var input any
	if input, e.Masked, err = plainInput(r.Input); err != nil {
		return false, err
	}
	if e.Input, err = json.Marshal(input); err != nil {
		return false, err
	}
	if e.Result, err = json.Marshal(Result(r.Decision)); err != nil {
		return false, err
	}
	if rules := l.rulesOf(r.Snapshot); !rules.none() {
		if dropped, err = l.obey(rules, e); dropped || err != nil {
			return dropped, err
		}
	}
	if notText(e.Input) {
		e.Masked = append(e.Masked, "/input")
	}
	if e.Error != nil && len(e.Erased)+len(e.Masked) > 0 {
		e.Error.Message = withheld
		e.Result, e.Erased = nil, append(e.Erased, "/result") // it has the message too
	}
	return false, nil
}

// obey asks the policy's own rules about e, and masks it.
func (l *Log) obey(rules *rules, e *Event) (dropped bool, err error) {
	event, err := ast.InterfaceToValue(e)
	if err != nil {
		return false, err
	}
	dropped, err = rules.drops(event)
	if dropped {
		return true, nil
	}
	if err != nil { // what cannot be asked about is logged
		l.report(fmt.Errorf("decision log: decision %s is logged: %w", e.DecisionID, err))
	}
	masks, err := rules.masks(event)
	if err != nil || len(masks) == 0 {
		return false, err
	}
	b := body{parts: map[string]any{}, masked: e.Masked}
	for name, part := range map[string]json.RawMessage{"input": e.Input, "result": e.Result} {
		if b.parts[name], err = decode(part); err != nil {
			return false, err
		}
	}
	for _, m := range masks {
		m.apply(&b)
	}
	e.Erased, e.Masked = b.erased, b.masked
	if e.Input, err = encode(b.parts, "input"); err != nil {
		return false, err
	}
	e.Result, err = encode(b.parts, "result")
	return false, err
}

// rulesOf returns the rules of s. They are prepared once for each snapshot, not for
// each decision.
func (l *Log) rulesOf(s *policies.Snapshot) *rules {
	r := l.rules.Load()
	if r == nil || r.snapshot != s {
		r = newRules(s)
		l.rules.Store(r)
	}
	return r
}
