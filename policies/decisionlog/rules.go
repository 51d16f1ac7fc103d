package decisionlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/stanch-dev/stanch/policies"
)

// The rules with which a policy has a say in its log, as in OPA.
const (
	dropRule = "data.system.log.drop"
	maskRule = "data.system.log.mask"
)

// rules are the drop and mask rules of one snapshot. Nil ones are not written.
type rules struct {
	snapshot   *policies.Snapshot
	drop, mask *rego.PreparedEvalQuery
	err        error // they cannot be asked
}

func newRules(s *policies.Snapshot) *rules {
	r := &rules{snapshot: s}
	var errDrop, errMask error
	r.drop, errDrop = prepare(s, dropRule)
	r.mask, errMask = prepare(s, maskRule)
	r.err = errors.Join(errDrop, errMask)
	return r
}

func prepare(s *policies.Snapshot, rule string) (*rego.PreparedEvalQuery, error) {
	if len(s.Compiler().GetRules(ast.MustParseRef(rule))) == 0 {
		return nil, nil
	}
	query, err := rego.New(rego.Query(rule), rego.Compiler(s.Compiler()), rego.Store(s.Store()), rego.StrictBuiltinErrors(true)).
		PrepareForEval(context.Background())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rule, err)
	}
	return &query, nil
}

// none reports whether the policy has neither rule.
func (r *rules) none() bool { return r.drop == nil && r.mask == nil && r.err == nil }

// drops reports whether the policy wants event not to be logged.
func (r *rules) drops(event ast.Value) (bool, error) {
	if r.drop == nil {
		return false, nil
	}
	results, err := ask(r.drop, dropRule, event)
	return err == nil && results.Allowed(), err
}

// masks returns what the policy wants hidden of event, in the order of the set.
func (r *rules) masks(event ast.Value) ([]mask, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.mask == nil {
		return nil, nil
	}
	results, err := ask(r.mask, maskRule, event)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	list, ok := results[0].Expressions[0].Value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a set", maskRule)
	}
	all := make([]mask, len(list))
	for i, rule := range list {
		if all[i], err = newMask(rule); err != nil {
			return nil, fmt.Errorf("%s: %w", maskRule, err)
		}
	}
	return all, nil
}

// ask evaluates a rule. Its error quotes nothing of the event.
func ask(query *rego.PreparedEvalQuery, rule string, event ast.Value) (results rego.ResultSet, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), policies.Deadline)
	defer cancel()
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%s: evaluation broke down", rule)
		}
	}()
	results, err = query.Eval(ctx, rego.EvalParsedInput(event))
	var e *topdown.Error
	switch {
	case err == nil:
		return results, nil
	case errors.As(err, &e) && e.Location != nil:
		return nil, fmt.Errorf("%s: %s:%d: %s", rule, e.Location.File, e.Location.Row, e.Code)
	default:
		return nil, fmt.Errorf("%s: evaluation failed", rule)
	}
}
