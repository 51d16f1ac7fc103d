package policies

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	embedded "github.com/stanch-dev/stanch/policies/rego"
	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

const (
	// Deadline is how long one evaluation may take. Decisions take microseconds; the
	// rest is for a machine that has more to do than it can.
	Deadline = 250 * time.Millisecond
	// perFinding is added to it for each finding and each entry of the baseline of a
	// gate: one takes some 60 µs.
	perFinding = 500 * time.Microsecond
	// MaxCacheSeconds bounds for how long a policy may have a decision kept that
	// depends on the time.
	MaxCacheSeconds = 60
)

// Snapshot is one generation of policies, compiled: modules, configuration, grants
// and the decisions made from them so far. It never changes, so a decision is never
// made of two generations. Safe for concurrent use.
type Snapshot struct {
	docs     source.Documents
	modules  sandbox.Modules
	compiler *ast.Compiler
	store    storage.Store
	read     storage.Transaction // of store, open for good: nothing writes

	entries    map[Entrypoint]*entry
	expiries   []int64 // of grants and redaction rules, ascending
	accesses   *cache[Access]
	redactions *cache[Redaction]
}

// Defaults returns the embedded policies, with the embedded configuration and no
// grants: nobody may do anything until somebody says so.
func Defaults() (source.Documents, error) {
	docs, err := defaults()
	docs.Modules = slices.Clone(docs.Modules) // a caller may take some away
	return docs, err
}

var defaults = sync.OnceValues(func() (source.Documents, error) {
	docs, err := source.FromFS(embedded.FS, "embedded")
	docs.Grants, docs.Universe = nil, source.Universe{}
	docs.Revision = "embedded-" + docs.Revision
	return docs, err
})

// Compile makes a snapshot of docs. Packages of the four entrypoints that docs does
// not have are taken from the embedded policies, and so are the parts of the
// configuration; tests take no part. The error names file and line, and is of type
// sandbox.Errors if a policy is wrong.
func Compile(docs source.Documents) (*Snapshot, error) {
	modules, err := deciding(docs)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{docs: docs, modules: modules, entries: map[Entrypoint]*entry{}, accesses: newCache[Access](), redactions: newCache[Redaction]()}
	if s.compiler, err = sandbox.Compile(modules); err != nil {
		return nil, err
	}
	if s.store, err = storeOf(docs); err != nil {
		return nil, fmt.Errorf("%s: %w", docs.Name, err)
	}
	if s.read, err = s.store.NewTransaction(context.Background()); err != nil {
		return nil, fmt.Errorf("%s: %w", docs.Name, err)
	}
	if s.expiries, err = expiriesOf(docs); err != nil {
		return nil, fmt.Errorf("%s: %w", docs.Name, err)
	}
	for _, name := range Entrypoints() {
		if s.entries[name], err = newEntry(s, name); err != nil {
			return nil, fmt.Errorf("%s: %w", docs.Name, err)
		}
	}
	return s, nil
}

// deciding returns the modules of docs without tests, and the embedded ones of the
// entrypoints that docs does not have.
func deciding(docs source.Documents) (sandbox.Modules, error) {
	modules, err := parseWithoutTests(docs)
	if err != nil {
		return nil, err
	}
	lacking := map[string]bool{}
	for _, e := range Entrypoints() {
		lacking["data.stanch."+string(e)] = true
	}
	for _, m := range modules {
		delete(lacking, m.Package.Path.String())
	}
	if len(lacking) == 0 {
		return modules, nil
	}
	defaults, err := Defaults()
	if err != nil {
		return nil, err
	}
	embedded, err := parseWithoutTests(defaults)
	for name, m := range embedded {
		if lacking[m.Package.Path.String()] {
			modules[name] = m
		}
	}
	return modules, err
}

func parseWithoutTests(docs source.Documents) (sandbox.Modules, error) {
	docs.Modules = slices.DeleteFunc(slices.Clone(docs.Modules), source.Module.IsTest)
	return sandbox.Parse(docs)
}

// configOf returns the configuration of docs. The parts that docs does not have are
// the embedded ones.
func configOf(docs source.Documents) (source.Config, error) {
	defaults, err := Defaults()
	return docs.Config.Or(defaults.Config), err
}

// expiriesOf returns when a grant or a redaction rule expires, in ascending order.
func expiriesOf(docs source.Documents) (all []int64, err error) {
	for _, g := range docs.Grants {
		if !g.ExpiresAt.IsZero() {
			all = append(all, g.ExpiresAt.Unix())
		}
	}
	config, err := configOf(docs)
	if config.Redaction != nil {
		for _, rules := range config.Redaction.Rules {
			for _, r := range rules {
				if r.ExpiresAt != nil {
					all = append(all, int64(*r.ExpiresAt))
				}
			}
		}
	}
	slices.Sort(all)
	return all, err
}

