// Package message redacts HTTP messages: the request line, the header and trailer
// fields, and the content, of both directions of an exchange.
//
// A [Filter] is what a carrier has; an [Exchange] is one request with its response.
// The carrier gives it the request before it is sent and the response before it is
// passed on, and it changes them in place:
//
//	x := filter.Exchange(ctx, message.Peer{…})
//	err := x.Request(out)      // what goes to the upstream
//	err := x.Response(in)      // what comes back
//
// Content is replaced by a reader that undoes its codings (codec.Chain), takes it
// apart (split.Splitter), takes each text in it through a [proxy.Stream], and puts
// everything together again in order. Content that fits into one buffer is redacted
// before the header leaves; where nothing was found, message and content stay what
// they were, to the byte. Longer content is redacted as it passes, in bounded memory:
// then what would be wrong if something changed (lengths, digests, ranges) is taken
// out of the header before it leaves.
//
// What cannot be looked into (a coding nobody knows, content that is not what its
// header says, limits that are exceeded) is refused with a [*RefusedError], unless the
// options say that it may pass. Nothing passes unsearched without being counted.
package message

import (
	"context"
	"time"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/proxy"
)

// Options say how messages are treated. Zero fields mean the defaults.
type Options struct {
	Buffer int           // bytes of content that are held before the header leaves; default 64 KiB
	Idle   time.Duration // wait before what only might become part of a secret goes on; default 25 ms
	Limits codec.Limits  // of decoding
	// Pass lets content through that cannot be looked into. It is counted as unscanned.
	Pass bool
	// Done, unless nil, is called once for each message body when it has passed or failed,
	// for metrics. It must be safe for concurrent use.
	Done func(*Passage)
}

// Passage is what became of one message.
type Passage struct {
	Source    proxy.Source // Host, Route and Direction
	Coding    string       // of the content, as "gzip"; "identity" for none
	Format    string       // as "plain", "sse", "grpc"
	Bytes     int          // of content that came in, as it was on the wire
	Scanned   int          // bytes of text that were searched
	Unscanned int          // bytes of content that went on unsearched, as Options.Pass says
	Redacted  int          // secrets
	Known     int          // of these, known secrets
	Err       error        // that ended it; nil if it passed
}

// Filter redacts messages. It is immutable and safe for concurrent use.
type Filter struct {
	texts *proxy.Filter
	opts  Options
}

// New returns a filter that takes the texts in messages through f.
func New(f *proxy.Filter, opts Options) *Filter {
	if opts.Buffer == 0 {
		opts.Buffer = 64 << 10
	}
	if opts.Idle == 0 {
		opts.Idle = 25 * time.Millisecond
	}
	return &Filter{f, opts}
}

// Peer says whose exchange it is.
type Peer struct {
	Host      string // upstream that the request goes to
	Route     string // pattern of the route; empty: the path once it is redacted, if all servers read it alike
	Principal string // of the client, if it has proved who it is
	// Report, unless nil, is called for each secret, from any goroutine that reads or
	// writes the messages, one at a time for each message.
	Report func(*proxy.Redaction)
}

// Exchange is one request and its response. Its methods are called once each, Request
// first; what they change may be used from other goroutines.
type Exchange struct {
	filter *Filter
	ctx    context.Context
	peer   Peer

	presented presented // in the request
	signed    bool      // the request is
}

// Exchange begins an exchange.
func (f *Filter) Exchange(ctx context.Context, peer Peer) *Exchange {
	return &Exchange{filter: f, ctx: ctx, peer: peer}
}
