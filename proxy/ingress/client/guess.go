package client

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy/ingress/listen"
)

// maxGuessers is how many clients are remembered; who met a known secret least
// recently is forgotten first.
const maxGuessers = 64 << 10

// Guesses bound how often a client may meet known secrets. What we redact tells that
// it is a secret, so that a client could try out what others' secrets are. Each has a
// bucket of tokens; a known secret takes one, and below one token nothing is answered.
// Safe for concurrent use.
type Guesses struct {
	limit config.KnownLimit

	mu      sync.Mutex
	clients map[netip.Addr]*list.Element // of *bucket, guarded by mu
	recent  list.List                    // of *bucket, the last one to meet a secret first; guarded by mu
}

type bucket struct {
	client netip.Addr
	tokens float64 // at the time of at; below zero after more than one's share
	at     time.Time
}

// NewGuesses returns guesses of which nobody has made any.
func NewGuesses(limit config.KnownLimit) *Guesses {
	return &Guesses{limit: limit, clients: map[netip.Addr]*list.Element{}}
}

// Wait returns how long a client has to wait for its next answer; zero if it has not.
func (g *Guesses) Wait(client netip.Addr) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	element := g.clients[listen.Network(client)]
	if element == nil {
		return 0
	}
	b := element.Value.(*bucket)
	g.fill(b)
	if b.tokens >= 1 {
		return 0
	}
	wait := time.Duration((1 - b.tokens) * float64(g.limit.Per) / float64(g.limit.Secrets))
	return max(wait.Round(time.Millisecond), time.Millisecond)
}

// Met tells that a client has met a known secret.
func (g *Guesses) Met(client netip.Addr) {
	if g.limit.Secrets < 0 {
		return
	}
	client = listen.Network(client)
	share := float64(g.limit.Secrets)
	g.mu.Lock()
	defer g.mu.Unlock()
	element := g.clients[client]
	if element == nil {
		if len(g.clients) == maxGuessers {
			oldest := g.recent.Back()
			delete(g.clients, oldest.Value.(*bucket).client)
			g.recent.Remove(oldest)
		}
		element = g.recent.PushFront(&bucket{client, share, time.Now()})
		g.clients[client] = element
	}
	g.recent.MoveToFront(element)
	b := element.Value.(*bucket)
	g.fill(b)
	b.tokens = max(b.tokens-1, -share)
}

// fill gives a bucket what the time since has brought it.
func (g *Guesses) fill(b *bucket) {
	now := time.Now()
	share := float64(g.limit.Secrets)
	b.tokens = min(b.tokens+share*float64(now.Sub(b.at))/float64(g.limit.Per), share)
	b.at = now
}
