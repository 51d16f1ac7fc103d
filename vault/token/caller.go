package token

import (
	"context"

	"github.com/stanch-dev/stanch/internal/secret"
)

// Caller is what the core tells handlers of the token of a request, and what it gets
// back. It lives as long as the request, in one goroutine.
type Caller struct {
	Entry *Entry       // nil for a request without a token
	ID    secret.Bytes // of that token
	Sudo  bool         // whether it has the capability sudo, or is root, on the path

	// Issued is set by handlers whose answer is a token: the core makes the auth of the
	// answer of it, and no token of its own.
	Issued *Issued
}

// Issued is a token in an answer.
type Issued struct {
	ID    secret.Bytes // empty if the client may not have it
	Entry *Entry
}

type callerKey struct{}

// With returns a context for the handler of a request.
func With(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns what the core has said, an empty Caller if nothing.
func From(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok && c != nil {
		return c
	}
	return &Caller{}
}
