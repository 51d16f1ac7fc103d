package ingress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/ingress/client"
	"github.com/stanch-dev/stanch/proxy/ingress/route"
	"github.com/stanch-dev/stanch/proxy/message"
)

// exchange is one request on its way to the upstream and back. It is the transport of
// a ReverseProxy of its own, so that all that is done with the request has a place to
// fail.
type exchange struct {
	server  *Server
	state   *state
	in      *http.Request
	answer  answer
	proxy   httputil.ReverseProxy
	texts   *message.Exchange
	route   *route.Route
	client  netip.Addr
	trusted bool // the peer is a proxy whose word counts
	began   time.Time

	sent     upload
	lifted   bool
	target   string        // of the request as it was sent; empty if it was not, or may hold a secret
	upstream time.Duration // until the response's header
	came     bool          // a response
	gone     bool          // the client left before the answer

	redacted          atomic.Int64
	urlChanged        atomic.Bool // a secret in the URL was redacted
	urlKept           atomic.Bool // a secret in the URL was not
	unsearched        atomic.Bool // a message is not passed on, for what is in it or since searching it failed
	refused, refusing atomic.Bool // request and response, so that each counts once
}

func (s *Server) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{server: s, state: s.state.Load(), in: r, began: time.Now()}
	s.metrics.inFlight.Inc()
	x.client, x.trusted = x.state.trusted.Client(r)
	x.route = x.state.routes.Of(r.URL)
	x.answer.begin(w, x)
	return x
}

// serve takes the exchange to its end.
func (x *exchange) serve() {
	s, r := x.server, x.in
	if isUpgrade(r) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		x.answer.part = cancel
		r = r.WithContext(ctx)
	}
	if r.Body != nil && r.Body != http.NoBody {
		x.sent.begin(r.Body, x)
		r.Body = &x.sent
	}
	x.in = r
	x.texts = x.state.filter.Exchange(r.Context(), message.Peer{
		Host: x.state.upstream.url.Host, Route: x.route.Name, Principal: client.Principal(r), Report: x.report,
	})
	x.proxy = httputil.ReverseProxy{
		Rewrite: x.rewrite, Transport: x, ModifyResponse: x.modify, ErrorHandler: x.fail,
		BufferPool: s.buffers, ErrorLog: s.quiet,
	}
	x.proxy.ServeHTTP(&x.answer, r)
}

// rewrite makes of the client's request the upstream's.
func (x *exchange) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.RawQuery = p.In.URL.RawQuery // with what ReverseProxy cannot parse
	p.Out.Trailer = p.In.Trailer           // which is filled at the end of the body
	if !x.state.cfg.Shadow {
		x.lifted = x.route.Lift(p.Out)
	}
	p.SetURL(x.state.upstream.url)
	client.Forward(p, x.trusted)
}

// RoundTrip redacts the request, sends it, and returns the response as it came.
func (x *exchange) RoundTrip(out *http.Request) (*http.Response, error) {
	if err := x.texts.Request(out); err != nil {
		x.unsearched.Store(!x.sent.broken())
		return nil, err
	}
	if x.server.access != nil && !x.urlKept.Load() {
		x.target = out.URL.RequestURI()
	}
	if out.Body != nil && out.Body != http.NoBody {
		out.Body = &guarded{out.Body, x}
	}
	begin := time.Now()
	in, err := x.state.upstream.transport.RoundTrip(out)
	x.upstream = time.Since(begin)
	x.came = err == nil
	return in, err
}

// modify makes of the upstream's response the client's.
func (x *exchange) modify(in *http.Response) error {
	x.server.answers()
	x.sent.answered()
	if in.StatusCode < 100 {
		return errStatus
	}
	in.Header.Del("Alt-Svc") // it names ways around us
	if err := x.texts.Response(in); err != nil {
		x.unsearched.Store(true)
		return err
	}
	if x.hidesURL() {
		in.Header.Set("Referrer-Policy", "no-referrer")
	}
	if in.StatusCode != http.StatusSwitchingProtocols {
		in.Body = &received{in.Body, x}
		return nil
	}
	if !isUpgrade(x.in) {
		return errUnasked
	}
	if err := x.texts.WebSocket(in, message.WebSocketOptions{MaxMessage: int(x.state.cfg.Limits.Message)}); err != nil {
		x.unsearched.Store(true)
		return err
	}
	return x.guardSocket(in)
}

