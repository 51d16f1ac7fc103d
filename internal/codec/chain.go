package codec

import (
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// Chain is the codings of one body in the order they were applied, after the charset
// its text was written in. The zero Chain is identity. A Chain is a value that is not
// changed; it is safe for concurrent use.
type Chain struct {
	charset *charset // nil where ASCII is ASCII
	codings []*Coding
}

// ParseChain reads the values of the Content-Encoding fields of one message, in their
// order: comma lists, of which identity and empty elements are ignored. Its errors are
// an [*UnknownCodingError] and a [*LimitError] for more than 3 codings.
func ParseChain(contentEncoding []string) (Chain, error) {
	var chain Chain
	for _, value := range contentEncoding {
		for name := range strings.SplitSeq(value, ",") {
			name = strings.Trim(name, " \t")
			if name == "" {
				continue
			}
			c, err := coding(name)
			if err != nil {
				return Chain{}, err
			}
			if c == identity {
				continue
			}
			if len(chain.codings) == maxDepth {
				return Chain{}, &LimitError{What: "number of content codings", Limit: maxDepth}
			}
			chain.codings = append(chain.codings, c)
		}
	}
	return chain, nil
}

// Identity reports whether decoded and encoded bytes are the same.
func (c Chain) Identity() bool { return c.charset == nil && len(c.codings) == 0 }

// String names the chain in the order of application, such as "gzip", "gzip, br",
// "utf-16le, gzip" or "identity". There are few enough values for a metric's label.
func (c Chain) String() string {
	if c.Identity() {
		return identity.Name
	}
	var names []string
	if c.charset != nil {
		names = append(names, c.charset.name)
	}
	for _, coding := range c.codings {
		names = append(names, coding.Name)
	}
	return strings.Join(names, ", ")
}

// NewReader decodes r. A Read returns as soon as there are decoded bytes and waits for
// no more of r than the codings need; nothing is read before the first Read. It fails
// with a [*DecodeError] where the data is damaged, cut short or followed by something,
// with a [*LimitError], or with the error of r itself. Bytes before an error are given,
// and stand on no checksum yet.
//
// The reader must be closed, which may be done during a Read and more than once; r is
// not closed. Otherwise it is not safe for concurrent use.
func (c Chain) NewReader(r io.Reader, l Limits) io.ReadCloser {
	l = l.defaults()
	if len(c.codings) > l.Depth {
		return &reader{err: &LimitError{What: "number of content codings", Limit: int64(l.Depth)}}
	}
	if c.Identity() {
		return &reader{top: r}
	}
	encoded := &source{r: r}
	chain := &reader{top: encoded}
	for _, coding := range slices.Backward(c.codings) {
		next := coding.layers.Get().(*layer)
		next.pool = coding.layers
		chain.push(next, encoded, l)
	}
	if c.charset != nil {
		chain.push(newLayer(c.charset.name, &charsetDecoder{charset: c.charset}), encoded, l)
	}
	return chain
}

// reader reads through the layers of a chain.
type reader struct {
	top    io.Reader // of the layers, or the source
	layers []*layer  // outermost coding first

	mu      sync.Mutex // guards the rest: a transport may close a body during a Read
	reading bool
	err     error // of all Reads from now on; os.ErrClosed after Close
}

// push puts one more layer on top.
func (r *reader) push(l *layer, encoded *source, limits Limits) {
	l.open(r.top, encoded, limits)
	r.layers = append(r.layers, l)
	r.top = l
}

func (r *reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	err := r.err
	r.reading = err == nil
	r.mu.Unlock()
	if err != nil {
		return 0, err
	}

	n, err := r.top.Read(p)

	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading = false
	if r.err != nil { // closed meanwhile
		r.release()
	}
	return n, err
}

// Close gives the decoders back, or leaves that to the Read under way.
func (r *reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = os.ErrClosed
	if !r.reading {
		r.release()
	}
	return nil
}

func (r *reader) release() {
	for _, l := range r.layers {
		l.clear()
	}
	r.layers, r.top = nil, nil
}
