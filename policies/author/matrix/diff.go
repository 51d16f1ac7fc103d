package matrix

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// Changes are the cells that two policies decide differently, grouped for people: by
// what made the difference. All groups are there, the largest first.
type Changes struct {
	Widened  []Change `json:"widened"`  // denied before, allowed now
	Narrowed []Change `json:"narrowed"` // allowed before, denied now
	Changed  []Change `json:"changed"`  // allowed by other grants or with other obligations

	Principals int `json:"principals"` // compared
	Resources  int `json:"resources"`
	Cells      int `json:"cells"`   // principals × resources × capabilities
	Classes    int `json:"classes"` // decided about, for each capability
	// Failures are cells that could not be decided, so are denied. Cells that the two
	// cannot decide differently are not asked about, so are not among them.
	Failures []Failure `json:"failures"`
}

// Failure counts cells that one of the policies could not decide.
type Failure struct {
	Policy  string `json:"policy"` // the name of its documents
	Cells   int    `json:"cells"`
	Message string `json:"message"` // about one of them
}

// Empty reports whether nothing changed and all could be decided.
func (c *Changes) Empty() bool {
	return len(c.Widened)+len(c.Narrowed)+len(c.Changed)+len(c.Failures) == 0
}

// kind is how a cell changed.
type kind int

const (
	widened kind = iota
	narrowed
	changed
	kinds
)

// difference is a cell, for a whole class, that changed.
type difference struct {
	kind       kind
	cause      string
	class      int32
	capability string
}

// failed is a cell, for a whole class, that s could not decide.
type failed struct {
	snapshot *policies.Snapshot
	class    int32
	err      error
}

// comparison collects what the classes of a plan come to in two snapshots.
type comparison struct {
	plan          *plan
	before, after *policies.Snapshot

	mu          sync.Mutex
	differences []difference // guarded by mu, as is failures
	failures    []failed
}

// Diff compares what a allowed with what b allows, in every cell of u. It returns an
// error if ctx is done or u is too large; a policy that cannot decide denies, and the
// changes say so.
func Diff(ctx context.Context, a, b *policies.Snapshot, u Universe) (Changes, error) {
	r := accessReads(a, b)
	p, err := planOf(&u, r, a, b)
	if err != nil {
		return Changes{}, err
	}
	c := &comparison{plan: p, before: a, after: b}
	onlyMoved := !r.otherIndex && sameRules(a, b)
	if err := parallel(ctx, len(p.classes), func(class int) error {
		if onlyMoved && !p.classes[class].moved {
			return nil
		}
		for _, capabilities := range p.classes[class].capabilities {
			c.compare(ctx, class, capabilities)
		}
		return nil
	}); err != nil {
		return Changes{}, err
	}
	all := Changes{Principals: len(u.Principals), Resources: len(u.Resources), Cells: u.cells(), Classes: len(p.classes), Failures: c.failed()}
	groups := c.grouped()
	all.Widened, all.Narrowed, all.Changed = groups[widened], groups[narrowed], groups[changed]
	return all, nil
}

// sameRules reports whether a and b differ by their grants only. Then only cells
// connected by a grant that differs can be decided differently.
func sameRules(a, b *policies.Snapshot) bool {
	x, y := a.Documents(), b.Documents()
	rules := func(d source.Documents) map[string]string {
		texts := map[string]string{}
		for _, m := range d.Modules {
			if !m.IsTest() {
				texts[m.Path] = string(m.Text)
			}
		}
		return texts
	}
	return maps.Equal(rules(x), rules(y)) && reflect.DeepEqual(x.Config, y.Config)
}

// compare decides the cells of class and capabilities, which the policies cannot tell
// apart.
func (c *comparison) compare(ctx context.Context, class int, capabilities []string) {
	before, after := c.plan.decide(ctx, c.before, class, capabilities[0]), c.plan.decide(ctx, c.after, class, capabilities[0])
	kind, cause := differ(before, after)
	if kind == kinds && before.Err == nil && after.Err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, capability := range capabilities {
		if kind != kinds {
			c.differences = append(c.differences, difference{kind, cause, int32(class), capability})
		}
		if before.Err != nil {
			c.failures = append(c.failures, failed{c.before, int32(class), before.Err})
		}
		if after.Err != nil {
			c.failures = append(c.failures, failed{c.after, int32(class), after.Err})
		}
	}
}

// differ returns how after differs from before and what made the difference, or kinds
// if it does not.
func differ(before, after policies.Access) (kind, string) {
	switch {
	case before.Allow && after.Allow:
		var causes []string
		if !slices.Equal(before.Grants, after.Grants) {
			causes = append(causes, "by "+grantNames(after)+", before "+grantNames(before))
		}
		if !slices.Equal(before.Obligations, after.Obligations) {
			causes = append(causes, "obligations "+names(after.Obligations)+", before "+names(before.Obligations))
		}
		if causes == nil {
			return kinds, ""
		}
		return changed, strings.Join(causes, "; ")
	case after.Allow:
		if codes := denials(before); codes != "" {
			return widened, "no longer denied by " + codes
		}
		return widened, "by " + grantNames(after)
	case before.Allow:
		if codes := denials(after); codes != "" {
			return narrowed, "denied by " + codes
		}
		return narrowed, "which " + grantNames(before) + " allowed"
	}
	return kinds, ""
}

// denials returns the codes of what denied d, but for the lack of a grant.
func denials(d policies.Access) string {
	var codes []string
	for _, reason := range d.Reasons {
		if reason.Code == "no_grant" {
			return ""
		}
		codes = append(codes, reason.Code)
	}
	return strings.Join(slices.Compact(codes), ", ")
}

func grantNames(d policies.Access) string {
	switch len(d.Grants) {
	case 0:
		return "the policy without a grant"
	case 1:
		return "grant " + d.Grants[0]
	}
	return "grants " + names(d.Grants)
}

func names(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// failed sums up the failures of each snapshot.
func (c *comparison) failed() []Failure {
	all := []Failure{}
	if len(c.failures) == 0 {
		return all
	}
	sizes := c.plan.sizes()
	for _, s := range []*policies.Snapshot{c.before, c.after} {
		f := Failure{Policy: s.Documents().Name}
		first := int32(len(sizes))
		for _, one := range c.failures {
			if one.snapshot != s {
				continue
			}
			f.Cells += sizes[one.class]
			if one.class < first {
				first, f.Message = one.class, one.err.Error()
			}
		}
		if f.Cells > 0 {
			all = append(all, f)
		}
		if c.before == c.after {
			break
		}
	}
	return all
}
