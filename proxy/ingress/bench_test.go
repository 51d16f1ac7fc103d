package ingress_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy"
)

// BenchmarkExchange is a plain ReverseProxy beside us, at one keep-alive connection.
// cpu-µs/op is the time of the whole process: what we add is the difference.
func BenchmarkExchange(b *testing.B) {
	for _, size := range []int{1 << 10, 64<<10 - 100} {
		content := `{"items":[` + strings.Repeat(`{"id":123,"name":"some name"},`, size/30) + `{}]}`
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			_, _ = io.WriteString(w, content)
		}))
		target, _ := url.Parse(api.URL)
		plain := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.SetXForwarded()
		}})
		ours := front(b, configure(api.URL, func(cfg *config.Ingress) {
			cfg.Routes = []config.Route{{Path: "/v1/*"}}
			cfg.AccessLog = "none"
		}), proxy.Options{})
		get := "GET /v1/items?page=2 HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\n\r\n"
		post := fmt.Sprintf("POST /v1/items HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: bench/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(content), content)
		for method, request := range map[string]string{"GET": get, "POST": post} {
			for name, u := range map[string]string{"plain": plain.URL, "ours": ours.url} {
				b.Run(fmt.Sprintf("%d/%s/%s", size, method, name), func(b *testing.B) { exchanges(b, u, request) })
			}
		}
		plain.Close()
		api.Close()
	}
}

func exchanges(b *testing.B, target, request string) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(target, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	b.ReportAllocs()
	begin := cpu()
	for b.Loop() {
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp.StatusCode, err)
		}
	}
	b.ReportMetric(float64((cpu()-begin).Microseconds())/float64(b.N), "cpu-µs/op")
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
