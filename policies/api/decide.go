package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

// entrypoint returns the entrypoint that keys name, and those that lead further into
// its result.
func entrypoint(keys []string) (e policies.Entrypoint, rest []string, ok bool) {
	if len(keys) < 3 {
		return "", nil, false
	}
	e, ok = policies.EntrypointOf(strings.Join(keys[:3], "/"))
	return e, keys[3:], ok
}

// decide asks the engine, and returns what stands at rest in its result.
func (h *handler) decide(ctx context.Context, e policies.Entrypoint, rest []string, input []byte) (a dataAnswer, no *refusal) {
	if len(input) == 0 {
		return a, refuse(http.StatusBadRequest, "%s needs an input", e.Query())
	}
	in, err := policies.ParseInput(e, input)
	if err != nil {
		return a, refuse(http.StatusBadRequest, "%v", err)
	}
	d, id := h.ask(ctx, in)
	a.DecisionID = idText(id)
	if a.Result, err = at(decisionlog.Result(d), rest); err != nil {
		return a, refuse(http.StatusInternalServerError, "the decision cannot be written as JSON")
	}
	return a, nil
}

// ask fills in what follows from the rest of an input, if it is not given, and decides.
// Without a time grants and waivers would never have expired.
func (h *handler) ask(ctx context.Context, in policies.Input) (policies.Decision, policies.ID) {
	now := time.Now().Unix()
	switch in := in.(type) {
	case *policies.AccessInput:
		if in.Resource.Ancestors == nil {
			in.Resource.Ancestors = policies.Ancestors(in.Resource.ID)
		}
		in.Context.Time = given(in.Context.Time, now)
		d := h.engine.Access(ctx, in)
		return d, d.ID
	case *policies.RedactionInput:
		if in.Hosts == nil {
			in.Hosts = policies.HostScopes(in.Host)
		}
		in.Now = given(in.Now, now)
		d := h.engine.Redaction(ctx, in)
		return d, d.ID
	case *policies.RotationInput:
		in.Now = given(in.Now, now)
		d := h.engine.Rotation(ctx, in)
		return d, d.ID
	case *policies.GateInput:
		in.Now = given(in.Now, now)
		d := h.engine.Gate(ctx, in)
		return d, d.ID
	}
	panic(fmt.Sprintf("policy API: no such input: %T", in)) // there are four
}

func given(time, now int64) int64 {
	if time > 0 {
		return time
	}
	return now
}

// at returns the JSON of what stands at keys in v, or nothing.
func at(v any, keys []string) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil || len(keys) == 0 {
		return text, err
	}
	doc, err := decode(text)
	for _, key := range keys {
		switch node := doc.(type) {
		case map[string]any:
			doc = node[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(node) {
				return nil, nil
			}
			doc = node[i]
		default:
			return nil, nil
		}
	}
	if err != nil || doc == nil {
		return nil, err
	}
	return json.Marshal(doc)
}
