package ingress

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP takes a request to the upstream and its response back, or refuses it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.begin(w, r)
	defer x.end()
	if wait := x.state.guesses.Wait(x.client); wait > 0 && !x.state.cfg.Shadow {
		s.metrics.limited.Inc()
		x.answer.Header().Set("Retry-After", strconv.FormatFloat(math.Ceil(wait.Seconds()), 'f', 0, 64))
		x.problem(http.StatusTooManyRequests, "too many known secrets were met: wait before the next request")
		return
	}
	if text := noRequest(r); text != "" {
		x.problem(http.StatusBadRequest, text)
		return
	}
	if text := cannotSwitch(r, x.state.upstream); text != "" {
		x.problem(http.StatusNotImplemented, text)
		return
	}
	x.serve()
}

// noRequest says why r is none, though net/http takes it for one; empty if it is.
func noRequest(r *http.Request) string {
	switch {
	case r.URL.Opaque != "": // "GET http:path", which would go on as "GET path"
		return "the request's target is no path"
	case r.Method == "PRI": // the beginning of HTTP/2 without the rest of it
		return "the connection was not switched to HTTP/2"
	}
	return ""
}

// problem answers with an error. The text is one of ours, and says nothing of what was
// sent.
func (x *exchange) problem(status int, text string) {
	body, _ := json.Marshal(map[string]string{"error": text})
	header := x.answer.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(body)+1))
	if x.hidesURL() {
		header.Set("Referrer-Policy", "no-referrer")
	}
	x.answer.WriteHeader(status)
	_, _ = x.answer.Write(append(body, '\n'))
}

// end ends an exchange, whatever has become of it: what panicked is answered with 502,
// or cut off if something of its answer is out, so that it does not look complete.
func (x *exchange) end() {
	value := recover()
	if value != nil && value != http.ErrAbortHandler {
		x.server.panicked(value)
		if x.answer.status == 0 {
			value = nil
			clear(x.answer.Header())
			x.problem(http.StatusBadGateway, "the message could not be searched for secrets, so it is not passed on")
		}
	}
	x.finish()
	s := x.server
	s.metrics.inFlight.Dec()
	took := time.Since(x.began)
	s.metrics.answered(x.route.Label(), x.in.Method, x.status(), took)
	if s.access != nil {
		s.access.write(x, took, value != nil)
	}
	if value != nil {
		panic(http.ErrAbortHandler)
	}
}

// panicked tells of a panic: where it was, but not with what, which may be what was
// sent.
func (s *Server) panicked(value any) {
	pcs := make([]uintptr, 24)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var stack []string
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			stack = append(stack, fmt.Sprintf("%s:%d", frame.Function, frame.Line))
		}
		if !more {
			break
		}
	}
	s.log.Error("a request made us panic", "kind", fmt.Sprintf("%T", value), "stack", strings.Join(stack, " "))
}
