package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// messageParts is what a configuration makes: what looks into messages, and what it
// decides by.
type messageParts struct {
	filter  *message.Filter
	decider *policyDecider
	known   *known.Set
	// strict redacts whatever it finds, for what people are shown.
	strict *proxy.Filter
}

// messageWiring says how parts are made.
type messageWiring struct {
	std    stdio
	base   *redact.Redactor // outlives parts: its tags stay the same
	report func(error)
	done   func(*message.Passage)
}

// parts makes the parts of a configuration.
func (w *messageWiring) parts(in *config.Ingress) (*messageParts, error) {
	redactor, err := sealing(w.base, in.SealKey)
	if err != nil {
		return nil, err
	}
	set, err := loadKnown(w.std, in.Known)
	if err != nil {
		return nil, err
	}
	decider, err := loadDecider(in.Policies, w.report)
	if err != nil {
		return nil, err
	}
	s, err := motionScanner(w.std, in.Rules)
	if err != nil {
		return nil, err
	}
	texts := proxy.New(s, redactor, proxy.Options{Carrier: "ingress", Known: set, Decider: decider, Shadow: in.Shadow})
	return &messageParts{
		filter: message.New(texts, message.Options{
			Buffer: int(in.Limits.Buffer), Limits: codec.Limits{Ratio: in.Limits.Ratio}, Pass: in.Unscannable == "pass", Done: w.done,
		}),
		decider: decider, known: set,
		strict: proxy.New(s, redactor, proxy.Options{Carrier: "logs", Known: set, Style: redact.Fixed}),
	}, nil
}

// clean returns a text without its secrets.
func (p *messageParts) clean(ctx context.Context, text string) string {
	var b strings.Builder
	stream := p.strict.NewStream(proxy.To(&b), proxy.StreamOptions{Source: proxy.Source{Part: "line", Direction: "none"}, Context: ctx})
	_, err := stream.Write([]byte(text))
	if err = errors.Join(err, stream.End()); err != nil {
		return "[not shown]"
	}
	return b.String()
}
