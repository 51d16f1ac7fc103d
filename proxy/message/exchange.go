package message

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/proxy"
)

// Directions of messages.
const (
	request  = "request"
	response = "response"
)

// text returns what the filter is told of a text in a message.
func (x *Exchange) text(direction, part, name string) proxy.StreamOptions {
	opts := proxy.StreamOptions{Source: x.source(direction, part, name), Context: x.ctx, Report: x.peer.Report}
	switch direction {
	case request:
		opts.Frozen = x.signed
		opts.Allowed = func(value secret.Bytes) { x.presented.add(value.Reveal()) }
	case response:
		opts.Presented = x.presented.set()
	}
	return opts
}

func (x *Exchange) source(direction, part, name string) proxy.Source {
	return proxy.Source{
		Host: x.peer.Host, Route: x.peer.Route, Principal: x.peer.Principal,
		Part: part, Direction: direction, Name: name,
	}
}

// Request redacts a request that is to be sent: its URL, header, content and trailer.
// A secret in the URL is replaced there; what stands for it makes no other URL of it.
//
// It remembers the credentials in the request: seen in the response they are redacted.
//
// A RefusedError or BlockedError means that the request must not be sent. If content
// fails later, reading the body returns such an error.
func (x *Exchange) Request(r *http.Request) error {
	x.signed = isSigned(r)
	x.presented.addFields(r.Header)
	if !x.signed && !x.filter.texts.Shadow() {
		askForKnownCodings(r.Header)
		dropRanges(r.Header)
	}
	if err := x.requestHead(r); err != nil {
		return err
	}
	if err := x.announced(request, r.Trailer); err != nil {
		return err
	}
	if isWebSocket(r.Header) {
		offerPlainDeflate(r.Header)
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	c := content{x: x, direction: request, header: r.Header, body: &r.Body, length: &r.ContentLength, trailer: func() http.Header { return r.Trailer }}
	return c.filter()
}

// requestHead redacts the request line and the fields.
func (x *Exchange) requestHead(r *http.Request) error {
	h := x.newHead(request)
	defer h.free()
	target := r.URL.RequestURI()
	if strings.ContainsAny(r.Method, "\r\n ") {
		return &RefusedError{request, errName}
	}
	h.line("url", "", r.Method+" ", target, 0)
	h.fields(r.Header, false)
	if err := h.search(false); err != nil {
		return err
	}
	if len(h.edits) > 0 {
		replaced, err := h.apply(r.Header)
		if err == nil && replaced != "" {
			err = setTarget(r.URL, replaced)
			target = replaced
		}
		if err != nil {
			return &RefusedError{request, err}
		}
	}
	if x.peer.Route == "" {
		x.peer.Route = routeOf(target)
	}
	for name := range r.Header {
		if isBinary(name) {
			return x.someFields(request, r.Header, true)
		}
	}
	return nil
}

// Response redacts a response that is to be passed on: its header, content and trailer.
// The reason phrase is dropped where it is not the standard one. The body of a 101 is
// left alone; see [Exchange.WebSocket].
//
// A RefusedError or BlockedError means that the response must not be passed on. If
// content fails later, reading the body returns such an error, and the client must not
// get a message that looks complete.
func (x *Exchange) Response(r *http.Response) error {
	if reason := http.StatusText(r.StatusCode); !strings.HasSuffix(r.Status, " "+reason) || len(r.Status) != len("200 ")+len(reason) {
		r.Status = fmt.Sprintf("%03d %s", r.StatusCode, reason)
	}
	if err := x.fields(response, r.Header); err != nil {
		return err
	}
	if err := x.announced(response, r.Trailer); err != nil {
		return err
	}
	if r.StatusCode == http.StatusSwitchingProtocols || r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if r.Request != nil && r.Request.Method == http.MethodHead || r.StatusCode == http.StatusNoContent || r.StatusCode == http.StatusNotModified {
		return nil
	}
	c := content{x: x, direction: response, header: r.Header, body: &r.Body, length: &r.ContentLength, trailer: func() http.Header { return r.Trailer }}
	return c.filter()
}

// Informational redacts the header of an informational response (1xx).
func (x *Exchange) Informational(header http.Header) error { return x.fields(response, header) }

// announced looks for secrets in the names of trailers, which leave with the header.
func (x *Exchange) announced(direction string, trailer http.Header) error {
	if len(trailer) == 0 {
		return nil
	}
	names := slices.Collect(maps.Keys(trailer))
	fields := http.Header{"Trailer": names}
	if err := x.fields(direction, fields); err != nil {
		return err
	}
	if !slices.Equal(fields["Trailer"], names) {
		return &RefusedError{direction, errName}
	}
	return nil
}

// notBehind are fields that must not stand behind the content: they say how it is
// framed and understood, and whom the message is for (RFC 9110 §6.5.1).
var notBehind = [...]string{
	"Connection", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Host", "Trailer", "Transfer-Encoding",
}

// trailers redacts the fields behind the content.
func (x *Exchange) trailers(direction string, fields http.Header) error {
	for _, name := range notBehind {
		delete(fields, name)
	}
	return x.fields(direction, fields)
}

// fields redacts fields in place. Those of gRPC that are binary keep their length.
func (x *Exchange) fields(direction string, fields http.Header) error {
	if err := x.someFields(direction, fields, false); err != nil {
		return err
	}
	for name := range fields {
		if isBinary(name) {
			return x.someFields(direction, fields, true)
		}
	}
	return nil
}

func (x *Exchange) someFields(direction string, fields http.Header, binary bool) error {
	h := x.newHead(direction)
	defer h.free()
	h.fields(fields, binary)
	if len(h.lines) == 0 {
		return nil
	}
	err := h.search(binary)
	if err == nil && len(h.edits) > 0 {
		_, err = h.apply(fields)
	}
	if err != nil && (direction == response || !isBlocked(err)) {
		return &RefusedError{direction, err}
	}
	return err
}
