package message

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/internal/codec/split"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// content is what a message carries: its fields that tell of it, and its body, which
// is to be replaced.
type content struct {
	x         *Exchange
	direction string
	header    http.Header
	body      *io.ReadCloser
	length    *int64 // -1 if it is not known
	trailer   func() http.Header

	chain   codec.Chain
	format  split.Body
	passage Passage
	once    sync.Once // of done
}

// filter looks at as much of the content as fits into the buffer, and replaces the
// body by what is to go on.
func (c *content) filter() error {
	err := c.understand()
	if err != nil {
		return c.unscannable(err, *c.body)
	}
	if c.x.filter.texts.Shadow() {
		return c.watch()
	}
	f := newFlow(c)
	if c.passes() {
		return f.stream()
	}
	return f.gather()
}

// understand tells the coding and the format of the content.
func (c *content) understand() error {
	c.passage = Passage{Source: c.x.source(c.direction, "body", "")}
	contentType := c.header.Get("Content-Type")
	coding := c.header.Get("Grpc-Encoding")
	if coding == "" {
		coding = c.header.Get("Connect-Content-Encoding")
	}
	c.format = split.Body{ContentType: contentType, GRPCEncoding: coding, Limits: c.x.filter.opts.Limits}
	c.passage.Format, c.passage.Coding = c.format.Format(), "unknown"
	if c.ambiguous() {
		return &codec.FormatError{Format: c.passage.Format, Reason: "its header says in two ways what it is"}
	}
	var err error
	if c.chain, err = codec.ParseChain(c.header["Content-Encoding"]); err != nil {
		return err
	}
	if c.chain, err = c.chain.WithCharset(contentType); err != nil {
		return err
	}
	c.passage.Coding = c.chain.String()
	return nil
}

// ambiguous reports whether a reader could take the content for another type than we
// do: from a field that must come once, and has several values.
func (c *content) ambiguous() bool {
	for _, name := range [...]string{"Content-Type", "Grpc-Encoding", "Connect-Content-Encoding"} {
		values := c.header[name]
		if slices.ContainsFunc(values, func(value string) bool { return value != values[0] }) {
			return true
		}
	}
	return false
}

// passes reports whether content is to pass as it comes: it is longer than the
// buffer, or its reader waits for each part of it.
func (c *content) passes() bool {
	return *c.length > int64(c.x.filter.opts.Buffer) || c.passage.Format == "sse" || c.passage.Format == "grpc"
}

// whole reports whether the content can only go on as it came, to the byte, and is not
// what is searched: a signature covers it in its coding. Then all of it must be looked
// at before.
func (c *content) whole() bool {
	return c.direction == request && c.x.signed && !c.chain.Identity() && !c.x.filter.texts.Shadow()
}

// plain reports whether the content says that it is text, once its codings are undone.
func (c *content) plain() bool { return c.passage.Format == "plain" }

// keepsLength reports whether the content is as long afterwards, whatever is in it.
func (c *content) keepsLength() bool {
	return c.x.filter.texts.Shadow() || c.direction == request && c.x.signed || c.passage.Format == "opaque" && c.chain.Identity()
}

// changes takes back what the header says and may not be true any more.
func (c *content) changes() {
	if c.x.filter.texts.Shadow() || c.direction == request && c.x.signed {
		return
	}
	contentChanges(c.header)
	if !c.keepsLength() {
		c.setLength(-1)
	}
}

// setLength sets the length of the content.
func (c *content) setLength(n int64) {
	*c.length = n
	delete(c.header, "Content-Length")
	if n >= 0 {
		c.header["Content-Length"] = []string{strconv.FormatInt(n, 10)}
	}
}

// text begins a text of the body.
func (c *content) text(sized, quiet bool, out func(proxy.Piece) error) *proxy.Stream {
	opts := c.x.text(c.direction, "body", "")
	opts.Sized, opts.Report = sized, c.report
	opts.Frames = !sized // APIs that serve logs are many
	if quiet {
		opts.Report, opts.Allowed = nil, nil
	}
	return c.x.filter.texts.NewStream(out, opts)
}

// report counts and reports a secret.
func (c *content) report(r *proxy.Redaction) {
	if r.Decision.Action == proxy.Redact {
		c.passage.Redacted++
	}
	if r.Finding.Known != nil {
		c.passage.Known++
	}
	if c.x.peer.Report != nil {
		c.x.peer.Report(r)
	}
}

// unscannable says what becomes of content that cannot be looked into, of which
// rest is what was not passed on.
func (c *content) unscannable(err error, rest io.ReadCloser) error {
	if pass := c.x.filter.opts.Pass || c.x.filter.texts.Shadow(); !pass || isBlocked(err) {
		return c.fail(err)
	}
	*c.body = &unsearched{ReadCloser: rest, c: c}
	return nil
}

// fail ends the content, and returns the error for whoever reads it.
func (c *content) fail(err error) error {
	err = c.refusal(err)
	c.done(err)
	return err
}

func (c *content) refusal(err error) error {
	var refused *RefusedError
	if errors.As(err, &refused) || c.direction == request && isBlocked(err) {
		return err
	}
	return &RefusedError{c.direction, err}
}

// done reports what became of the content.
func (c *content) done(err error) {
	c.once.Do(func() {
		c.passage.Err = err
		if done := c.x.filter.opts.Done; done != nil {
			done(&c.passage)
		}
	})
}

func isBlocked(err error) bool {
	var blocked *redact.BlockedError
	return errors.As(err, &blocked)
}

// unsearched is a body that goes on as it is.
type unsearched struct {
	io.ReadCloser
	c *content
}

func (u *unsearched) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.c.passage.Bytes += n
	u.c.passage.Unscanned += n
	if err == io.EOF {
		u.c.done(nil)
	}
	return n, err
}

func (u *unsearched) Close() error {
	u.c.done(nil)
	return u.ReadCloser.Close()
}

// ready is a body that was searched and is in memory.
type ready struct {
	bytes.Reader
	source io.Closer
}

func newReady(text []byte, source io.Closer) *ready {
	r := &ready{source: source}
	r.Reset(text)
	return r
}

func (r *ready) Close() error {
	r.Reset(nil)
	return r.source.Close()
}
