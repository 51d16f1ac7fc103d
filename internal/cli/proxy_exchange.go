package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/stanch-dev/stanch/internal/cli/har"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// trafficFinding is a secret in a recorded exchange, or a message that cannot be looked
// into.
type trafficFinding struct {
	File      string          `json:"file"`
	Exchange  int             `json:"exchange"` // from 1
	Method    string          `json:"method"`
	Path      string          `json:"path"` // without its secrets
	Route     string          `json:"route,omitempty"`
	Direction string          `json:"direction"`
	Part      string          `json:"part,omitempty"`
	Name      string          `json:"name,omitempty"` // of the field
	Rule      string          `json:"rule,omitempty"`
	Known     *reportedSecret `json:"known,omitempty"`
	Encoding  string          `json:"encoding,omitempty"`
	Action    string          `json:"action"` // redact, block, allow, refuse or unreadable
	Style     string          `json:"style,omitempty"`
	Policy    []string        `json:"policy,omitempty"` // rules that decided
	Why       string          `json:"why,omitempty"`    // of what is refused or unreadable
}

// String says it in one line.
func (f *trafficFinding) String() string {
	place := fmt.Sprintf("%s:%d: ", f.File, f.Exchange)
	if f.Method != "" {
		place += f.Method + " " + f.Path + ": "
	}
	place += f.Direction
	if f.Why != "" {
		return fmt.Sprintf("%s: %s: %s", place, f.Action, f.Why)
	}
	for _, part := range []string{f.Part, f.Name} {
		if part != "" {
			place += " " + part
		}
	}
	what := f.Rule
	if f.Known != nil {
		what += " " + f.Known.ID
	}
	text := fmt.Sprintf("%s: %s: %s", place, what, f.Action)
	if f.Action == "redact" {
		text += " " + f.Style
	}
	if len(f.Policy) > 0 {
		text += " by " + strings.Join(f.Policy, ", ")
	}
	return text
}

// recordedExchange is one exchange on its way through a filter.
type recordedExchange struct {
	check    *trafficCheck
	findings []trafficFinding
}

// exchange takes a recorded exchange through the filter and returns what it found.
func (c *trafficCheck) exchange(ctx context.Context, e *har.Entry) []trafficFinding {
	x := &recordedExchange{check: c}
	r, complete, err := e.Request(ctx)
	if err != nil {
		return []trafficFinding{{Direction: "request", Action: "unreadable", Why: err.Error()}}
	}
	c.missing(complete)
	method, path := r.Method, c.parts.clean(ctx, r.URL.Path)
	found := c.routes.Of(r.URL)
	found.Lift(r)
	x.pass(ctx, e, r, found.Name)
	for i := range x.findings {
		f := &x.findings[i]
		f.Method, f.Path, f.Route = c.parts.clean(ctx, method), path, found.Name
	}
	return x.findings
}

// pass takes both messages through the filter.
func (x *recordedExchange) pass(ctx context.Context, e *har.Entry, r *http.Request, route string) {
	exchange := x.check.parts.filter.Exchange(ctx, message.Peer{Host: cmp.Or(x.check.host, r.Host), Route: route, Report: x.report})
	if err := exchange.Request(r); !x.through("request", err, r.Body) {
		return // the upstream would not have got it
	}
	resp, complete, err := e.Response(r)
	switch {
	case err != nil:
		x.findings = append(x.findings, trafficFinding{Direction: "response", Action: "unreadable", Why: err.Error()})
	case resp != nil:
		x.check.missing(complete)
		err := exchange.Response(resp)
		x.through("response", err, resp.Body)
	}
}

func (c *trafficCheck) missing(complete bool) {
	if !complete {
		c.result.Missing++
	}
}

func (x *recordedExchange) report(r *proxy.Redaction) {
	x.findings = append(x.findings, trafficFinding{
		Direction: r.Source.Direction, Part: r.Source.Part, Name: r.Source.Name,
		Rule: r.Finding.Rule.ID, Known: knownOf(r), Encoding: r.Finding.Encoding.String(),
		Action: r.Decision.Action.String(), Style: styleOf(r), Policy: r.Decision.Rules,
	})
}

// through reads a message to its end and reports whether it got through; err is of its
// header.
func (x *recordedExchange) through(direction string, err error, body io.ReadCloser) bool {
	if err == nil && body != nil {
		_, err = io.Copy(io.Discard, body)
		body.Close()
	}
	var blocked *redact.BlockedError
	if err != nil && !errors.As(err, &blocked) { // what is blocked was reported
		x.findings = append(x.findings, trafficFinding{Direction: direction, Action: "refuse", Why: err.Error()})
	}
	return err == nil
}