var (
	errStatus  = errors.New("the upstream has answered with a status that HTTP does not have")
	errUnasked = errors.New("the upstream has switched to a protocol nobody asked for")
)

// hidesURL reports whether the URL that the client has used holds a secret, which it
// must then not tell others as the page it came from.
func (x *exchange) hidesURL() bool { return x.lifted || x.urlChanged.Load() }

// report is told of each secret.
func (x *exchange) report(r *proxy.Redaction) {
	x.server.metrics.found(r, x.route.Label())
	changed := r.Decision.Action != proxy.Allow && !x.state.cfg.Shadow
	if r.Decision.Action == proxy.Redact {
		x.redacted.Add(1)
	}
	if r.Source.Part == "url" && r.Source.Direction == "request" {
		if changed {
			x.urlChanged.Store(true)
		} else {
			x.urlKept.Store(true)
		}
	}
	// Those without an ID are the client's own, which it has shown in this request.
	if k := r.Finding.Known; changed && k != nil && k.ID != "" {
		x.state.guesses.Met(x.client)
	}
	if x.server.opts.Report != nil {
		x.server.opts.Report(r)
	}
}

// refuse counts a message that did not go on for what is in it, unless err is about
// something else.
func (x *exchange) refuse(err error) {
	reason := reasonLabel(err)
	if reason == other && !x.unsearched.Load() {
		return
	}
	direction, counted := "request", &x.refused
	var refused *message.RefusedError
	if x.came && !(errors.As(err, &refused) && refused.Direction == direction) {
		direction, counted = "response", &x.refusing
	}
	if !counted.Swap(true) {
		x.server.metrics.refused.WithLabelValues(direction, reason).Inc()
	}
}

// fail answers a request that could not be sent, or has no response to pass on.
func (x *exchange) fail(_ http.ResponseWriter, _ *http.Request, err error) {
	x.refuse(err)
	var timeout net.Error
	switch {
	case x.sent.stalled():
		x.problem(http.StatusRequestTimeout, "the request's content did not come in time")
	case x.in.Context().Err() != nil:
		x.gone = true
		x.problem(http.StatusBadGateway, "the client has gone")
	case x.sent.broken():
		x.problem(http.StatusBadRequest, "the request's content broke off, or is not framed as HTTP says")
	case x.unsearched.Load():
		status := message.Status(err)
		x.problem(status, refusal[status])
	case errors.As(err, &timeout) && timeout.Timeout():
		x.server.fails(err)
		x.problem(http.StatusGatewayTimeout, "the API did not answer in time")
	default:
		x.server.fails(err)
		x.problem(http.StatusBadGateway, "the API cannot be reached, or broke off")
	}
}

// refusal is what a client is told of a message that did not go on for what is in it.
var refusal = map[int]string{
	http.StatusBadRequest:            "the request cannot be searched for secrets: its content is not what its header says",
	http.StatusForbidden:             "the message holds a secret that must not pass",
	http.StatusRequestEntityTooLarge: "the request cannot be searched for secrets: it is over a limit once it is decoded",
	http.StatusUnsupportedMediaType:  "the request cannot be searched for secrets: its coding is not known here; send it in gzip, br, zstd or as it is",
	http.StatusBadGateway:            "the message cannot be searched for secrets, or the API's answer holds one that must not pass",
}

// answers notes that the upstream answers.
func (s *Server) answers() {
	if s.failing.Load() && s.failing.Swap(false) {
		s.log.Info("the upstream answers again")
	}
}

// fails notes that it does not, once until it does again. Errors that may hold what it
// has sent are told without their text.
func (s *Server) fails(err error) {
	if s.failing.Swap(true) {
		return
	}
	text := "it broke off, or did not answer in HTTP"
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &certificate):
		text = certificate.Error()
	case errors.As(err, &network):
		text = network.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		text = "it did not answer in time"
	}
	s.log.Warn("the upstream cannot be reached", "error", text)
}
