package message

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/known/entropy"
	"github.com/stanch-dev/stanch/internal/secret"
)

const (
	// maxPresented is how many credentials of one request are remembered. A request has
	// one or two; who sends more only makes his own response dearer.
	maxPresented = 16
	// minCookieBits is the entropy of a cookie that counts as a credential, in bits. What
	// names a language or a theme has less.
	minCookieBits = 64
	minPresented  = 8    // bytes; shorter values stand in a response by chance
	mostPresented = 8192 // bytes
)

// presented are the credentials that a client has shown in its request. Safe for
// concurrent use.
type presented struct {
	mu     sync.Mutex
	values []known.Value
	built  *known.Set // of the values when it was made
}

// add remembers a credential.
func (p *presented) add(value []byte) {
	if len(value) < minPresented || len(value) > mostPresented {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.values) < maxPresented {
		p.values = append(p.values, known.Value{Plain: secret.Of(value)})
		p.built = nil
	}
}

// set returns what was presented so far, nil for nothing.
func (p *presented) set() *known.Set {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.built == nil && len(p.values) > 0 {
		p.built = known.Transient(p.values)
	}
	return p.built
}

// addFields remembers what a request presents in fields whose purpose that is. What
// else is found in it is added as it is found.
func (p *presented) addFields(fields http.Header) {
	for _, name := range [...]string{"Authorization", "Proxy-Authorization"} {
		for _, value := range fields[name] {
			p.addAuthorization(value)
		}
	}
	for _, line := range fields["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			_, value, _ := strings.Cut(pair, "=")
			if value = strings.Trim(value, ` "`); entropy.Of([]byte(value)).Bits() >= minCookieBits {
				p.add([]byte(value))
			}
		}
	}
}

// addAuthorization remembers the credentials of RFC 9110 §11.4: a token, of which
// Basic has a password in it. Parameters are no credentials but proofs of some.
func (p *presented) addAuthorization(value string) {
	scheme, token, ok := strings.Cut(strings.TrimSpace(value), " ")
	if !ok {
		scheme, token = "", scheme
	}
	token = strings.TrimSpace(token)
	if strings.ContainsAny(token, `,"`) {
		return
	}
	p.add([]byte(token))
	if !strings.EqualFold(scheme, "Basic") {
		return
	}
	if pair, err := base64.StdEncoding.DecodeString(token); err == nil {
		_, password, _ := strings.Cut(string(pair), ":")
		p.add([]byte(password))
	}
}