// Data returns data.config and data.index of docs. The parts of the configuration
// that docs does not have are the embedded ones.
func Data(docs source.Documents) (map[string]any, error) {
	parts, err := configOf(docs)
	if err != nil {
		return nil, err
	}
	config, err := parts.Data()
	if err != nil {
		return nil, err
	}
	return map[string]any{"config": config, "index": source.IndexGrants(docs.Grants)}, nil
}

func storeOf(docs source.Documents) (storage.Store, error) {
	data, err := Data(docs)
	if err != nil {
		return nil, err
	}
	return inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false)), nil
}

// Revision names the text the snapshot was made of.
func (s *Snapshot) Revision() string { return s.docs.Revision }

// Documents returns the text the snapshot was made of.
func (s *Snapshot) Documents() source.Documents { return s.docs }

// Modules returns the modules that decide. They must not be changed.
func (s *Snapshot) Modules() sandbox.Modules { return s.modules }

// Compiler returns the compiled modules. It must not be changed.
func (s *Snapshot) Compiler() *ast.Compiler { return s.compiler }

// Store returns the data: data.config and data.index. It must not be written.
func (s *Snapshot) Store() storage.Store { return s.store }

// Reads returns the fields of the input that e's answer can depend on.
func (s *Snapshot) Reads(e Entrypoint) []string {
	var names []string
	for i, name := range fieldNames[e] {
		if s.entries[e].reads.has(i) {
			names = append(names, name)
		}
	}
	return names
}

// Class returns a key that two inputs share only if the policy cannot tell them
// apart, but for their time.
func (s *Snapshot) Class(in Input) string {
	return string(in.appendKey(nil, s.entries[in.Entrypoint()].reads))
}

// Term returns in as policies see it.
func Term(in Input) *ast.Term { return ast.NewTerm(in.value(math.MaxUint32)) }

// Decision is one of Access, Redaction, Rotation and Gate.
type Decision interface {
	Failure() error
}

// Decide answers in, from the cache if it can.
func (s *Snapshot) Decide(ctx context.Context, in Input) Decision {
	switch in := in.(type) {
	case *AccessInput:
		return s.Access(ctx, in)
	case *RedactionInput:
		return s.Redaction(ctx, in)
	case *RotationInput:
		return s.Rotation(ctx, in)
	case *GateInput:
		return s.Gate(ctx, in)
	}
	panic(fmt.Sprintf("policies: no such input: %T", in)) // Input is closed: its methods are not exported
}

// errNoTime is the failure for inputs without a time: at time zero nothing has
// expired.
var errNoTime = errors.New("the input has no time; set context.time or now, in seconds since 1970")

// Access decides who may do what.
func (s *Snapshot) Access(ctx context.Context, in *AccessInput) Access {
	e := s.entries[EntryAccess]
	var buf [512]byte
	key := in.appendKey(buf[:0], e.reads)
	now := in.Context.Time
	if now <= 0 {
		return deny(errNoTime)
	}
	if d, until, ok := s.accesses.get(key, now); ok {
		hit := *d
		hit.Cached = true
		if e.timed {
			hit.CacheSeconds = int(until - now)
		}
		return hit
	}
	d, err := ask(ctx, e, in, Deadline, decodeAccess)
	if err != nil {
		return deny(err)
	}
	from, until := e.holds(now, d.CacheSeconds)
	if e.timed {
		d.CacheSeconds = int(until - from)
	}
	if from < until {
		s.accesses.put(key, d, from, until)
	}
	return d
}

// Redaction decides what happens to a finding in motion.
func (s *Snapshot) Redaction(ctx context.Context, in *RedactionInput) Redaction {
	e := s.entries[EntryRedaction]
	var buf [512]byte
	key := in.appendKey(buf[:0], e.reads)
	if in.Now <= 0 {
		return redact(errNoTime)
	}
	if d, until, ok := s.redactions.get(key, in.Now); ok {
		hit := *d
		hit.Cached = true
		if e.timed {
			hit.CacheSeconds = int(until - in.Now)
		}
		return hit
	}
	d, err := ask(ctx, e, in, Deadline, decodeRedaction)
	if err != nil {
		return redact(err)
	}
	from, until := e.holds(in.Now, d.CacheSeconds)
	if e.timed {
		d.CacheSeconds = int(until - from)
	}
	if from < until {
		s.redactions.put(key, d, from, until)
	}
	return d
}

// Rotation decides what is wrong with a secret's age and upkeep.
func (s *Snapshot) Rotation(ctx context.Context, in *RotationInput) Rotation {
	e := s.entries[EntryRotation]
	if in.Now <= 0 {
		return unknownAge(errNoTime)
	}
	d, err := ask(ctx, e, in, Deadline, decodeRotation)
	if err != nil {
		return unknownAge(err)
	}
	return d
}

// Gate decides whether a build passes.
func (s *Snapshot) Gate(ctx context.Context, in *GateInput) Gate {
	e := s.entries[EntryGate]
	if in.Now <= 0 {
		return fail(errNoTime)
	}
	d, err := ask(ctx, e, in, Deadline+time.Duration(len(in.Findings)+len(in.Baseline))*perFinding, decodeGate)
	if err != nil {
		return fail(err)
	}
	return d
}
