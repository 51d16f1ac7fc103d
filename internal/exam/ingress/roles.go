package main

import (
	"flag"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// The modes of this program beside measuring.
const (
	roleAPI   = "api"
	rolePlain = "plain"
)

// Paths of the API, beside those of load.path.
const (
	pathCheck = "/check" // shows secrets in its header and its body
	pathLong  = "/long"  // ?bytes=
)

// serve runs one of them until the process is ended.
func serve(role string, args []string) error {
	flags := flag.NewFlagSet(role, flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address")
	upstream := flags.String("upstream", "", "URL of the API")
	cert := flags.String("cert", "", "certificate")
	key := flags.String("key", "", "its key")
	_ = flags.Parse(args)
	handler := api()
	if role == rolePlain {
		target, err := url.Parse(*upstream)
		if err != nil {
			return err
		}
		handler = plain(target)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{ // as proxy/ingress has it
		Handler: handler, MaxHeaderBytes: 64 << 10, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: idleTimeout,
	}
	if *cert != "" {
		return server.ServeTLS(l, *cert, *key)
	}
	return server.Serve(l)
}

// idleTimeout is longer than a run, for all proxies.
const idleTimeout = time.Hour

// api is what stands behind the proxies.
func api() http.Handler {
	mux := http.NewServeMux()
	for _, size := range []int{small, large} {
		for _, finding := range []bool{false, true} {
			content := body(size, finding)
			mux.HandleFunc("GET "+load{bytes: size, finding: finding}.path(), func(w http.ResponseWriter, _ *http.Request) {
				answer(w, content)
			})
		}
	}
	mux.HandleFunc("GET "+pathCheck, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Debug", "signed in with "+known(1))
		answer(w, []byte(`{"debug":"signed in with `+known(2)+` and `+token()+`"}`))
	})
	mux.HandleFunc("GET "+pathLong, func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.ParseInt(r.FormValue("bytes"), 10, 64)
		if err != nil {
			http.Error(w, "bytes: how many?", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		for content := block(1 << 20); size > 0; size -= int64(len(content)) {
			if _, err := w.Write(content); err != nil {
				return
			}
		}
	})
	return mux
}

// answer sends JSON with the header that APIs usually send.
func answer(w http.ResponseWriter, content []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Cache-Control", "private, max-age=0")
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Request-Id", "7d3f0c1e-5b0a-4f43-9f6e-0d8a5c2b9e11")
	_, _ = w.Write(content)
}

// plain is the proxy that ours is compared with: same transport, same buffers.
func plain(target *url.URL) http.Handler {
	const conns = 512
	dial := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.SetXForwarded()
		},
		Transport: &http.Transport{
			DialContext: dial.DialContext, DisableCompression: true, MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns,
			IdleConnTimeout: 90 * time.Second, ResponseHeaderTimeout: time.Minute, ExpectContinueTimeout: time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		BufferPool: &buffers{sync.Pool{New: func() any { return new([bufferSize]byte) }}},
	}
}

const bufferSize = 32 << 10

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte    { return b.pool.Get().(*[bufferSize]byte)[:] }
func (b *buffers) Put(buf []byte) { b.pool.Put((*[bufferSize]byte)(buf)) }
