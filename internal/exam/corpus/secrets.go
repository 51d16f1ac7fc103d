package corpus

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"
)

// Secret is a made-up secret, and the rule of gitleaks' default set that finds it.
type Secret struct{ Rule, Value string }

// Planted tells where a secret stands.
type Planted struct {
	Secret
	File   string // below the directory of [Tree]; "" in a stream
	Offset int64  // of the value's first byte, from 0
	Line   int    // of that byte, from 1
}

// unnamed is the rule whose secrets are found only beside a name (key = "…").
const unnamed = "generic-api-key"

// shapes are the forms of secrets that are an opening and random characters.
var shapes = map[string]string{
	"aws-access-token":     "AKIA$(base32:16)",
	"digitalocean-pat":     "dop_v1_$(hex:64)",
	"gcp-api-key":          "AIzaSy$(b64url:33)",
	"gitlab-pat":           "glpat-$(b64url:20)",
	"sendgrid-api-token":   "SG.$(b64url:22).$(b64url:43)",
	"shopify-access-token": "shpat_$(hex:32)",
	"slack-bot-token":      "xoxb-$(digits:12)-$(digits:13)-$(alnum:24)",
	"slack-webhook-url":    "https://hooks.slack.com/services/T$(base32:10)/B$(base32:10)/$(alnum:24)",
	"stripe-access-token":  "sk_live_$(alnum:24)",
	unnamed:                "$(repeat:10-10:$(alnum:3)$(digits:1))", // no word of four letters: many are stopwords
}

// makers make the secrets that have a structure.
var makers = map[string]field{
	"github-pat":       func(s *stream) { s.checksummed("ghp" + "_") },
	"npm-access-token": func(s *stream) { s.checksummed("npm" + "_") },
	"jwt":              (*stream).jwt,
	"private-key":      (*stream).privateKey,
}

// Samples returns one secret of every rule whose secrets are found wherever they
// stand, sorted by rule.
func Samples(seed uint64) (samples []Secret) {
	s := newStream(io.Discard, seed)
	s.planted = func(p Planted) { samples = append(samples, p.Secret) }
	c := compiler{}
	for _, rule := range slices.Sorted(maps.Keys(shapes)) {
		if rule != unnamed {
			c.secret(rule)(s)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(makers)) {
		c.secret(rule)(s)
	}
	slices.SortFunc(samples, func(a, b Secret) int { return strings.Compare(a.Rule, b.Rule) })
	return samples
}

// secret returns a field that makes a new secret of a rule, or for "" writes the
// stream's, and reports its place.
func (c compiler) secret(rule string) field {
	if rule == "" {
		return func(s *stream) {
			s.planted(Planted{Secret: s.secret, Offset: s.size(), Line: s.line()})
			s.put(s.secret.Value)
		}
	}
	form, ok := makers[rule]
	if !ok {
		form = c.compile(shapes[rule])
	}
	return func(s *stream) {
		p := Planted{Offset: s.size(), Line: s.line()}
		start := len(s.buf)
		form(s)
		p.Secret = Secret{rule, string(s.buf[start:])}
		s.planted(p)
	}
}

// checksummed appends a token of the form that GitHub and npm share: 30 random
// characters, then their CRC-32 as six digits of base 62.
func (s *stream) checksummed(prefix string) {
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	s.put(prefix)
	start := len(s.buf)
	s.random(base62, 30)
	sum := crc32.ChecksumIEEE(s.buf[start:])
	var check [6]byte
	for i := range check {
		check[len(check)-1-i] = base62[sum%62]
		sum /= 62
	}
	s.buf = append(s.buf, check[:]...)
}

// jwt appends a token signed with a random key.
func (s *stream) jwt() {
	start := len(s.buf)
	s.buf = base64.RawURLEncoding.AppendEncode(s.buf, []byte(`{"alg":"HS256","typ":"JWT"}`))
	s.buf = append(s.buf, '.')
	claims := fmt.Sprintf(`{"sub":"%s","iat":%d,"exp":%d}`,
		s.pick(prose), s.now.Unix(), s.now.Unix()+3600)
	s.buf = base64.RawURLEncoding.AppendEncode(s.buf, []byte(claims))
	mac := hmac.New(sha256.New, s.bytes(32))
	mac.Write(s.buf[start:])
	s.buf = append(s.buf, '.')
	s.buf = base64.RawURLEncoding.AppendEncode(s.buf, mac.Sum(nil))
}

// privateKey appends an Ed25519 key in PEM, three lines without the last newline.
func (s *stream) privateKey() {
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(s.bytes(ed25519.SeedSize)))
	if err != nil {
		panic(err) // the key is well formed
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE" + " KEY", Bytes: der})
	s.buf = append(s.buf, text[:len(text)-1]...)
}

// bytes returns n random bytes.
func (s *stream) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.rng.Uint32())
	}
	return b
}
