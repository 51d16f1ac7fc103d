package proxy

import (
	"context"
	"strings"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// Decider says what is to become of a secret. It is asked for findings only, never
// for clean text, and must be safe for concurrent use. It fails closed: where it
// cannot decide, the zero Decision redacts.
type Decider interface {
	Decide(context.Context, *Question) Decision
}

// Question is what a Decider decides by. It holds no secret, and is not changed
// after it was given.
type Question struct {
	Carrier string
	Source
	Finding *scanner.Finding
}

// Source says where a text comes from. Nothing in it may hold a secret.
type Source struct {
	Host      string // upstream a request is for, with its port if it has one; empty where there is none
	Route     string // path of the request, or the pattern of the route it belongs to
	Principal string // ID of who asks, from verified claims only; empty for nobody known
	Part      string // url, header, body, line, error or file
	Direction string // request, response or none
	Name      string // of the header field or the file
}

// String returns where it is, for people and for what is sealed.
func (s *Source) String() string {
	parts := make([]string, 0, 4)
	for _, part := range []string{s.Direction, s.Host + s.Route, s.Part, s.Name} {
		if part != "" && part != "none" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

// Decision is what becomes of a secret.
type Decision struct {
	Action  Action
	Style   redact.Style // of what stands in the secret's place, for Redact
	Alert   bool         // somebody should know
	Rotate  bool         // the store should replace the secret
	Propose bool         // the destination should be proposed as one of its uses
	Rules   []string     // of the policy, that decided
	ID      string       // of the decision in its log; empty if it is in none
}

// Action is what is done with a secret.
type Action uint8

// The actions.
const (
	Redact Action = iota // something else stands in its place
	Allow                // it goes on as it is
	Block                // nothing goes on from there
)

func (a Action) String() string {
	switch a {
	case Redact:
		return "redact"
	case Allow:
		return "allow"
	case Block:
		return "block"
	}
	return "unknown"
}

// ParseAction returns the action of that name, and whether there is one.
func ParseAction(name string) (Action, bool) {
	for a := Redact; a <= Block; a++ {
		if a.String() == name {
			return a, true
		}
	}
	return Redact, false
}

// Redaction is a secret that was found, and what became of it, or in shadow would.
// It does not carry the secret.
type Redaction struct {
	Finding  scanner.Finding // in places of the text that came in
	Source   Source
	Decision Decision
	// Text is what stands for the secret, before it is encoded as the secret was.
	// It is empty where nothing tells of it: for the styles length and drop, and for
	// what was allowed or blocked.
	Text   string
	Forced bool // the secret was replaced before its end was seen; the rest is left out
}
