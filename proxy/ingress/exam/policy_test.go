package exam_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
)

// legacy is an exception for one route, until noon.
const legacy = `
redaction:
  rules:
    "*":
      - {id: legacy, when: {carrier: ingress, route: "/v1/legacy/*"}, action: allow,
         expires_at: 2026-03-02T12:00:00Z, owner: ada, reason: the old client shows keys}
`

// TestExceptionsEnd asks for two routes, of which one has an exception, before and
// after it ends. The clock is the policy's; nothing is reloaded.
func TestExceptionsEnd(t *testing.T) {
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	var now atomic.Int64
	clock := func() time.Time { return time.Unix(now.Load(), 0) }
	k := kinds(4)[0]
	a := newAPI(t)
	base := setup{upstream: a.URL, buffer: holding, decider: newDecider(t, clock, "config/data.yaml", legacy)}
	byPath := base.serve(t)
	base.change = func(cfg *config.Ingress) { cfg.Routes = []config.Route{{Path: "/v1/legacy/*"}} }
	fronts, client := map[string]*front{"by its path": byPath, "by its route": base.serve(t)}, plainClient(t)

	for _, tc := range []struct {
		after  time.Duration
		path   string
		passes bool
	}{
		{-time.Hour, "/v1/legacy/keys", true},
		{-time.Hour, "/v1/keys", false},
		{-time.Hour, "/v1/legacy/../keys", false}, // what a server may read as the other
		{-time.Hour, "/v1/legacy/..;x/keys", false},
		{-time.Hour, "/v1/legacy/%2e%2e/keys", false},
		{-time.Hour, "/v1/legacy/%252e%252e/keys", false},
		{-time.Hour, `/v1/legacy/..\keys`, false},
		{-time.Hour, "/v1/legacy/..%5ckeys", false},
		{-time.Hour, "/v1/legacy/..%2fkeys", false},
		{-time.Hour, "/v1/legacy//../../keys", false},
		{-time.Second, "/v1/legacy/keys", true},
		{0, "/v1/legacy/keys", false},
		{time.Second, "/v1/legacy/keys", false},
		{time.Hour, "/v1/legacy/keys", false},
		{-time.Minute, "/v1/legacy/keys", true}, // the clock is all that decides
	} {
		now.Store(noon.Add(tc.after).Unix())
		for name, f := range fronts {
			says := &answer{status: http.StatusOK, header: http.Header{"X-Key": {k.value}}, chunks: [][]byte{[]byte("the key is " + k.value)}}
			_, out, err := a.ask(client, newRequest(f.url+tc.path, nil), says)
			if err != nil {
				t.Fatal(err)
			}
			header, body := out.Header.Get("X-Key") == k.value, strings.Contains(string(out.body), k.value)
			if header != tc.passes || body != tc.passes {
				t.Errorf("%s, %s after it ends, %s: it passes in the header %v, in the content %v; want %v", tc.path, tc.after, name, header, body, tc.passes)
			}
		}
	}
}

// guesses are the ways to try out whether something is a secret: where it is sent, and
// whether the API echoes it.
var guesses = []struct {
	name string
	send func(url, guess string) *http.Request
	echo bool
}{
	{"the query", func(url, guess string) *http.Request { return newRequest(url+"/?q="+guess, nil) }, false},
	{"the path", func(url, guess string) *http.Request { return newRequest(url+"/"+guess, nil) }, false},
	{"the content", func(url, guess string) *http.Request { return newRequest(url+"/", []byte("q="+guess)) }, true},
	{"a field", func(url, guess string) *http.Request { return withField(url, "X-Query", guess) }, true},
	{"a token", func(url, guess string) *http.Request { return withField(url, "Authorization", "Bearer "+guess) }, true},
	{"a cookie", func(url, guess string) *http.Request { return withField(url, "Cookie", "q="+guess) }, true},
}

func withField(url, name, value string) *http.Request {
	r := newRequest(url+"/", nil)
	r.Header[name] = []string{value}
	return r
}

// TestGuessingIsSlowed has a client try out what is a secret. It may be right a few
// times, then it has to wait, while others are served. Wrong guesses cost nothing.
func TestGuessingIsSlowed(t *testing.T) {
	const share = 3
	all := kinds(5)
	secret := &all[10]
	for _, g := range guesses {
		t.Run(g.name, func(t *testing.T) {
			a := newAPI(t)
			s := setup{upstream: a.URL, buffer: holding, decider: newDecider(t, time.Now), known: knownOf(told(all))}
			s.change = func(cfg *config.Ingress) {
				cfg.KnownLimit = config.KnownLimit{Secrets: share, Per: config.Duration(time.Hour)}
				cfg.TrustedProxies = []string{"127.0.0.0/8"}
			}
			f, client := s.serve(t), plainClient(t)
			try := func(from, guess string) *outcome {
				r := g.send(f.url, guess)
				r.Header.Set("X-Forwarded-For", from)
				says := &answer{status: http.StatusOK, chunks: [][]byte{[]byte("ok")}}
				if g.echo {
					says.chunks = [][]byte{[]byte("not found: " + guess + "\n")}
				}
				_, out, err := a.ask(client, r, says)
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			const guesser, other = "192.0.2.7", "198.51.100.4"
			for i := range 2 * share {
				wrong := strings.Repeat(strconv.Itoa(i), 8) + secret.value[8:]
				if out := try(guesser, wrong); out.StatusCode != http.StatusOK {
					t.Fatalf("wrong guess %d: %d", i+1, out.StatusCode)
				}
			}
			for i := range share {
				out := try(guesser, secret.value)
				if out.StatusCode != http.StatusOK || strings.Contains(string(out.body), secret.value) {
					t.Fatalf("right guess %d: %d", i+1, out.StatusCode)
				}
			}
			for _, guess := range []string{secret.value, "anything"} {
				out := try(guesser, guess)
				wait, err := strconv.Atoi(out.Header.Get("Retry-After"))
				if out.StatusCode != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 3600/share {
					t.Errorf("after %d right guesses: %d, Retry-After %q", share, out.StatusCode, out.Header.Get("Retry-After"))
				}
			}
			if out := try(other, "anything"); out.StatusCode != http.StatusOK {
				t.Errorf("somebody else: %d", out.StatusCode)
			}
		})
	}
}
